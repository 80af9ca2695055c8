// The coder of LZW: of the strings that a code could stand for, it takes the one that saves most.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "lzw_codes.hpp"

namespace kpalette {

inline constexpr float kNever = std::numeric_limits<float>::infinity();

// Of the paths through the dictionary, few are followed. In units of what a bit may cost:
inline constexpr int kMostVisits = 200;    // of paths that cost something, for a code
inline constexpr float kPixelOver = 10;    // of any pixel but the first
inline constexpr float kCounted = 0.998f;  // of what was counted, with each code

/// Codes pixels, which `Prices` says what they may be written as, and at what price:
///
/// - bit(): that of a bit; is_only(): whether no pixel has a choice, so that entry(i) is written;
/// - first(i, take) calls take(entry, price) for those that a code may begin with;
/// - next(i, code, dictionary, take) calls take(string, price) for those that are another one and
///   what a pixel may be.
template <class Prices>
class Coder {
 public:
  /// A full dictionary is cleared at once, or when it is stale.
  Coder(std::size_t n, int bits, const Prices& prices, bool at_once, std::uint8_t* written)
      : prices_(prices),
        at_once_(at_once),
        n_(n),
        written_(written),
        bits_(std::max(2, bits)),
        dictionary_(bits_),
        spent_(static_cast<float>(bits)) {}

  std::vector<std::uint8_t> run() {
    put(dictionary_.clear_code());
    int last = -1;
    for (std::size_t i = 0; i < n_;) {
      // The next string is the last one and the entry that comes. As long as that is not chosen,
      // it is the one that makes the string itself come next.
      const bool adds = last >= 0 && !dictionary_.is_full();
      if (adds) dictionary_.add(last, dictionary_.head(last));
      const Path path = search(i);
      if (adds) dictionary_.set_last(dictionary_.head(path.code));
      put(path.code);
      count(path.length);
      paid_ += static_cast<double>(path.price);
      i += path.length;
      int code = path.code;
      for (std::size_t at = i; at > i - path.length; code = dictionary_.prefix(code)) {
        written_[--at] = static_cast<std::uint8_t>(dictionary_.entry(code));
      }
      last = path.code;
      was_full_ = was_full_ || dictionary_.is_full();
      if (dictionary_.is_full() && (at_once_ || is_stale())) {
        put(dictionary_.clear_code());
        dictionary_.clear();
        all_spent_ = all_shown_ = 0;
        last = -1;
      }
    }
    // As decoders do, so that codes are as long.
    if (last >= 0 && !dictionary_.is_full()) dictionary_.add(last, 0);
    put(dictionary_.end_code());
    return packer_.blocks(bits_);
  }

  /// Whether the dictionary was full once, so that it mattered when it is cleared.
  bool was_full() const { return was_full_; }
  /// The prices of what was written.
  double paid() const { return paid_; }

 private:
  struct Path {
    int code;
    std::size_t length;
    float price;
  };

  /// Counts a code of so many pixels.
  void count(std::size_t length) {
    const auto bits = static_cast<float>(dictionary_.bits());
    const auto pixels = static_cast<float>(length);
    spent_ = kCounted * spent_ + bits;
    shown_ = kCounted * shown_ + pixels;
    if (dictionary_.is_full()) return;
    all_spent_ += bits;
    all_shown_ += pixels;
  }

  /// Whether codes stand for fewer pixels than they did on average while the dictionary grew, as
  /// they would again.
  bool is_stale() const { return shown_ * all_spent_ < all_shown_ * spent_; }

  void put(int code) { packer_.put(code, dictionary_.bits()); }

  /// The longest path, where there are no others.
  Path only(std::size_t i) {
    Path path{prices_.entry(i), 1, 0};
    for (; i + path.length < n_; ++path.length) {
      const int next = dictionary_.find(path.code, prices_.entry(i + path.length));
      if (next == 0) break;
      path.code = next;
    }
    return path;
  }

  /// The path from a pixel on that saves most.
  Path search(std::size_t i) {
    if (prices_.is_only()) return only(i);
    const float bit = prices_.bit();
    const float mean = bit * spent_ / shown_;
    const float cost = bit * static_cast<float>(dictionary_.bits());
    Path best{};
    float most = -kNever;
    paths_.clear();
    prices_.first(i, [&](int entry, float price) { paths_.push_back({entry, 1, price}); });
    for (int visits = 0; !paths_.empty() && visits < kMostVisits;) {
      const Path path = paths_.back();
      paths_.pop_back();
      visits += path.price > 0;
      const float saved = static_cast<float>(path.length) * mean - cost - path.price;
      if (saved > most) {
        most = saved;
        best = path;
      }
      const std::size_t at = i + path.length;
      if (at == n_) continue;
      const float bound = static_cast<float>(path.length + 1) * mean + kPixelOver * bit;
      prices_.next(at, path.code, dictionary_, [&](int code, float price) {
        if (path.price + price > bound) return;
        paths_.push_back({code, path.length + 1, path.price + price});
      });
    }
    return best;
  }

  const Prices& prices_;
  bool at_once_;
  bool was_full_ = false;
  double paid_ = 0;
  std::size_t n_;
  std::uint8_t* written_;
  int bits_;
  Dictionary dictionary_;
  Packer packer_;
  float spent_;          // bits, with less weight for those longer ago
  float shown_ = 1;      // pixels, likewise
  float all_spent_ = 0;  // while the dictionary grew
  float all_shown_ = 0;
  std::vector<Path> paths_;
};

}  // namespace kpalette
