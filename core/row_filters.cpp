#include "row_filters.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "log2.hpp"
#include "paeth.hpp"

namespace kpalette {
namespace {

constexpr std::size_t kFilters = 5;

using Bytes = std::vector<std::uint8_t>;
using Counts = std::array<std::uint32_t, 256>;

/// 8 levels, wide enough for what predicts them.
using Levels = std::int16_t __attribute__((vector_size(16)));
using Packed = std::uint8_t __attribute__((vector_size(8)));

Levels load(const std::uint8_t* from) {
  Packed bytes;
  std::memcpy(&bytes, from, sizeof(bytes));
  return __builtin_convertvector(bytes, Levels);
}

/// What a filter makes of a row, (stride), and of the one above. Before each there is a zero.
template <class Predict>
void apply(const std::uint8_t* row, const std::uint8_t* above, std::size_t stride,
           std::uint8_t* out, const Predict& predict) {
  constexpr std::size_t kLanes = sizeof(Packed);
  std::size_t i = 0;
  for (; i + kLanes <= stride; i += kLanes) {
    const Levels found =
        load(row + i) - predict(load(row + i - 1), load(above + i), load(above + i - 1));
    const Packed bytes = __builtin_convertvector(found, Packed);
    std::memcpy(out + i, &bytes, kLanes);
  }
  for (; i < stride; ++i) {
    const int found = row[i] - predict(int{row[i - 1]}, int{above[i]}, int{above[i - 1]});
    out[i] = static_cast<std::uint8_t>(found);
  }
}

void apply(std::size_t filter, const std::uint8_t* row, const std::uint8_t* above,
           std::size_t stride, std::uint8_t* out) {
  const auto by = [&](const auto& predict) { apply(row, above, stride, out, predict); };
  switch (filter) {
    case 0:
      std::copy_n(row, stride, out);
      break;
    case 1:
      by([](const auto& left, const auto&, const auto&) { return left; });
      break;
    case 2:
      by([](const auto&, const auto& up, const auto&) { return up; });
      break;
    case 3:
      by([](const auto& left, const auto& up, const auto&) { return (left + up) >> 1; });
      break;
    default:
      by([](const auto& left, const auto& up, const auto& both) { return paeth(left, up, both); });
  }
}

/// How often each byte comes. In turns by four counters: a byte that comes again at once would wait
/// for its own.
Counts count(const Bytes& row) {
  std::array<Counts, 4> parts{};
  std::size_t i = 0;
  for (; i + 4 <= row.size(); i += 4) {
    for (std::size_t part = 0; part < 4; ++part) ++parts[part][row[i + part]];
  }
  for (; i < row.size(); ++i) ++parts[0][row[i]];
  for (std::size_t byte = 0; byte < 256; ++byte) {
    parts[0][byte] += parts[1][byte] + parts[2][byte] + parts[3][byte];
  }
  return parts[0];
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

// Rows whose filters are tried side by side before those are chosen one after the other, and how
// many of them are a task.
constexpr std::size_t kRound = 256;
constexpr std::size_t kTask = 8;

/// Rows at work, each after a zero; the first is that before the others.
class Round {
 public:
  Round(std::size_t height, std::size_t stride)
      : height_(height), stride_(stride), rows_((std::min(kRound, height) + 1) * (1 + stride)) {}

  std::size_t first() const { return first_; }
  std::size_t size() const { return std::min(kRound, height_ - first_); }
  std::uint8_t* above(std::size_t i) { return rows_.data() + i * (1 + stride_) + 1; }
  std::uint8_t* row(std::size_t i) { return above(i + 1); }

  /// Goes on to the next rows; whether there are any.
  bool next() {
    std::copy_n(above(size()), stride_, above(0));
    first_ += size();
    return first_ < height_;
  }

 private:
  std::size_t height_;
  std::size_t stride_;
  Bytes rows_;
  std::size_t first_ = 0;
};

/// Calls body(i) for the rows of a round, several as a task.
template <class Body>
void for_rows(std::size_t n, Team& team, const Body& body) {
  team.run((n + kTask - 1) / kTask, [&](std::size_t task, int) {
    for (std::size_t i = task * kTask; i < std::min(n, (task + 1) * kTask); ++i) body(i);
  });
}

}  // namespace

std::vector<std::uint8_t> filter_rows(std::size_t height, std::size_t stride, const MakeRow& make,
                                      FilterChoice choice, Team& team) {
  Bytes out(height * (1 + stride));
  if (height == 0) return out;
  const bool by_model = choice == FilterChoice::model;
  const Log2 log2;
  Model model;
  Round round(height, stride);
  std::vector<std::array<Counts, kFilters>> counts(by_model ? round.size() : 0);
  std::vector<std::array<std::int64_t, kFilters>> sums(round.size());
  do {
    for_rows(round.size(), team, [&](std::size_t i) { make(round.first() + i, round.row(i)); });
    for_rows(round.size(), team, [&](std::size_t i) {
      Bytes tried(stride);
      for (std::size_t filter = 0; filter < kFilters; ++filter) {
        apply(filter, round.row(i), round.above(i), stride, tried.data());
        if (by_model) {
          counts[i][filter] = count(tried);
        } else {
          sums[i][filter] = sum_of_sizes(tried);
        }
      }
    });
    std::uint8_t* const written = out.data() + round.first() * (1 + stride);
    for (std::size_t i = 0; i < round.size(); ++i) {
      if (by_model) {
        for (std::size_t filter = 0; filter < kFilters; ++filter) {
          sums[i][filter] = model.bits(counts[i][filter], log2);
        }
      }
      const auto best = std::ranges::min_element(sums[i]) - sums[i].begin();
      if (by_model) model.add(counts[i][static_cast<std::size_t>(best)]);
      written[i * (1 + stride)] = static_cast<std::uint8_t>(best);
    }
    for_rows(round.size(), team, [&](std::size_t i) {
      std::uint8_t* const row = written + i * (1 + stride);
      apply(*row, round.row(i), round.above(i), stride, row + 1);
    });
  } while (round.next());
  return out;
}

}  // namespace kpalette
