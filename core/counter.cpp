#include "counter.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "morton.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kColors = 1u << 24;
constexpr std::size_t kChunk = 1u << 16;  // pixels per task
constexpr std::size_t kBatch = 64;
constexpr std::int64_t kCarry = 1 << 8;
constexpr std::size_t kSlab = 512;  // blocks of common counters that are allocated together: 2 MB

constexpr const char* kTooMany = "the counts of a colour add up to more than 2^63 - 1";

/// The index of a colour's counter.
constexpr std::uint32_t slot_of(std::uint32_t word) {
  return bin_of(word) * Counter::kBlock + place_in_bin(word);
}

/// A colour of the first block, which begins at black; make_places() lists them in Morton order.
struct Place {
  std::uint16_t slot;
  std::array<std::uint8_t, 3> color;
};

constexpr std::array<Place, Counter::kBlock> make_places() {
  std::array<Place, Counter::kBlock> places{};
  for (std::uint32_t code = 0; code < places.size(); ++code) {
    const std::uint8_t red = gather<3>(code >> 2);
    const std::uint8_t green = gather<3>(code >> 1);
    const std::uint8_t blue = gather<3>(code);
    const std::uint32_t word = red | green << 8 | blue << 16;
    places[code] = {static_cast<std::uint16_t>(slot_of(word)), {red, green, blue}};
  }
  return places;
}
constexpr std::array<Place, Counter::kBlock> kPlaces = make_places();

void add_to(std::int64_t& count, std::int64_t more) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(count, more, &sum)) {
    throw std::overflow_error(kTooMany);
  }
  count = sum;
}

}  // namespace

std::int64_t& Counter::common(std::uint32_t slot) {
  common_.resize(kColors / kBlock);
  std::int64_t*& block = common_[slot / kBlock];
  if (block == nullptr) {
    if (slabs_.empty() || used_ == kSlab) {
      slabs_.emplace_back(kSlab * kBlock);
      used_ = 0;
    }
    block = slabs_.back().data() + used_++ * kBlock;
    std::fill_n(block, kBlock, 0);
  }
  return block[slot % kBlock];
}

void Counter::add(std::span<const std::uint8_t> pixels, Team& team) {
  const std::size_t n = pixels.size() / 3;
  own_.resize(std::max(own_.size(), static_cast<std::size_t>(team.size())));
  team.run((n + kChunk - 1) / kChunk, [&](std::size_t chunk, int worker) {
    Own& own = own_[static_cast<std::size_t>(worker)];
    if (own.counts.empty()) own.counts.resize(kColors, 0);
    std::uint8_t* counts = own.counts.data();
    const std::size_t last = std::min(n, (chunk + 1) * kChunk);
    std::array<std::uint32_t, kBatch> slots;
    for (std::size_t first = chunk * kChunk; first < last; first += kBatch) {
      const std::size_t size = std::min(kBatch, last - first);
      for_each_word(pixels.data(), n, first, first + size,
                    [&](std::size_t i, std::uint32_t word) { slots[i - first] = word; });
      for (std::uint32_t& slot : slots) slot = slot_of(slot);
      for (std::size_t i = 0; i < size; ++i) {
        if (++counts[slots[i]] == 0) own.carries.push_back(slots[i]);
      }
    }
  });
  for (Own& own : own_) {
    for (const std::uint32_t slot : own.carries) add_to(common(slot), kCarry);
    own.carries.clear();
  }
}

void Counter::add(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    add_to(common(slot_of(last_word(colors.data() + 3 * i))), counts[i]);
  }
}

Histogram Counter::total(Team& team) const {
  constexpr std::size_t kParts = 64;  // of the Morton curve
  // Calls visit(corner, sums) for each block of a part that has colours, in order.
  const auto for_each_block = [&](std::size_t part, const auto& visit) {
    std::array<std::uint64_t, kBlock> sums;
    for (std::size_t at = part * kColors / kBlock / kParts;
         at < (part + 1) * kColors / kBlock / kParts; ++at) {
      std::array<std::uint8_t, 3> corner;
      unmorton<3>(static_cast<std::uint32_t>(at) * kBlock, corner.data());
      const std::uint32_t block = slot_of(last_word(corner.data())) / kBlock;
      if (sum_up(block, sums)) visit(corner, sums);
    }
  };
  // Colours are counted before they are listed: no list has to grow, or to be copied.
  std::array<std::size_t, kParts + 1> firsts{};
  team.run(kParts, [&](std::size_t part, int) {
    std::size_t n = 0;
    for_each_block(part, [&](const auto&, const auto& sums) {
      for (const std::uint64_t sum : sums) n += sum != 0;
    });
    firsts[part + 1] = n;
  });
  std::partial_sum(firsts.begin(), firsts.end(), firsts.begin());
  Histogram total;
  total.counts.resize(firsts.back());
  total.colors.resize(3 * firsts.back());
  team.run(kParts, [&](std::size_t part, int) {
    std::size_t at = firsts[part];
    std::array<std::int64_t, kBlock> counts;
    std::array<std::uint8_t, 3 * kBlock> colors;
    for_each_block(part, [&](const auto& corner, const auto& sums) {
      std::size_t n = 0;
      for (const Place& place : kPlaces) {  // branch-free: colours of count 0 are overwritten
        const std::uint64_t count = sums[place.slot];
        counts[n] = static_cast<std::int64_t>(count);
        for (std::size_t c = 0; c < 3; ++c) {
          colors[3 * n + c] = static_cast<std::uint8_t>(corner[c] | place.color[c]);
        }
        n += count != 0;
      }
      std::copy_n(counts.data(), n, total.counts.data() + at);
      std::copy_n(colors.data(), 3 * n, total.colors.data() + 3 * at);
      at += n;
    });
  });
  return total;
}

bool Counter::sum_up(std::uint32_t block, std::span<std::uint64_t, kBlock> sums) const {
  const std::int64_t* common = common_.empty() ? nullptr : common_[block];
  bool any = common != nullptr;
  if (any) std::copy_n(common, kBlock, sums.begin());
  for (const Own& own : own_) {
    if (own.counts.empty()) continue;
    const std::uint8_t* counts = own.counts.data() + std::size_t{block} * kBlock;
    unsigned seen = 0;
    for (std::size_t i = 0; i < kBlock; ++i) seen |= counts[i];
    if (seen == 0) continue;
    if (!any) std::ranges::fill(sums, 0);
    any = true;
    for (std::size_t i = 0; i < kBlock; ++i) sums[i] += counts[i];
  }
  if (any && std::ranges::any_of(sums, [](std::uint64_t sum) { return sum >> 63 != 0; })) {
    throw std::overflow_error(kTooMany);
  }
  return any;
}

}  // namespace kpalette
