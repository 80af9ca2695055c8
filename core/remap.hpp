// Mapping pixels to the labels of their colours.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "parallel.hpp"

namespace kpalette {

/// Writes the label of each pixel's colour, for `pixels` (n, channels): labels[i] is that of
/// colors[i]. `colors` (n_distinct, channels) holds every colour of the pixels. Labels are uint16_t
/// with indices of uint8_t or uint16_t, or both are int32_t.
template <class Label, class Index>
void remap(std::span<const std::uint8_t> pixels, int channels, std::span<const std::uint8_t> colors,
           std::span<const Label> labels, Index* indices, Team& team);

/// The same for many images: the labels of all their colours, below 256.
class ColorLabels {
 public:
  /// `colors` (n, channels) are distinct.
  ColorLabels(std::span<const std::uint8_t> colors, int channels,
              std::span<const std::uint16_t> labels);
  ~ColorLabels();

  int channels() const { return channels_; }
  void map(std::span<const std::uint8_t> pixels, std::uint8_t* indices, Team& team) const;

 private:
  struct Tables;

  int channels_;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace kpalette
