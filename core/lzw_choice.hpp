// Indices that a GIF takes few bytes for: each is chosen by its error and by what LZW spends on it,
// in an animation also by what the frame before shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gif_changes.hpp"
#include "gif_image.hpp"
#include "parallel.hpp"
#include "point4.hpp"
#include "seen_frames.hpp"

namespace kpalette {

/// With so few colours, a GIF may be smaller without loss, which is tried as well.
inline constexpr std::size_t kFewColors = 64;

/// For each entry, all of them, the nearest first.
class NearEntries {
 public:
  explicit NearEntries(std::span<const Point4> entries);

  struct Near {
    float distance;
    std::uint8_t entry;
  };
  std::span<const Near> of(std::size_t entry) const { return {&near_[entry * k_], k_}; }

 private:
  std::size_t k_;
  std::vector<Near> near_;
};

/// Frames of one palette, one after another, as they are written.
///
/// A bit may cost `per_bit` above 0 in squared error, weighed by how visible it is (texture.hpp).
/// Distances are those of Oklab with both colour axes doubled. In clips with grain, files of an
/// equal look have .6 of the bytes that they have with plain Oklab, and in others .96.
///
/// Where the source is almost as it was, another colour is seen as flicker, and has a price; within
/// a level, nothing is drawn for it.
class LossyFrames {
 public:
  /// `palette` (k, channels) has at most 256 colours.
  LossyFrames(std::span<const std::uint8_t> palette, int channels, std::size_t width,
              std::size_t height, float per_bit);

  /// Turns indices (height, width), which come in as the nearest entries, into such as cost few
  /// bits. Returns how they are written: other ways take more bytes. Nothing is returned for a
  /// frame that is left as the one before.
  std::optional<GifImage> choose(std::span<const std::uint8_t> pixels, std::uint8_t* indices,
                                 Team& team);

  /// What the last frame costs, in squared error: that of what is shown beyond that of nearest
  /// entries, and that of bits.
  double cost() const { return cost_; }

  int channels() const { return seen_.channels(); }
  std::size_t width() const { return seen_.width(); }
  std::size_t height() const { return seen_.height(); }
  std::size_t k() const { return seen_.entries().size(); }

 private:
  /// What may be written: anything; no pixel that is kept; or, `runs`, pixels that could stay
  /// exactly are drawn where those in a row have one colour, and all others are kept rather than
  /// drawn as what they show.
  enum class Rule { any, drawn, runs };
  static constexpr std::array kRules{Rule::any, Rule::drawn, Rule::runs};
  struct Frame;
  struct Way;

  Frame prepare(std::span<const std::uint8_t> pixels, const std::uint8_t* nearest, Team& team);
  /// Returns which pixels of a frame's part may be drawn as what they show, and which be kept.
  std::vector<std::uint8_t> allowed(Rule rule, const Frame& frame,
                                    const std::uint8_t* nearest) const;
  Way search(const Frame& frame, const std::uint8_t* nearest,
             std::span<const std::uint8_t> allowed) const;
  /// Returns nothing if it costs so much or more.
  std::optional<Way> lossless(const Frame& frame, const std::uint8_t* nearest, double most);
  void take(const Frame& frame, std::span<const std::uint8_t> pixels, std::uint8_t* indices,
            const Way& way);

  float per_bit_;
  SeenFrames seen_;
  NearEntries near_;
  // Of the frame before, if there was one:
  std::vector<std::uint8_t> shown_;
  std::vector<std::uint8_t> pixels_;  // the source when each pixel was in a part the last time
  std::vector<double> staying_;       // by rows: the price of what is shown
  Rectangle drawn_{};
  Rule rule_ = Rule::any;  // the best of those that were tried last
  unsigned n_flat_ = 0;    // frames of graphics
  std::optional<GifWay> habit_;
  unsigned n_frames_ = 0;
  double cost_ = 0;
};

}  // namespace kpalette
