#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "blue_noise.hpp"
#include "color_table.hpp"
#include "dither.hpp"
#include "near_tree.hpp"
#include "placing.hpp"
#include "point4.hpp"
#include "unseen.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kColorsPerTask = 1u << 12;
constexpr std::size_t kPixelsPerTask = 1u << 16;
constexpr std::size_t kEntriesPerTask = 16;
constexpr int kBayerBits = 4;

// At full strength, the weight of the mean's error against the scatter. A larger weight lowers the
// mean's error slightly, and makes the grain much coarser.
constexpr float kMostWeight = 0.8f;

/// The entries of pixels of one colour: `light` if the mask's rank is below `cut`, else `dark`.
template <class Index>
struct Mix {
  Index dark;
  Index light;
  std::uint16_t cut;
};

/// The nearest neighbours of an entry, the nearest first, in groups of four lanes: their offsets,
/// squared distances and inverse squared distances, 0 past the last.
struct Neighbours {
  struct Group {
    Point4 offsets[kMaxDim];
    Point4 squares;
    Point4 inverses;
  };
  std::array<Group, kNeighbours / 4> groups{};
  std::array<std::int32_t, kNeighbours> ids{};
  int count = 0;
};

/// The entries of a palette, in floats relative to the middle of the space.
class Entries {
 public:
  Entries(const Space& space, std::span<const std::uint8_t> palette)
      : space_(space),
        palette_(palette),
        dim_(static_cast<std::size_t>(space.channels())),
        points_(palette.size() / dim_) {
    place(palette, [&](std::size_t entry, Point4 point) { points_[entry] = point; });
  }

  std::size_t size() const { return points_.size(); }

  Point4 operator[](std::size_t entry) const { return points_[entry]; }

  /// Calls take(i, point) for each colour, placed as the entries are.
  template <class Take>
  void place(std::span<const std::uint8_t> colors, const Take& take) const {
    const auto convert = [&](std::int32_t coordinate, std::size_t axis) {
      return static_cast<float>(coordinate - middle_[axis]);
    };
    for_each_placed(space_, colors, convert, take);
  }

  bool opaque(std::size_t entry) const { return dim_ == 3 || palette_[4 * entry + 3] == 255; }

  float lightness(std::size_t entry) const { return points_[entry][0]; }

  /// Returns a search tree of all entries, or of the opaque ones.
  NearTree tree(bool opaque_only) const {
    std::vector<std::int32_t> ids;
    for (std::size_t entry = 0; entry < size(); ++entry) {
      if (!opaque_only || opaque(entry)) ids.push_back(static_cast<std::int32_t>(entry));
    }
    return NearTree(points_, std::move(ids));
  }

  /// Returns an entry's neighbours in a tree. Entries at the same grid point are not among them.
  Neighbours neighbours(std::size_t entry, const NearTree& tree) const {
    const auto others = tree.find(points_[entry], kNeighbours);
    Neighbours found;
    found.count = static_cast<int>((others.size() + 3) / 4);
    for (std::size_t i = 0; i < others.size(); ++i) {
      const auto other = static_cast<std::size_t>(others[i].second);
      Neighbours::Group& group = found.groups[i / 4];
      found.ids[i] = others[i].second;
      group.squares[i % 4] = others[i].first;
      group.inverses[i % 4] = 1 / others[i].first;
      const Point4 offset = points_[other] - points_[entry];
      for (std::size_t axis = 0; axis < dim_; ++axis) group.offsets[axis][i % 4] = offset[axis];
    }
    return found;
  }

 private:
  const Space& space_;
  std::span<const std::uint8_t> palette_;
  std::size_t dim_;
  std::array<std::int32_t, kMaxDim> middle_ = space_.middle();
  std::vector<Point4> points_;
};

/// Returns the best pair of entries for a colour at `offset` v from its nearest entry.
///
/// With a share f of the neighbour at d, the mean's error is |v - f d|^2 and the scatter is
/// f (1 - f) |d|^2. The first plus 1 - s times the second is least for
/// f = (v.d - (1 - s) |d|^2 / 2) / (s |d|^2), where it is s f^2 |d|^2 less than for f = 0.
template <int D, class Index>
Mix<Index> mix(const Entries& entries, const Neighbours& near, std::uint16_t label, Point4 offset,
               float strength, float ranks) {
  const Point4 half = all4(0.5f * (1 - strength));
  Point4 best_gain{};
  Point4 best_share{};
  Point4 best_place = all4(-1);
  for (int i = 0; i < near.count; ++i) {
    const Neighbours::Group& group = near.groups[static_cast<std::size_t>(i)];
    Point4 dot = all4(offset[0]) * group.offsets[0];
    for (int axis = 1; axis < D; ++axis) dot = dot + all4(offset[axis]) * group.offsets[axis];
    const Point4 share = most4(dot * group.inverses - half, Point4{});
    const Point4 gain = share * share * group.squares;
    const auto better = gain > best_gain;
    best_gain = better ? gain : best_gain;
    best_share = better ? share : best_share;
    best_place = better ? all4(static_cast<float>(4 * i)) : best_place;
  }
  int lane = 0;
  for (int i = 1; i < 4; ++i) {
    if (best_gain[i] > best_gain[lane] ||
        (best_gain[i] == best_gain[lane] && best_place[i] < best_place[lane])) {
      lane = i;
    }
  }
  const auto own = static_cast<Index>(label);
  if (!(best_gain[lane] > 0)) return {own, own, 0};
  const auto other = static_cast<Index>(
      near.ids[static_cast<std::size_t>(best_place[lane]) + static_cast<std::size_t>(lane)]);
  // The label, the nearest entry or one of several, keeps at least half.
  const float share = std::min(best_share[lane] / strength, 0.5f);
  const float own_light = entries.lightness(label);
  const float other_light = entries.lightness(other);
  // Ordered by lightness, so that a gradient between the two entries has the same pattern on both
  // sides of its middle.
  const bool lighter = other_light > own_light || (other_light == own_light && other > own);
  const auto count = static_cast<std::uint16_t>(share * ranks + 0.5f);
  if (lighter) return {own, other, count};
  return {other, own, static_cast<std::uint16_t>(static_cast<std::uint16_t>(ranks) - count)};
}

template <int D, class Index>
Buffer<Mix<Index>> mixes_of(const Space& space, std::span<const std::uint8_t> palette,
                            std::span<const std::uint8_t> colors,
                            std::span<const std::uint16_t> labels, const Mask& mask, float strength,
                            Team& team) {
  const Entries entries(space, palette);
  // For each entry, its neighbours; with alpha, then its opaque neighbours.
  std::vector<NearTree> trees;
  for (int turn = 0; turn < D - 2; ++turn) trees.push_back(entries.tree(turn == 1));
  std::vector<Neighbours> near(trees.size() * entries.size());
  team.run((near.size() + kEntriesPerTask - 1) / kEntriesPerTask, [&](std::size_t task, int) {
    const std::size_t last = std::min(near.size(), (task + 1) * kEntriesPerTask);
    for (std::size_t i = task * kEntriesPerTask; i < last; ++i) {
      near[i] = entries.neighbours(i % entries.size(), trees[i / entries.size()]);
    }
  });
  const auto ranks = static_cast<float>(mask.side * mask.side);
  const float unseen = unseen_levels(entries.size());
  Buffer<Mix<Index>> mixes(labels.size());
  team.run((labels.size() + kColorsPerTask - 1) / kColorsPerTask, [&](std::size_t task, int) {
    const std::size_t first = task * kColorsPerTask;
    const std::size_t count = std::min(kColorsPerTask, labels.size() - first);
    entries.place(colors.subspan(first * D, count * D), [&](std::size_t i, Point4 point) {
      const std::size_t label = labels[first + i];
      const std::uint8_t* color = colors.data() + (first + i) * D;
      const std::uint8_t alpha = D == 4 ? color[D - 1] : 255;
      const float part = seen_part<D>(color, palette.data() + label * D, unseen);
      // What is invisible is not mixed.
      const Point4 offset = D == 4 && alpha == 0 ? Point4{} : all4(part) * (point - entries[label]);
      const bool solid = D == 4 && alpha == 255 && entries.opaque(label);
      mixes[first + i] = mix<D, Index>(entries, near[label + (solid ? entries.size() : 0)],
                                       labels[first + i], offset, strength, ranks);
    });
  });
  return mixes;
}

constexpr std::array<std::uint16_t, 1 << 2 * kBayerBits> make_bayer() {
  std::array<std::uint16_t, 1 << 2 * kBayerBits> ranks{};
  for (unsigned y = 0; y < 1u << kBayerBits; ++y) {
    for (unsigned x = 0; x < 1u << kBayerBits; ++x) {
      // The bits of x ^ y and of y alternate; the lowest become the most significant.
      unsigned rank = 0;
      for (int bit = 0; bit < kBayerBits; ++bit) {
        rank = rank << 2 | ((x ^ y) >> bit & 1) << 1 | (y >> bit & 1);
      }
      ranks[y << kBayerBits | x] = static_cast<std::uint16_t>(rank);
    }
  }
  return ranks;
}
constexpr auto kBayer = make_bayer();

template <class Index>
struct Chooser {
  const Raster& raster;
  const Mask& mask;
  Index* indices;

  /// Calls row(first pixel, ranks of the mask's row) for every row of the image.
  template <class Row>
  void for_rows(Team& team, const Row& row) const {
    const std::size_t rows = std::max<std::size_t>(1, kPixelsPerTask / raster.width);
    team.run((raster.height + rows - 1) / rows, [&](std::size_t task, int) {
      const std::size_t last = std::min(raster.height, (task + 1) * rows);
      for (std::size_t y = task * rows; y < last; ++y) {
        row(y * raster.width, mask.ranks.data() + ((raster.y0 + y) & (mask.side - 1)) * mask.side);
      }
    });
  }

  void choose(std::size_t at, std::size_t x, const std::uint16_t* ranks, Mix<Index> mix) const {
    indices[at] = ranks[(raster.x0 + x) & (mask.side - 1)] < mix.cut ? mix.light : mix.dark;
  }
};

}  // namespace

Mask bayer_mask() { return {kBayer, std::size_t{1} << kBayerBits}; }

Mask blue_noise_mask() { return {kBlueNoise, kBlueNoiseSide}; }

template <class Index>
void dither_ordered(const Raster& raster, std::span<const std::uint8_t> palette, int channels,
                    std::span<const std::uint8_t> colors, std::span<const std::uint16_t> labels,
                    const Mask& mask, float strength, Index* indices, Team& team) {
  if (strength == 0 || raster.height == 0 || raster.width == 0) return;
  const Space space(SpaceName::mixing, channels);
  strength *= kMostWeight;
  const std::uint8_t* data = raster.pixels.data();
  const std::size_t n = raster.height * raster.width;
  const Chooser<Index> chooser{raster, mask, indices};
  if (channels == 3) {
    const auto mixes = mixes_of<3, Index>(space, palette, colors, labels, mask, strength, team);
    const BinTable<Mix<Index>> table(colors, std::span(mixes));
    chooser.for_rows(team, [&](std::size_t first, const std::uint16_t* ranks) {
      for_each_word(data, n, first, first + raster.width, [&](std::size_t i, std::uint32_t word) {
        chooser.choose(i, i - first, ranks, table[word]);
      });
    });
  } else {
    const auto mixes = mixes_of<4, Index>(space, palette, colors, labels, mask, strength, team);
    const HashTable<Mix<Index>> table(colors, mixes);
    chooser.for_rows(team, [&](std::size_t first, const std::uint16_t* ranks) {
      for (std::size_t x = 0; x < raster.width; ++x) {
        chooser.choose(first + x, x, ranks, table[morton<4>(data + 4 * (first + x))]);
      }
    });
  }
}

template void dither_ordered(const Raster&, std::span<const std::uint8_t>, int,
                             std::span<const std::uint8_t>, std::span<const std::uint16_t>,
                             const Mask&, float, std::uint8_t*, Team&);
template void dither_ordered(const Raster&, std::span<const std::uint8_t>, int,
                             std::span<const std::uint8_t>, std::span<const std::uint16_t>,
                             const Mask&, float, std::uint16_t*, Team&);

}  // namespace kpalette
