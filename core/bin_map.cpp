#include "bin_map.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

#include "candidates.hpp"
#include "morton.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kChunk = 1u << 16;  // pixels per task
constexpr std::size_t kPage = Kernels::kCell;
constexpr std::size_t kCoarse = 512;  // parts of the cube of colours: 32 levels a side, 64 bins

/// The first of the 32 levels of a part.
constexpr std::uint8_t level(std::size_t part) { return static_cast<std::uint8_t>(32 * part); }

/// A cube of colours. All numbers are halves of integers below 2^8, so that filters are exact.
Box cube(const std::uint8_t* corner, int side) {
  Box box{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    box.half[axis] = 0.5f * static_cast<float>(side - 1);
    box.middle[axis] = static_cast<float>(corner[axis]) + box.half[axis];
  }
  return box;
}

}  // namespace

BinMap::BinMap(std::span<const std::uint8_t> palette, const Bins& bins, Team& team)
    : k_(palette.size() / 3), starts_(Bins::kBins) {
  const Kernels& isa = kernels();
  const int k = static_cast<int>(k_);
  CandidateList all(k, 3);
  all.view.count = k;
  for (int j = 0; j < k; ++j) {
    for (int axis = 0; axis < 3; ++axis) all.view.coords[axis][j] = palette[3 * j + axis];
    all.view.ids[j] = j;
  }
  for (int j = k; j % Candidates::kPad != 0; ++j) {
    for (int axis = 0; axis < 3; ++axis) all.view.coords[axis][j] = Candidates::kFar;
  }

  // A page for each entry, which bins share where it alone is near, and one for each other bin, in
  // the order in which they are filled: so memory beyond those is never touched.
  std::size_t occurring = 0;
  for (std::size_t bin = 0; bin < Bins::kBins; ++bin) occurring += bins.count(bin) > 0;
  pages_.resize((k_ + occurring) * kPage);
  std::atomic<std::uint32_t> next{static_cast<std::uint32_t>(k_ * kPage)};
  for (std::size_t j = 0; j < k_; ++j) {
    std::fill_n(pages_.data() + j * kPage, kPage, static_cast<std::uint8_t>(j));
  }

  struct Worker {
    CandidateList near;
    std::vector<std::int32_t> ids;
  };
  std::vector<std::optional<Worker>> workers(static_cast<std::size_t>(team.size()));
  team.run(kCoarse, [&](std::size_t part, int id) {
    std::optional<Worker>& own = workers[static_cast<std::size_t>(id)];
    const std::uint8_t coarse[3] = {level(part >> 6), level(part >> 3 & 7), level(part & 7)};
    bool narrowed = false;
    for (std::uint8_t place = 0; place < 64; ++place) {
      const auto step = [&](int axis, int bits) {
        return static_cast<std::uint8_t>(coarse[axis] + (place >> bits & 3) * 8);
      };
      const std::uint8_t corner[3] = {step(0, 4), step(1, 2), step(2, 0)};
      const std::uint32_t bin = bin_of(last_word(corner));
      if (bins.count(bin) == 0) continue;
      if (!own) own.emplace(CandidateList(k, 3), std::vector<std::int32_t>(k_ + Candidates::kPad));
      if (!narrowed) {
        isa.narrow[3](cube(coarse, 32), all.view, nullptr, 0, own->near.view);
        narrowed = true;
      }
      const int count = isa.list[3](cube(corner, 8), own->near.view, nullptr, 0, own->ids.data());
      if (count == 1) {
        starts_[bin] = static_cast<std::uint32_t>(own->ids[0]) * kPage;
      } else {
        starts_[bin] = next.fetch_add(kPage, std::memory_order_relaxed);
        isa.fill_cell(corner, palette.data(), own->ids.data(), count, pages_.data() + starts_[bin]);
      }
    }
  });
}

std::vector<std::int64_t> BinMap::map(std::span<const std::uint8_t> pixels, std::uint8_t* indices,
                                      Team& team) const {
  const std::size_t n = pixels.size() / 3;
  // Four tables, for of neighbours that have one entry each would wait for the one before.
  using Tables = std::array<std::array<std::uint32_t, 256>, 4>;
  std::vector<std::vector<std::int64_t>> counts(static_cast<std::size_t>(team.size()));
  team.run((n + kChunk - 1) / kChunk, [&](std::size_t chunk, int worker) {
    const std::size_t first = chunk * kChunk;
    const std::size_t last = std::min(n, first + kChunk);
    const std::uint8_t* const pages = pages_.data();
    const std::uint32_t* const starts = starts_.data();
    for_each_place(pixels.data(), n, first, last,
                   [&](std::size_t i, std::uint32_t bin, std::uint32_t place) {
                     indices[i] = pages[starts[bin] + place];
                   });
    Tables tables{};
    std::size_t i = first;
    for (; i + 4 <= last; i += 4) {
      for (std::size_t t = 0; t < 4; ++t) ++tables[t][indices[i + t]];
    }
    for (; i < last; ++i) ++tables[0][indices[i]];
    std::vector<std::int64_t>& own = counts[static_cast<std::size_t>(worker)];
    own.resize(256);
    for (const auto& table : tables) {
      for (std::size_t j = 0; j < 256; ++j) own[j] += table[j];
    }
  });
  std::vector<std::int64_t> total(k_);
  for (const auto& own : counts) {
    if (own.empty()) continue;
    for (std::size_t j = 0; j < k_; ++j) total[j] += own[j];
  }
  return total;
}

}  // namespace kpalette
