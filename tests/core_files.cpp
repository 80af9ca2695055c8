// Indexed files: orders of palettes, and rows as differences.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "core_checks.hpp"
#include "log2.hpp"
#include "palette_order.hpp"
#include "row_filters.hpp"

using namespace kpalette;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes random_bytes(std::size_t n, std::size_t below, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(n);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % below);
  return bytes;
}

void test_log2() {
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 32; value = value * 5 / 3 + 1) {
    current_case = text("log2 of ", value);
    const auto got = log2_of(static_cast<std::uint32_t>(value));
    CHECK_NEAR(got / 65536.0, std::log2(static_cast<double>(value)), 2e-5);
  }
  for (const int power : {0, 1, 15, 31}) {
    CHECK_EQUAL(log2_of(std::uint32_t{1} << power), static_cast<std::uint32_t>(power) << 16);
  }
}

void test_neighbours() {
  const Bytes indices{0, 1, 1, 2, 0, 1};  // two rows of three
  // across: 0-1, 2-0, 0-1; down: 0-2, 1-0
  const std::vector<std::int64_t> expected{0, 3, 2, 3, 0, 0, 2, 0, 0};
  CHECK_EQUAL(count_neighbours(indices, 3, 3), expected);
  CHECK_THROWS(std::invalid_argument, count_neighbours(indices, 3, 257));
}

double cost_of(const std::vector<std::int64_t>& neighbours, const Bytes& order) {
  double cost = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      cost += static_cast<double>(neighbours[order[i] * order.size() + order[j]]) *
              std::log2(1.0 + static_cast<double>(i - j));
    }
  }
  return cost;
}

/// A ramp whose entries are shuffled is put in order again, up or down.
void test_ramp(std::size_t k) {
  Bytes names(k);
  std::iota(names.begin(), names.end(), std::uint8_t{0});
  std::shuffle(names.begin(), names.end(), std::mt19937(static_cast<unsigned>(k)));
  Bytes indices;
  for (std::size_t i = 0; i < 4 * k; ++i) indices.push_back(names[i / 4]);
  const auto order = order_palette(count_neighbours(indices, 4 * k, k), Bytes(k), 9);
  CHECK(order == names || Bytes(order.rbegin(), order.rend()) == names);
}

void test_order(std::size_t k, std::size_t leading) {
  // Smooth, so that some are neighbours far more often than others.
  Bytes indices = random_bytes(60 * 50, std::min<std::size_t>(k, 7), 3);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    indices[i] = static_cast<std::uint8_t>((indices[i] + i % 50 * k / 50 * 37) % k);
  }
  const auto neighbours = count_neighbours(indices, 50, k);
  Bytes first(k);
  for (std::size_t j = 0; j < leading; ++j) first[(j * 5 + 1) % k] = 1;
  const auto marked = std::ranges::count(first, 1);
  double before = 0;
  for (const int passes : {0, 1, 3, 9}) {
    const Bytes order = order_palette(neighbours, first, passes);
    Bytes sorted = order;
    std::ranges::sort(sorted);
    Bytes every(k);
    std::iota(every.begin(), every.end(), std::uint8_t{0});
    CHECK_EQUAL(sorted, every);
    for (std::size_t i = 0; i < k; ++i) {
      CHECK_EQUAL(first[order[i]] != 0, static_cast<std::ptrdiff_t>(i) < marked);
    }
    const double cost = cost_of(neighbours, order);
    // Counts of 14 bits and steps of 8 are what the moves go by.
    if (passes > 0) CHECK_AT_MOST(cost, before * 1.01);
    before = cost;
  }
}

std::uint8_t predicted(std::uint8_t filter, int left, int above, int above_left) {
  if (filter == 0) return 0;
  if (filter == 1) return static_cast<std::uint8_t>(left);
  if (filter == 2) return static_cast<std::uint8_t>(above);
  if (filter == 3) return static_cast<std::uint8_t>((left + above) / 2);
  const int p = left + above - above_left;
  const int pa = std::abs(p - left);
  const int pb = std::abs(p - above);
  const int pc = std::abs(p - above_left);
  return static_cast<std::uint8_t>(pa <= pb && pa <= pc ? left : pb <= pc ? above : above_left);
}

void test_filters(std::size_t height, std::size_t stride, std::size_t below) {
  Bytes rows = random_bytes(height * stride, below, 8);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<std::uint8_t>(rows[i] + i % stride + i / stride);
  }
  for (const auto choice : {FilterChoice::least_sum, FilterChoice::model}) {
    current_case =
        text("filters, ", height, " rows of ", stride, ", choice ", static_cast<int>(choice));
    const Bytes filtered = filter_rows(rows, stride, choice);
    CHECK_EQUAL(filtered.size(), rows.size() + height);
    Bytes back(rows.size());
    for (std::size_t y = 0; y < height; ++y) {
      const std::uint8_t filter = filtered[y * (stride + 1)];
      CHECK_AT_MOST(filter, 4);
      for (std::size_t x = 0; x < stride; ++x) {
        const std::size_t i = y * stride + x;
        const int left = x > 0 ? back[i - 1] : 0;
        const int above = y > 0 ? back[i - stride] : 0;
        const int above_left = x > 0 && y > 0 ? back[i - stride - 1] : 0;
        back[i] = static_cast<std::uint8_t>(filtered[i + y + 1] +
                                            predicted(filter, left, above, above_left));
      }
    }
    CHECK_EQUAL(back, rows);
  }
}

}  // namespace

void test_files() {
  test_log2();
  test_neighbours();
  for (const std::size_t k : {2, 3, 40, 256}) {
    current_case = text("ramp of ", k);
    test_ramp(k);
  }
  for (const std::size_t k : {1, 2, 5, 16, 100, 256}) {
    for (const std::size_t leading : {std::size_t{0}, std::size_t{1}, k / 2, k}) {
      current_case = text("palette order, k ", k, ", leading ", leading);
      test_order(k, leading);
    }
  }
  test_filters(1, 1, 256);
  test_filters(1, 9000, 4);
  test_filters(300, 1, 256);
  test_filters(20, 33, 1);
  test_filters(20, 33, 9);
  test_filters(20, 33, 256);
}
