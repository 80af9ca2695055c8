#include "fit.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "error.hpp"
#include "lloyd.hpp"
#include "mix.hpp"
#include "palette.hpp"
#include "quick.hpp"
#include "sort_few.hpp"
#include "vivid_regions.hpp"

namespace kpalette {
namespace {

// Centres are placed roughly by this many colours each; more change the error by 0.1 %.
constexpr std::size_t kColorsPerCenter = 256;
// Of a histogram of many colours one stands for 4, or for more where about 131,072 would be left.
constexpr std::size_t kEnoughColors = 131'072;
// One in so many colours, at most, goes to a small vivid region that k-means has swallowed.
constexpr int kColorsPerVividRegion = 8;
// They are worth it where the sum of fourth powers of distances, which is mostly that of the
// largest, falls to less than this part.
constexpr double kWorth = 0.95;
// Points visited by the passes of one step, unless one pass visits more: some 10 ms.
constexpr std::size_t kVisits = 1u << 20;

template <class T>
void append(std::vector<T>& values, std::span<const T> more) {
  values.insert(values.end(), more.begin(), more.end());
}

/// Whether a colour is one of `colors`.
bool contains(std::span<const std::uint8_t> colors, std::span<const std::uint8_t> color) {
  for (std::size_t at = 0; at < colors.size(); at += color.size()) {
    if (std::ranges::equal(colors.subspan(at, color.size()), color)) return true;
  }
  return false;
}

double on_own_scale(double cost, const Space& space) {
  return cost / (static_cast<double>(space.steps()) * space.steps());
}

}  // namespace

/// A histogram of fewer colours, or none where all are placed, and the points of it.
struct Fitter::Thinned {
  Thinned(Histogram&& few, Space space, Team& team)
      : histogram(std::move(few)), points(histogram.colors, space, histogram.counts, team) {}
  Thinned(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts, Space space,
          Team& team)
      : points(colors, space, counts, team) {}

  Histogram histogram;
  Points points;
};

Fitter::Fitter(const HistogramView& histogram, Space space, Team& team)
    : colors_(histogram.colors), counts_(histogram.counts), space_(space), team_(team) {}

Fitter::~Fitter() = default;

// ---- what is asked for ----

void Fitter::fit(int k, const Effort& effort, std::uint64_t seed,
                 std::span<const std::uint8_t> fixed, bool mixing) {
  begin(k, effort, seed);
  fixed_.assign(fixed.begin(), fixed.end());
  const bool mixes = mixing && k > 1 && k <= kMostMixed;
  if (mixes) fix_large_flats();
  faithful_ = true;
  last_.reset();
  growing_ = false;
  if (effort.bins && !mixes && plan_bins()) return;
  plan();
  const int most = std::min(k / kColorsPerVividRegion, k - count_of(fixed_));
  if (most > 0 && effort.vivid_regions && space_.name() == SpaceName::oklab)
    plan_vivid_regions(most);
  const std::size_t own = fixed_.size();
  if (mixes) {
    // Planned only when vivid regions have planned what they want.
    once([this, own] {
      once([this, own] {
        fixed_.resize(own);  // without those for vivid regions
        mix();
      });
    });
  }
}

void Fitter::grow(int k, const Effort& effort, std::uint64_t seed) {
  if (growing_ && k < count_of(fitted_.colors)) {
    throw std::invalid_argument("expected at least as many colours as the last fit had");
  }
  begin(k, effort, seed);
  fixed_.clear();
  faithful_ = false;
  last_.reset();
  if (growing_) last_ = fitted_;
  plan();
  once([this] { growing_ = true; });
}

bool Fitter::step() {
  if (steps_.empty()) return false;
  if (!steps_.front()()) steps_.pop_front();
  if (!steps_.empty()) return true;
  improvement_.reset();
  assignment_.reset();
  return false;
}

void Fitter::begin(int k, const Effort& effort, std::uint64_t seed) {
  steps_.clear();
  improvement_.reset();
  assignment_.reset();
  k_ = k;
  effort_ = effort;
  seed_ = seed;
  n_iter_ = 0;
}

void Fitter::once(std::function<void()> make) {
  steps_.emplace_back([make = std::move(make)] { return make(), false; });
}

/// Adds a step that is made again for as long as it returns true.
void Fitter::repeat(std::function<bool()> make) { steps_.push_back(std::move(make)); }

/// Fixes large flat areas' colours, so that they are not dithered.
void Fitter::fix_large_flats() {
  const std::vector<std::uint8_t> flats = large_flats({colors_, counts_}, dim(), k_);
  const auto width = static_cast<std::size_t>(dim());
  for (std::size_t at = 0; at < flats.size() && count_of(fixed_) < k_; at += width) {
    const auto color = std::span(flats).subspan(at, width);
    if (!contains(fixed_, color)) append(fixed_, color);
  }
}

// ---- a fit, from top to bottom ----

/// Plans a fit, from seeds or from the last one: first roughly, by a part of the colours if there
/// are many, then by all of them.
void Fitter::plan() {
  // No image has more colours than any k, so those that it lacks matter only where it has few.
  const std::vector<std::uint8_t> absent =
      counts_.size() <= static_cast<std::size_t>(k_) ? this->absent() : fixed_;
  if (counts_.size() + static_cast<std::size_t>(count_of(absent)) <= static_cast<std::size_t>(k_)) {
    once([this, absent] { keep_all(absent); });
    return;
  }
  once([this] { placed_roughly(); });
  if (last_) {
    plan_growth();
  } else {
    plan_starts();
  }
  once([this] { start_assigning(placed(1)); });
  plan_passes(effort_.relaxed, effort_.relaxed);
  if (effort_.random_rounds > 0) {
    plan_rounds(
        {.rounds = 0, .passes = effort_.passes, .shaken = effort_.random_rounds, .seed = seed_});
  }
  plan_passes(effort_.plain, 0);
  once([this] { round(); });
  if (last_) {
    once([this] {
      if (fitted_.cost < last_->cost) return;
      // Rounding moves what has no points, and of equal centres only the first has, to where it
      // costs most, and only makes steps that lower the cost.
      centers_ = space_.place(last_->colors);
      const std::vector<double> copy(centers_.end() - dim(), centers_.end());
      while (count_of(centers_) < k_) append<double>(centers_, copy);
      round();
      // Less than what a double can tell apart may look like more.
      fitted_.cost = std::min(fitted_.cost, last_->cost);
    });
  }
}

/// Plans a fit to the means of bins, unless they do not suffice.
bool Fitter::plan_bins() {
  if (space_.name() != SpaceName::srgb || dim() != 3) return false;
  const auto bins = std::make_shared<const Bins>(HistogramView(colors_, counts_));
  if (!bins->suffice(k_)) return false;
  once([this, bins] {
    const Fitted fitted = fit_to_bins(*bins, k_, effort_, seed_, fixed_, team_);
    take(fitted.colors, false);
    fitted_.n_iter = n_iter_ = fitted.n_iter;
  });
  return true;
}

/// Seeds and refines roughly, several times if the effort says so; the best is left.
void Fitter::plan_starts() {
  for (int turn = 0; turn <= effort_.drawn_starts; ++turn) {
    once([this, turn] {
      centers_ = space_.place(fixed_);
      if (const int free = k_ - count_of(fixed_); free > 0) {
        const Seeding seeding = turn == 0 ? Seeding(seed_wu) : Seeding(seed_kmeanspp);
        const auto seed = seed_ + static_cast<std::uint64_t>(turn);
        append<double>(centers_, seeding(placed_roughly(), free, seed, team_));
      }
    });
    plan_rough_passes();
    once([this, turn] {
      const double cost = assignment_->cost(centers_);
      if (turn > 0 && cost >= least_) return;
      best_ = centers_;
      least_ = cost;
    });
  }
  once([this] { centers_ = std::move(best_); });
}

/// Splits clusters of the last fit until there are k, and refines roughly each time that most have
/// been split.
void Fitter::plan_growth() {
  once([this] { centers_ = last_->centers; });
  for (int now = count_of(last_->centers); now < k_;) {
    now = std::min(k_, 2 * now);
    once([this, now] {
      start_assigning(placed_roughly());
      assignment_->update(centers_);
      ++n_iter_;
      centers_ = kpalette::grow(*assignment_, std::move(centers_), now);
    });
    plan_rough_passes();
  }
}

void Fitter::plan_rough_passes() {
  once([this] { start_assigning(placed_roughly()); });
  plan_passes(effort_.start, effort_.start);
  plan_rounds({.rounds = effort_.rounds, .passes = effort_.passes});
}

/// Plans passes of k-means, of which the first may be over-relaxed. Some are made at a time, which
/// comes to the same.
void Fitter::plan_passes(int most, int relaxed) {
  repeat([this, most, relaxed, made = 0]() mutable {
    const std::size_t at_once = std::max<std::size_t>(1, kVisits / assignment_->points().size());
    const int passes = static_cast<int>(std::min(at_once, static_cast<std::size_t>(most - made)));
    Fit fit = lloyd(*assignment_, std::move(centers_),
                    {.max_iter = passes, .relaxed = std::max(0, relaxed - made)});
    centers_ = std::move(fit.centers);
    made += fit.n_iter;
    n_iter_ += fit.n_iter;
    return made < most && !fit.converged;
  });
}

/// Plans rounds that leave local minima.
void Fitter::plan_rounds(const ImproveOptions& options) {
  once([this, options] { improvement_.emplace(*assignment_, std::move(centers_), options); });
  repeat([this] {
    const int before = improvement_->n_iter();
    const bool more = improvement_->step();
    n_iter_ += improvement_->n_iter() - before;
    if (!more) centers_ = improvement_->centers();
    return more;
  });
}

/// Looks for small vivid regions that k-means has swallowed. If there are any, the fit is made once
/// more with colours fixed for them, and kept if that is worth it.
void Fitter::plan_vivid_regions(int most) {
  once([this, most] {
    if (!assignment_) return;  // all colours were kept
    const std::vector<double> coords = space_.place(fitted_.colors);
    const std::vector<std::uint8_t> regions = find_vivid_regions(*assignment_, coords, most);
    if (regions.empty()) return;
    const double outlying = fourth_powers(*assignment_, coords);
    append<std::uint8_t>(fixed_, regions);
    plan();
    once([this, outlying, first = fitted_] {
      const double now = fourth_powers(*assignment_, space_.place(fitted_.colors));
      if (now >= kWorth * outlying) fitted_ = first;
      fitted_.n_iter = n_iter_;
    });
  });
}

// ---- its parts ----

/// Makes the palette one for mixing.
void Fitter::mix() {
  if (!assignment_) return;  // all colours were kept
  const HistogramView histogram(colors_, counts_);
  const std::vector<char> stays =
      staying_entries(histogram, fitted_.labels, fitted_.colors, dim(), fixed_);
  take(mix_palette(histogram, fitted_.colors, dim(), stays, team_), true);
  fitted_.n_iter = n_iter_;
}

/// Makes a palette of all colours there are, and of those that are absent.
void Fitter::keep_all(std::span<const std::uint8_t> absent) {
  const auto width = static_cast<std::size_t>(dim());
  std::vector<std::size_t> order(counts_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto color = [&](std::size_t i) { return colors_.subspan(i * width, width); };
  sort_few(order, [&](std::size_t a, std::size_t b) {
    if (counts_[a] != counts_[b]) return counts_[a] > counts_[b];
    return std::ranges::lexicographical_compare(color(a), color(b));
  });
  fitted_ = {};
  fitted_.labels.resize(order.size());
  for (std::size_t entry = 0; entry < order.size(); ++entry) {
    append(fitted_.colors, color(order[entry]));
    fitted_.counts.push_back(counts_[order[entry]]);
    fitted_.labels[order[entry]] = static_cast<std::uint16_t>(entry);
  }
  append(fitted_.colors, absent);
  fitted_.counts.resize(static_cast<std::size_t>(count_of(fitted_.colors)));
  fitted_.centers = space_.place(fitted_.colors);
}

/// The fixed colours that the image lacks.
std::vector<std::uint8_t> Fitter::absent() const {
  const auto width = static_cast<std::size_t>(dim());
  std::vector<std::uint8_t> absent;
  for (std::size_t at = 0; at < fixed_.size(); at += width) {
    const auto color = std::span(fixed_).subspan(at, width);
    if (!contains(colors_, color)) append<std::uint8_t>(absent, color);
  }
  return absent;
}

/// Rounds the centres to a palette.
void Fitter::round() {
  fitted_ = {};
  fitted_.colors = round_centers(*assignment_, centers_, fixed_, faithful_, effort_.rounding);
  fitted_.centers = centers_;
  fitted_.n_iter = n_iter_;
  measure(space_.place(fitted_.colors));
}

/// Says what the palette, which lies at `coords`, is used for and what it costs.
void Fitter::measure(std::span<const double> coords) {
  const Assignment& nearest = *assignment_;
  for (int j = 0; j < nearest.k(); ++j) fitted_.counts.push_back(nearest.weight(j));
  fitted_.labels.assign(nearest.labels(), nearest.labels() + counts_.size());
  fitted_.cost = on_own_scale(nearest.cost(coords), space_);
  fitted_.mse = squared_error(colors_, dim(), counts_, fitted_.labels, fitted_.colors, team_) /
                static_cast<double>(nearest.points().total_weight());
}

const Fitted& Fitter::assign(std::span<const std::uint8_t> colors, bool by_frequency) {
  steps_.clear();
  growing_ = false;
  take(colors, by_frequency);
  improvement_.reset();
  assignment_.reset();
  return fitted_;
}

/// Makes given colours the palette.
void Fitter::take(std::span<const std::uint8_t> colors, bool by_frequency) {
  fitted_ = {};
  fitted_.colors.assign(colors.begin(), colors.end());
  fitted_.centers = space_.place(colors);
  assignment_.emplace(placed(1), count_of(colors), team_);
  assignment_->update(fitted_.centers);
  if (by_frequency) sort_by_frequency(*assignment_, fitted_.centers, fitted_.colors);
  measure(fitted_.centers);
}

/// Prepares for passes over some points, from the centres that there are.
void Fitter::start_assigning(const Points& points) {
  improvement_.reset();
  assignment_.emplace(points, count_of(centers_), team_);
  assignment_->pin(count_of(fixed_));
}

/// The colours in the space, or one of every `step` for all of them.
const Points& Fitter::placed(std::size_t step) {
  std::unique_ptr<Thinned>& made = placed_[step];
  if (!made && step == 1) made = std::make_unique<Thinned>(colors_, counts_, space_, team_);
  if (!made) {
    made = std::make_unique<Thinned>(thin_out(colors_, counts_, dim(), step, team_), space_, team_);
  }
  return made->points;
}

/// The same, as many as it takes to place k centres roughly.
const Points& Fitter::placed_roughly() {
  const std::size_t n = counts_.size();
  const std::size_t enough = n / (kColorsPerCenter * static_cast<std::size_t>(k_));
  return placed(std::clamp<std::size_t>(enough, 1, std::max<std::size_t>(4, n / kEnoughColors)));
}

// ---- watching ----

Walk::Walk(Fitter& fitter, int k, Seeding seeding, std::uint64_t seed)
    : assignment_(fitter.points(), k, fitter.team()),
      centers_(seeding(fitter.points(), k, seed, fitter.team())) {
  look_ahead();
}

Walk::Walk(Fitter& fitter, std::span<const std::uint8_t> colors)
    : assignment_(fitter.points(),
                  static_cast<int>(colors.size()) / fitter.points().space().channels(),
                  fitter.team()),
      centers_(fitter.points().space().place(colors)) {
  look_ahead();
}

void Walk::step() {
  if (done_) return;
  centers_ = next_;
  look_ahead();
}

void Walk::look_ahead() {
  Fit fit = lloyd(assignment_, centers_, {.max_iter = 1});
  next_ = std::move(fit.centers);
  done_ = fit.converged;
}

std::vector<std::uint8_t> Walk::colors() const {
  const Space& space = assignment_.points().space();
  std::vector<std::uint8_t> colors(centers_.size());
  for (std::size_t at = 0; at < colors.size(); at += static_cast<std::size_t>(space.channels())) {
    space.unplace(centers_.data() + at, colors.data() + at);
  }
  return colors;
}

double Walk::cost() const {
  return on_own_scale(assignment_.cost(centers_), assignment_.points().space());
}

}  // namespace kpalette
