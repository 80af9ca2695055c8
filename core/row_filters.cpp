#include "row_filters.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "log2.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kFilters = 5;

using Bytes = std::vector<std::uint8_t>;
using Counts = std::array<std::uint32_t, 256>;

/// The neighbour to the left, above, or above and to the left that is nearest to left + above -
/// above_left, the first among equals.
int paeth(int left, int above, int above_left) {
  const int to_left = std::abs(above - above_left);
  const int to_above = std::abs(left - above_left);
  const int to_both = std::abs(left + above - 2 * above_left);
  const int other = to_above <= to_both ? above : above_left;
  return to_left <= to_above && to_left <= to_both ? left : other;
}

/// What each filter makes of a row, all from the row and the one above.
class Filtered {
 public:
  explicit Filtered(std::size_t stride) {
    for (Bytes& row : rows_) row.resize(stride);
  }

  const Bytes& operator[](std::size_t filter) const { return rows_[filter]; }

  void set(const std::uint8_t* row, const std::uint8_t* above) {
    const std::size_t n = rows_[0].size();
    std::copy_n(row, n, rows_[0].data());
    apply(rows_[1], row, above, [](int left, int, int) { return left; });
    apply(rows_[2], row, above, [](int, int up, int) { return up; });
    apply(rows_[3], row, above, [](int left, int up, int) { return (left + up) / 2; });
    apply(rows_[4], row, above, paeth);
  }

 private:
  template <class Predict>
  static void apply(Bytes& out, const std::uint8_t* row, const std::uint8_t* above,
                    const Predict& predict) {
    std::uint8_t* to = out.data();
    to[0] = static_cast<std::uint8_t>(row[0] - predict(0, above[0], 0));
    for (std::size_t i = 1; i < out.size(); ++i) {
      to[i] = static_cast<std::uint8_t>(row[i] - predict(row[i - 1], above[i], above[i - 1]));
    }
  }

  std::array<Bytes, kFilters> rows_;
};

Counts count(const Bytes& row) {
  Counts counts{};
  for (const std::uint8_t byte : row) ++counts[byte];
  return counts;
}

/// log2_of, of small values by a table.
class Log2 {
 public:
  Log2() {
    for (std::uint32_t value = 1; value < table_.size(); ++value) table_[value] = log2_of(value);
  }
  std::uint32_t operator()(std::uint32_t value) const {
    return value < table_.size() ? table_[value] : log2_of(value);
  }

 private:
  std::array<std::uint32_t, 4096> table_{};
};

std::int64_t sum_of_sizes(const Bytes& row) {
  std::int64_t sum = 0;
  for (const std::uint8_t byte : row) sum += std::min<int>(byte, 256 - byte);
  return sum;
}

/// How often each byte was written; a row counts 1/8 less with each that follows. Filters then
/// agree with those of the rows above, and few symbols are written, which deflate codes as a whole.
class Model {
 public:
  std::int64_t bits(const Counts& counts, const Log2& log2) const {
    std::int64_t bits = 0;
    for (std::size_t byte = 0; byte < counts.size(); ++byte) {
      const std::uint32_t n = counts[byte];
      if (n > 0) bits -= std::int64_t{n} * log2(seen_[byte] + kUnit * n + 1);
    }
    return bits;
  }

  void add(const Counts& counts) {
    for (std::size_t byte = 0; byte < counts.size(); ++byte) {
      seen_[byte] += kUnit * counts[byte];
      seen_[byte] -= seen_[byte] / 8;
    }
  }

 private:
  static constexpr std::uint32_t kUnit = 16;
  Counts seen_{};
};

}  // namespace

std::vector<std::uint8_t> filter_rows(std::span<const std::uint8_t> rows, std::size_t stride,
                                      FilterChoice choice) {
  Bytes out;
  out.reserve(rows.size() + rows.size() / stride);
  const Bytes nothing(stride);
  Filtered filtered(stride);
  const Log2 log2;
  Model model;
  const std::uint8_t* above = nothing.data();
  for (std::size_t start = 0; start < rows.size(); start += stride) {
    const std::uint8_t* row = rows.data() + start;
    filtered.set(row, above);
    std::array<Counts, kFilters> counts;
    std::size_t best = 0;
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (std::size_t filter = 0; filter < kFilters; ++filter) {
      std::int64_t cost = 0;
      if (choice == FilterChoice::least_sum) {
        cost = sum_of_sizes(filtered[filter]);
      } else {
        counts[filter] = count(filtered[filter]);
        cost = model.bits(counts[filter], log2);
      }
      if (cost < least) {
        least = cost;
        best = filter;
      }
    }
    if (choice == FilterChoice::model) model.add(counts[best]);
    out.push_back(static_cast<std::uint8_t>(best));
    out.insert(out.end(), filtered[best].begin(), filtered[best].end());
    above = row;
  }
  return out;
}

}  // namespace kpalette
