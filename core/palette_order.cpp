#include "palette_order.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "log2.hpp"

namespace kpalette {
namespace {

using Order = std::vector<std::uint8_t>;

// Pixels that one thread counts at a time.
constexpr std::size_t kBand = 1u << 19;

/// The modified Zeng order of some entries.
Order zeng_order(const std::vector<std::int64_t>& neighbours, std::size_t k, Order left) {
  Order order;
  if (left.empty()) return order;
  const auto between = [&](std::size_t a, std::size_t b) { return neighbours[a * k + b]; };
  std::vector<std::int64_t> pull(k);  // neighbours among those placed; at first, among all
  for (const std::size_t a : left) {
    for (const std::size_t b : left) pull[a] += between(a, b);
  }
  const auto take = [&] {
    const auto most = std::ranges::max_element(
        left, [&](std::uint8_t a, std::uint8_t b) { return pull[a] < pull[b]; });
    const std::uint8_t entry = *most;
    left.erase(most);
    return entry;
  };
  order.push_back(take());
  for (std::size_t j = 0; j < k; ++j) pull[j] = between(order[0], j);
  while (!left.empty()) {
    const std::uint8_t entry = take();
    const auto n = static_cast<std::int64_t>(order.size());
    std::int64_t nearer = 0;  // how much the left end is
    for (std::int64_t i = 0; i < n; ++i) {
      nearer += (n - 1 - 2 * i) * between(entry, order[static_cast<std::size_t>(i)]);
    }
    order.insert(nearer > 0 ? order.begin() : order.end(), entry);
    for (std::size_t j = 0; j < k; ++j) pull[j] += between(entry, j);
  }
  return order;
}

/// An order whose entries are moved, one at a time, to where its cost is least.
class Row {
 public:
  Row(const std::vector<std::int64_t>& neighbours, Order order)
      : k_(order.size()), order_(std::move(order)), counts_(k_ * k_), steps_(2 * kMostIndexed + 1) {
    // In 14 bits, so that sums of k products fit 32, and a vector holds many.
    const std::int64_t most = std::max<std::int64_t>(1, *std::ranges::max_element(neighbours));
    for (std::size_t i = 0; i < k_; ++i) {
      for (std::size_t j = 0; j < k_; ++j) {
        const std::int64_t count = neighbours[order_[i] * k_ + order_[j]];
        counts_[i * k_ + j] = static_cast<std::int16_t>(count * kMost / most);
      }
    }
    for (std::size_t d = 0; d < cost_.size(); ++d) {
      cost_[d] = static_cast<std::int32_t>(log2_of(static_cast<std::uint32_t>(d + 1)) >> 8);
    }
    for (int d = -int{kMostIndexed}; d < int{kMostIndexed}; ++d) {
      steps_[static_cast<std::size_t>(d + int{kMostIndexed})] =
          static_cast<std::int16_t>(cost_[static_cast<std::size_t>(std::abs(d - 1))] -
                                    cost_[static_cast<std::size_t>(std::abs(d))]);
    }
  }

  const Order& order() const { return order_; }

  std::int64_t cost() const {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < k_; ++i) {
      for (std::size_t j = 0; j < i; ++j) sum += std::int64_t{counts_[i * k_ + j]} * cost_[i - j];
    }
    return sum;
  }

  /// Moves each of the places first to last - 1 within these; whether one moved.
  bool improve(std::size_t first, std::size_t last) {
    bool moved = false;
    for (std::size_t place = first; place < last; ++place) {
      std::int64_t least = 0;
      std::size_t best = place;
      std::int64_t change = 0;
      for (std::size_t q = place; q + 1 < last; ++q) {
        change += swapped_right(place, q);
        if (change < least) {
          least = change;
          best = q + 1;
        }
      }
      change = 0;
      for (std::size_t q = place; q-- > first;) {
        change += swapped_left(place, q);
        if (change < least) {
          least = change;
          best = q;
        }
      }
      if (best == place) continue;
      move(place, best);
      moved = true;
    }
    return moved;
  }

 private:
  static constexpr std::int64_t kMost = (1 << 14) - 1;

  /// Sum over places i of the counts a[i] - b[i], times what it costs more to be at q + 1 than at q
  /// for one whose place is i + shift.
  std::int32_t sum(const std::int16_t* a, const std::int16_t* b, std::size_t from, std::size_t to,
                   std::size_t q, int shift) const {
    const std::int16_t* steps = steps_.data() + (int{kMostIndexed} - static_cast<int>(q) + shift);
    std::int32_t total = 0;
    for (std::size_t i = from; i < to; ++i) {
      total += static_cast<std::int16_t>(a[i] - b[i]) * steps[i];
    }
    return total;
  }

  /// The change of the cost where what came from `place`, and is at q by now, changes places with
  /// its neighbour to the right; what it has passed is one place to the left of where it was.
  std::int64_t swapped_right(std::size_t place, std::size_t q) const {
    const std::int16_t* own = counts_.data() + place * k_;
    const std::int16_t* other = counts_.data() + (q + 1) * k_;
    return std::int64_t{sum(own, other, 0, place, q, 0)} +
           sum(own, other, place + 1, q + 1, q, -1) + sum(own, other, q + 2, k_, q, 0);
  }

  /// The same of what is at q + 1 by now and its neighbour to the left.
  std::int64_t swapped_left(std::size_t place, std::size_t q) const {
    const std::int16_t* own = counts_.data() + place * k_;
    const std::int16_t* other = counts_.data() + q * k_;
    return std::int64_t{sum(other, own, 0, q, q, 0)} + sum(other, own, q + 1, place, q, 1) +
           sum(other, own, place + 1, k_, q, 0);
  }

  void move(std::size_t from, std::size_t to) {
    const auto shift = [&](auto begin, std::size_t width) {
      const auto edge = [&](std::size_t i) {
        return begin + static_cast<std::ptrdiff_t>(i * width);
      };
      if (from < to) {
        std::rotate(edge(from), edge(from + 1), edge(to + 1));
      } else {
        std::rotate(edge(to), edge(from), edge(from + 1));
      }
    };
    shift(order_.begin(), 1);
    shift(counts_.begin(), k_);
    for (std::size_t i = 0; i < k_; ++i) {
      shift(counts_.begin() + static_cast<std::ptrdiff_t>(i * k_), 1);
    }
  }

  std::size_t k_;
  Order order_;
  std::vector<std::int16_t> counts_;                   // (k, k), by place
  std::array<std::int32_t, kMostIndexed + 2> cost_{};  // of a difference of indices
  std::vector<std::int16_t> steps_;  // cost_ at |d - 1| less that at |d|, from d = -256
};

}  // namespace

std::vector<std::int64_t> count_neighbours(std::span<const std::uint8_t> indices, std::size_t width,
                                           std::size_t k, Team& team) {
  if (k > kMostIndexed) throw std::invalid_argument("expected at most 256 colours");
  const std::size_t height = indices.size() / width;
  const std::size_t band = std::max<std::size_t>(1, kBand / width);
  const std::size_t bands = (height + band - 1) / band;
  std::vector<std::vector<std::int64_t>> counted(static_cast<std::size_t>(team.size()));
  team.run(bands, [&](std::size_t task, int worker) {
    auto& pairs = counted[static_cast<std::size_t>(worker)];
    pairs.resize(k * k);
    for (std::size_t y = task * band; y < std::min(height, (task + 1) * band); ++y) {
      const std::uint8_t* here = indices.data() + y * width;
      for (std::size_t x = 1; x < width; ++x) ++pairs[here[x - 1] * k + here[x]];
      if (y == 0) continue;
      const std::uint8_t* above = here - width;
      for (std::size_t x = 0; x < width; ++x) ++pairs[above[x] * k + here[x]];
    }
  });
  std::vector<std::int64_t> pairs(k * k);
  for (const auto& some : counted) {
    for (std::size_t i = 0; i < some.size(); ++i) pairs[i] += some[i];
  }
  for (std::size_t i = 0; i < k; ++i) {
    pairs[i * k + i] = 0;
    for (std::size_t j = 0; j < i; ++j) {
      pairs[i * k + j] = pairs[j * k + i] = pairs[i * k + j] + pairs[j * k + i];
    }
  }
  return pairs;
}

std::vector<std::uint8_t> order_palette(const std::vector<std::int64_t>& neighbours,
                                        std::span<const std::uint8_t> first, int passes) {
  const std::size_t k = first.size();
  Order groups[2];
  for (std::size_t j = 0; j < k; ++j) {
    groups[first[j] ? 0 : 1].push_back(static_cast<std::uint8_t>(j));
  }
  const std::size_t cut = groups[0].size();
  for (Order& group : groups) group = zeng_order(neighbours, k, std::move(group));

  // Either group may as well be turned round.
  Order best;
  std::int64_t least = 0;
  for (int turn = 0; turn < 4; ++turn) {
    if (turn % 2 != 0 && cut < 2) continue;
    if (turn / 2 != 0 && (cut == 0 || k - cut < 2)) continue;
    Order order(groups[0]);
    order.insert(order.end(), groups[1].begin(), groups[1].end());
    const auto middle = order.begin() + static_cast<std::ptrdiff_t>(cut);
    if (turn % 2 != 0) std::reverse(order.begin(), middle);
    if (turn / 2 != 0) std::reverse(middle, order.end());
    const std::int64_t cost = Row(neighbours, order).cost();
    if (best.empty() || cost < least) {
      least = cost;
      best = std::move(order);
    }
  }
  Row row(neighbours, std::move(best));
  for (int pass = 0; pass < passes; ++pass) {
    const bool moved = row.improve(0, cut);
    if (!row.improve(cut, k) && !moved) break;
  }
  return row.order();
}

}  // namespace kpalette
