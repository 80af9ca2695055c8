#include "histogram.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "counter.hpp"
#include "morton.hpp"

namespace kpalette {
namespace {

constexpr std::uint32_t kBuckets = 4096;
constexpr std::size_t kChunk = 1u << 16;  // pixels per task

/// Of 8 kB, which a compiled file would hold for good.
const std::array<std::uint16_t, 4096>& cube_order() {
  static const std::array<std::uint16_t, 4096> order = make_cube_order();
  return order;
}

/// A distinct colour and its count.
struct Tally {
  std::uint32_t code;
  std::uint32_t count;
};

/// RGB: 12 bits of a code select a bucket, and 12 are left to count.
struct Rgb {
  static constexpr int kChannels = 3;
  static constexpr int kLowBits = 12;
  using Low = std::uint16_t;

  /// Calls visit(key, low) for pixels first to last of n; the code is bucket_of(key) and low().
  template <class Visit>
  static void for_each(const std::uint8_t* pixels, std::size_t n, std::size_t first,
                       std::size_t last, const Visit& visit) {
    const std::uint16_t* const order = cube_order().data();
    for_each_word(pixels, n, first, last, [&](std::size_t, std::uint32_t word) {
      visit(cube_of(word), [=] { return order[place_in_cube(word)]; });
    });
  }
  static std::uint32_t bucket_of(std::uint32_t key) { return cube_order()[key]; }

  /// Counts one bucket's pixels, in 4,096 counters that are 0 before and after.
  class Counter {
   public:
    void add(std::span<const Low> lows) {
      for (const Low read : lows) {
        const Low low = read & 4095;  // masks bits that appear if pixels change while counted
        ++counters_[low];
        present_[low >> 6] |= std::uint64_t{1} << (low & 63);
      }
    }

    /// Appends the distinct colours, in order.
    void finish(std::uint32_t bucket, Buffer<Tally>& out) {
      for (std::uint32_t word = 0; word < present_.size(); ++word) {
        for (std::uint64_t bits = present_[word]; bits != 0; bits &= bits - 1) {
          const std::uint32_t low = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
          out.push_back({bucket << kLowBits | low, std::exchange(counters_[low], 0)});
        }
        present_[word] = 0;
      }
    }

   private:
    std::array<std::uint32_t, 4096> counters_{};
    std::array<std::uint64_t, 64> present_{};
  };
};

/// RGBA: 20 bits are left, and are counted by sorting.
struct Rgba {
  static constexpr int kChannels = 4;
  static constexpr int kLowBits = 20;
  using Low = std::uint32_t;

  template <class Visit>
  static void for_each(const std::uint8_t* pixels, std::size_t, std::size_t first, std::size_t last,
                       const Visit& visit) {
    for (std::size_t i = first; i < last; ++i) {
      const std::uint32_t code = morton<4>(pixels + 4 * i);
      visit(code >> kLowBits, [code] { return code & ((1u << kLowBits) - 1); });
    }
  }
  static std::uint32_t bucket_of(std::uint32_t key) { return key; }

  class Counter {
   public:
    void add(std::span<const Low> lows) { lows_.insert(lows_.end(), lows.begin(), lows.end()); }

    void finish(std::uint32_t bucket, Buffer<Tally>& out) {
      std::sort(lows_.begin(), lows_.end());
      for (std::size_t i = 0; i < lows_.size();) {
        const std::size_t first = i;
        while (i < lows_.size() && lows_[i] == lows_[first]) ++i;
        out.push_back({bucket << kLowBits | lows_[first], static_cast<std::uint32_t>(i - first)});
      }
      lows_.clear();
    }

   private:
    std::vector<Low> lows_;
  };
};

template <class Kind>
Histogram count_partitioned(const std::uint8_t* pixels, std::size_t n, Team& team) {
  using Low = typename Kind::Low;

  // Each chunk is partitioned by itself, so that both passes read and write within a core's cache.
  // starts[chunk * kStride + bucket] is the start of the bucket's share.
  constexpr std::size_t kStride = kBuckets + 1;
  const std::size_t chunks = (n + kChunk - 1) / kChunk;
  Buffer<Low> lows(n);
  std::vector<std::uint32_t> starts(chunks * kStride);
  team.run(chunks, [&](std::size_t chunk, int) {
    const std::size_t first = chunk * kChunk;
    const std::size_t last = std::min(n, first + kChunk);
    std::uint32_t* own = starts.data() + chunk * kStride;
    std::array<std::uint32_t, kBuckets> next{};  // by key
    Kind::for_each(pixels, n, first, last, [&](std::uint32_t key, const auto&) { ++next[key]; });
    for (std::uint32_t key = 0; key < kBuckets; ++key) own[Kind::bucket_of(key) + 1] = next[key];
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) own[bucket + 1] += own[bucket];
    for (std::uint32_t key = 0; key < kBuckets; ++key) next[key] = own[Kind::bucket_of(key)];
    // If another thread changes the pixels between the two passes, counts are wrong, but writes
    // must stay within the chunk.
    Low* out = lows.data() + first;
    const auto end = static_cast<std::uint32_t>(last - first - 1);
    Kind::for_each(pixels, n, first, last, [&](std::uint32_t key, const auto& low) {
      out[std::min(next[key]++, end)] = low();
    });
  });

  // Groups of buckets with about equal numbers of pixels, so that all threads end together.
  std::vector<std::size_t> groups{0};
  const std::size_t group_size = std::max<std::size_t>(n / 64, 1u << 13);
  std::size_t size = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
      const std::uint32_t* share = starts.data() + chunk * kStride + bucket;
      size += share[1] - share[0];
    }
    if (size >= group_size || bucket + 1 == kBuckets) {
      groups.push_back(bucket + 1);
      size = 0;
    }
  }
  std::vector<Buffer<Tally>> tallies(groups.size() - 1);
  std::vector<typename Kind::Counter> counters(static_cast<std::size_t>(team.size()));
  team.run(tallies.size(), [&](std::size_t group, int worker) {
    auto& counter = counters[static_cast<std::size_t>(worker)];
    for (std::size_t bucket = groups[group]; bucket < groups[group + 1]; ++bucket) {
      bool any = false;
      for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        const std::uint32_t* share = starts.data() + chunk * kStride + bucket;
        if (share[0] == share[1]) continue;
        counter.add({lows.data() + chunk * kChunk + share[0], share[1] - share[0]});
        any = true;
      }
      if (any) counter.finish(static_cast<std::uint32_t>(bucket), tallies[group]);
    }
  });

  std::vector<std::size_t> firsts(tallies.size() + 1);
  for (std::size_t group = 0; group < tallies.size(); ++group) {
    firsts[group + 1] = firsts[group] + tallies[group].size();
  }
  Histogram histogram;
  histogram.channels = Kind::kChannels;
  histogram.colors.resize(firsts.back() * Kind::kChannels);
  histogram.counts.resize(firsts.back());
  team.run(tallies.size(), [&](std::size_t group, int) {
    std::size_t i = firsts[group];
    for (const Tally& tally : tallies[group]) {
      unmorton<Kind::kChannels>(tally.code, histogram.colors.data() + i * Kind::kChannels);
      histogram.counts[i++] = tally.count;
    }
  });
  return histogram;
}

std::int64_t add_counts(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    throw std::overflow_error("the counts of a colour add up to more than 2^63 - 1");
  }
  return sum;
}

std::uint32_t code_of(const std::uint8_t* color, int channels) {
  return channels == 3 ? morton<3>(color) : morton<4>(color);
}

void append(Histogram& histogram, const std::uint8_t* color, std::int64_t count) {
  histogram.colors.insert(histogram.colors.end(), color, color + histogram.channels);
  histogram.counts.push_back(count);
}

}  // namespace

Histogram count_colors(std::span<const std::uint8_t> pixels, int channels, Team& team) {
  // From this many pixels per thread on, a counter for each of the 2^24 colours is faster.
  constexpr std::size_t kMany = std::size_t{1} << 22;
  if (channels == 3 && pixels.size() / 3 >= kMany * static_cast<std::size_t>(team.size())) {
    Counter counter;
    counter.add(pixels, team);
    return counter.total(team);
  }
  // Offsets and counts within a part have 32 bits, so larger inputs are counted in parts.
  constexpr std::size_t kPart = std::size_t{1} << 30;
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t n = pixels.size() / width;
  const auto count = [&](std::size_t first) {
    const std::uint8_t* data = pixels.data() + first * width;
    const std::size_t size = std::min(kPart, n - first);
    return channels == 3 ? count_partitioned<Rgb>(data, size, team)
                         : count_partitioned<Rgba>(data, size, team);
  };
  Histogram total = count(0);
  for (std::size_t first = kPart; first < n; first += kPart) {
    total = merge(total, count(first), channels);
  }
  return total;
}

Buffer<std::uint32_t> to_codes(std::span<const std::uint8_t> colors, int channels) {
  Buffer<std::uint32_t> codes(colors.size() / static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = code_of(colors.data() + i * static_cast<std::size_t>(channels), channels);
  }
  return codes;
}

Buffer<std::uint8_t> from_codes(std::span<const std::uint32_t> codes, int channels) {
  Buffer<std::uint8_t> colors(codes.size() * static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    std::uint8_t* color = colors.data() + i * static_cast<std::size_t>(channels);
    if (channels == 3) {
      unmorton<3>(codes[i], color);
    } else {
      unmorton<4>(codes[i], color);
    }
  }
  return colors;
}

namespace {

/// The histogram of codes in order, which may stand for a colour that looks the same.
Histogram canonical(std::span<const std::uint32_t> codes, std::span<const std::int64_t> counts,
                    int channels) {
  Histogram histogram;
  histogram.channels = channels;
  histogram.colors = from_codes(codes, channels);
  histogram.counts.assign(counts.begin(), counts.end());
  return histogram;
}

}  // namespace

Histogram collect(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts,
                  int channels) {
  const Buffer<std::uint32_t> codes = to_codes(colors, channels);
  if (std::ranges::adjacent_find(codes, std::greater_equal()) == codes.end() &&
      std::ranges::find(counts, 0) ==
          counts.end()) {  // as in a file: sorting takes 16 bytes a colour
    return canonical(codes, counts, channels);
  }
  std::vector<std::size_t> order(counts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return codes[a] < codes[b]; });
  Histogram histogram;
  histogram.channels = channels;
  for (std::size_t i = 0; i < order.size();) {
    std::int64_t count = 0;
    const std::uint32_t code = codes[order[i]];
    std::array<std::uint8_t, 4> color{};
    if (channels == 3) {
      unmorton<3>(code, color.data());
    } else {
      unmorton<4>(code, color.data());
    }
    for (; i < order.size() && codes[order[i]] == code; ++i) {
      count = add_counts(count, counts[order[i]]);
    }
    if (count > 0) append(histogram, color.data(), count);
  }
  return histogram;
}

Histogram thin_out(std::span<const std::uint8_t> colors, std::span<const std::int64_t> counts,
                   int channels, std::size_t step, Team& team) {
  constexpr std::size_t kPerTask = 1u << 13;  // colours of the result
  const auto width = static_cast<std::size_t>(channels);
  const std::size_t size = (counts.size() + step - 1) / step;
  Histogram thin;
  thin.channels = channels;
  thin.counts.resize(size);
  thin.colors.resize(width * size);
  team.run((size + kPerTask - 1) / kPerTask, [&](std::size_t task, int) {
    for (std::size_t i = task * kPerTask; i < std::min(size, (task + 1) * kPerTask); ++i) {
      const std::size_t first = i * step;
      const auto run = counts.subspan(first, std::min(step, counts.size() - first));
      const auto most =
          static_cast<std::size_t>(std::max_element(run.begin(), run.end()) - run.begin());
      std::copy_n(colors.data() + (first + most) * width, width, thin.colors.data() + i * width);
      thin.counts[i] = std::accumulate(run.begin(), run.end(), std::int64_t{0});
    }
  });
  return thin;
}

namespace {

template <int Channels>
Histogram merge_sorted(const HistogramView& a, const HistogramView& b) {
  Histogram sum;
  sum.channels = Channels;
  sum.counts.resize(a.size() + b.size());
  sum.colors.resize(Channels * sum.counts.size());
  // Past the end of a side, its code is larger than that of any colour.
  constexpr std::uint64_t kEnd = std::uint64_t{1} << 32;
  const auto code_at = [](const HistogramView& side, std::size_t i) {
    return i < side.size() ? std::uint64_t{morton<Channels>(&side.colors[Channels * i])} : kEnd;
  };
  std::size_t i = 0;
  std::size_t j = 0;
  std::size_t n = 0;
  std::uint64_t code_a = code_at(a, 0);
  std::uint64_t code_b = code_at(b, 0);
  for (; code_a != kEnd || code_b != kEnd; ++n) {
    const bool from_a = code_a <= code_b;
    const bool from_b = code_b <= code_a;
    const std::uint8_t* color = from_a ? &a.colors[Channels * i] : &b.colors[Channels * j];
    std::copy_n(color, Channels, &sum.colors[Channels * n]);
    sum.counts[n] = add_counts(from_a ? a.counts[i] : 0, from_b ? b.counts[j] : 0);
    if (from_a) code_a = code_at(a, ++i);
    if (from_b) code_b = code_at(b, ++j);
  }
  sum.counts.resize(n);
  sum.colors.resize(Channels * n);
  return sum;
}

}  // namespace

Histogram merge(const HistogramView& a, const HistogramView& b, int channels) {
  return channels == 3 ? merge_sorted<3>(a, b) : merge_sorted<4>(a, b);
}

}  // namespace kpalette
