// What an eye sees of the frames of an animation: their colours, how visible errors are, and what
// stands still.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "buffer.hpp"
#include "gif_image.hpp"
#include "parallel.hpp"
#include "point4.hpp"

namespace kpalette {

inline constexpr float kFar = 1e9f;  // where clear colours lie: no other one is near

/// Places a palette in Oklab with both colour axes doubled. Clear colours are set apart.
std::vector<Point4> seen_entries(std::span<const std::uint8_t> palette, int channels);

/// How much of a change from frame to frame a source makes.
enum class Motion : std::uint8_t { moved, small, still };

/// The frames of an animation, one after another. Of drawings and screens, only what changes is
/// looked at.
class SeenFrames {
 public:
  /// `most_noise` is up to which squared distance a change can be noise.
  SeenFrames(std::span<const std::uint8_t> palette, int channels, std::size_t width,
             std::size_t height, float most_noise);

  /// Takes the next frame and its nearest entries (height, width). Where it `follows` the last one,
  /// what stands still is found, and the noise of films is taken off: it has the mean over frames.
  void take(std::span<const std::uint8_t> pixels, const std::uint8_t* nearest, bool follows,
            Team& team);

  const std::vector<std::uint8_t>& palette() const { return palette_; }
  int channels() const { return channels_; }
  std::size_t width() const { return width_; }
  std::size_t height() const { return height_; }
  const std::vector<Point4>& entries() const { return entries_; }
  const Buffer<Point4>& wanted() const { return wanted_; }
  /// By how much a squared error counts; kExact where there shall be none.
  const Buffer<float>& weights() const { return weights_; }
  /// The squared errors of nearest entries.
  const Buffer<float>& least() const { return least_; }
  /// Of a frame that follows.
  const std::vector<Motion>& motion() const { return motion_; }
  /// Whether it is a drawing or a screen: .53 and more of their pixels are as their left
  /// neighbours, and 0 to .42 of films'.
  bool is_flat() const { return is_flat_; }
  /// Outside of it, nothing has changed since the last frame.
  const Rectangle& changed() const { return changed_; }

 private:
  void place_whole(std::span<const std::uint8_t> pixels, bool follows, Team& team);
  void place_changed(std::span<const std::uint8_t> pixels, Team& team);
  void smooth(Team& team);
  void find_exact(std::span<const std::uint8_t> pixels, const std::uint8_t* nearest,
                  const Rectangle& part, Team& team);
  void keep_runs(const std::uint8_t* nearest, const Rectangle& part, Team& team);
  std::ptrdiff_t count_flat(const std::uint8_t* pixels, const Rectangle& part) const;

  std::vector<std::uint8_t> palette_;
  int channels_;
  std::size_t width_, height_;
  float most_noise_;
  std::vector<Point4> entries_;
  Buffer<Point4> wanted_;
  Buffer<Point4> held_;  // what was wanted of the last frame
  Buffer<float> weights_;
  Buffer<float> least_;
  std::vector<std::uint8_t> exact_;  // whether the nearest entry is the very colour
  std::vector<Motion> motion_;
  std::vector<std::uint8_t> source_;  // the last frame
  std::ptrdiff_t n_flat_ = 0;         // pixels that are as their left neighbours
  bool is_flat_ = false;
  Rectangle changed_{};
};

}  // namespace kpalette
