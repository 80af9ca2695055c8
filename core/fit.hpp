// From a histogram to its k best colours: place, seed, refine, leave local minima, round, and give
// small vivid regions colours of their own.
//
// A fit is made a step at a time, a step being some ten milliseconds of work on a photo. So its
// caller can show how far it is, give it up, or see to other things in between.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "assignment.hpp"
#include "histogram.hpp"
#include "improve.hpp"
#include "named.hpp"
#include "points.hpp"
#include "seeding.hpp"

namespace kpalette {

/// How far to go for a lower error: numbers of passes, never of seconds.
struct Effort {
  int start;   // over-relaxed passes from the seeds, on a part of the colours if there are many
  int rounds;  // of merging and splitting clusters there, with `passes` passes after each
  int passes;
  int relaxed;                // over-relaxed passes over all colours
  int plain;                  // plain ones after them, at most
  int rounding = 4;           // passes that move the rounded colours, at most
  int drawn_starts = 0;       // by k-means++ besides that by Wu's method; the best of all is kept
  int random_rounds = 0;      // over all colours, which choose at random what to merge and split
  bool vivid_regions = true;  // whether small vivid regions are given colours of their own
  bool bins = false;          // whether RGB colours in sRGB are fitted to by the means of bins
};

/// Chosen on photos: more of anything in "balanced" lowers the error by less than 0.3 %; "best"
/// finds less than 0.1 % more with twice the starts or rounds.
inline constexpr std::array<Named<Effort>, 3> kEfforts{{
    {"fast",
     {.start = 2,
      .rounds = 0,
      .passes = 0,
      .relaxed = 2,
      .plain = 1,
      .rounding = 1,
      .vivid_regions = false,
      .bins = true}},
    {"balanced", {.start = 5, .rounds = 8, .passes = 3, .relaxed = 5, .plain = 3}},
    {"best",
     {.start = 10,
      .rounds = 20,
      .passes = 5,
      .relaxed = 5,
      .plain = 300,
      .drawn_starts = 7,
      .random_rounds = 60}},
}};

/// What came of a fit, or of assigning colours to a palette.
struct Fitted {
  std::vector<std::uint8_t> colors;   // (k, dim), the palette
  std::vector<std::int64_t> counts;   // (k), of the pixels that show each
  std::vector<std::uint16_t> labels;  // (n), the palette entry of each colour of the histogram
  std::vector<double> centers;        // (k, dim), where the palette's colours were before rounding
  double cost = 0;  // the sum over pixels of squared distances, on the scale of the space
  double mse = 0;   // mean over pixels of the squared error in 8-bit sRGB, whatever the space
  int n_iter = 0;   // passes of k-means
};

/// Fits palettes to one histogram. It keeps the colours that it has placed in the space, and the
/// last fit, so that a second k takes less time than the first.
class Fitter {
 public:
  /// `histogram`, of at least one colour, and `team` must outlive this.
  Fitter(const HistogramView& histogram, Space space, Team& team);
  ~Fitter();

  /// Begins to fit k colours, of which those that are `fixed`, at most k distinct ones, stay. Where
  /// most of a cluster is one colour, or opaque, so is its palette entry: a white page stays white.
  /// `mixing`: the palette is made for dithering. Opaque colours of more than two in k pixels are
  /// fixed as well, and entries that are fixed, not opaque, or just what most of their pixels are,
  /// stay. A fit that is under way is given up.
  void fit(int k, const Effort& effort, std::uint64_t seed,
           std::span<const std::uint8_t> fixed = {}, bool mixing = false);

  /// Begins to fit k colours from the last fit, made by this as well, which had fewer; the first
  /// one begins from seeds. The cost falls from each to the next, unless it is 0 already: nothing
  /// but cost counts.
  void grow(int k, const Effort& effort, std::uint64_t seed);

  /// Makes the next step; false where none was left, and fitted() is the result.
  bool step();

  /// Passes of k-means that the fit under way has made.
  int n_iter() const { return n_iter_; }

  const Fitted& fitted() const { return fitted_; }

  /// Takes colours (k, dim) that are given as the palette, and finds the nearest of each colour of
  /// the histogram, the first among equals. `by_frequency`: sorts them, the most frequent first.
  /// Afterwards grow() begins from seeds.
  const Fitted& assign(std::span<const std::uint8_t> colors, bool by_frequency = false);

  const Points& points() { return placed(1); }
  Team& team() { return team_; }

 private:
  struct Thinned;

  // What there is to do, in order; it is done by step().
  void begin(int k, const Effort& effort, std::uint64_t seed);
  void plan();
  bool plan_bins();
  void plan_starts();
  void plan_growth();
  void plan_rough_passes();
  void plan_passes(int most, int relaxed);
  void plan_rounds(const ImproveOptions& options);
  void plan_vivid_regions(int most);
  void once(std::function<void()> make);
  void repeat(std::function<bool()> make);

  void fix_large_flats();
  void mix();
  void keep_all(std::span<const std::uint8_t> absent);
  void round();
  void take(std::span<const std::uint8_t> colors, bool by_frequency);
  void measure(std::span<const double> coords);
  void start_assigning(const Points& points);
  const Points& placed(std::size_t step);
  const Points& placed_roughly();
  std::vector<std::uint8_t> absent() const;
  int count_of(const auto& values) const { return static_cast<int>(values.size()) / dim(); }
  int dim() const { return space_.channels(); }

  std::span<const std::uint8_t> colors_;
  std::span<const std::int64_t> counts_;
  Space space_;
  Team& team_;
  std::map<std::size_t, std::unique_ptr<Thinned>> placed_;  // by how many colours one stands for
  Fitted fitted_;
  bool growing_ = false;  // whether that is what grow() goes on from

  // The fit under way: what was asked for, and what is left to do with what.
  int k_ = 0;
  Effort effort_{};
  std::uint64_t seed_ = 0;
  std::vector<std::uint8_t> fixed_;
  bool faithful_ = false;
  std::optional<Fitted> last_;  // from which it grows
  std::deque<std::function<bool()>> steps_;
  std::optional<Assignment> assignment_;
  std::optional<Improvement> improvement_;
  std::vector<double> centers_;
  std::vector<double> best_;  // of several starts
  double least_ = 0;          // what those cost
  int n_iter_ = 0;
};

/// Plain k-means pass by pass, for watching: over all colours, from seeds.
class Walk {
 public:
  /// Begins with the seeds of k centres. The fitter must outlive this.
  Walk(Fitter& fitter, int k, Seeding seeding, std::uint64_t seed);

  /// Begins with centres at some colours (k, dim).
  Walk(Fitter& fitter, std::span<const std::uint8_t> colors);

  /// Moves the centres to the means of what is nearest to each, unless it is done().
  void step();

  /// Whether the next pass would change nothing.
  bool done() const { return done_; }

  /// The 8-bit colours near the centres (k, dim).
  std::vector<std::uint8_t> colors() const;

  /// The pixels that are nearest to a centre.
  std::int64_t count(int center) const { return assignment_.weight(center); }

  /// The sum over pixels of squared distances to the centres, on the scale of the space.
  double cost() const;

 private:
  void look_ahead();

  Assignment assignment_;
  std::vector<double> centers_;
  std::vector<double> next_;
  bool done_ = false;
};

}  // namespace kpalette
