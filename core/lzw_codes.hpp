// The codes of LZW as GIF has it: their bits, and the strings that they stand for.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace kpalette {

inline constexpr int kCodeBits = 12;  // at most
inline constexpr int kMostCodes = 1 << kCodeBits;

/// Packs codes into bytes, from the lowest bit on.
class Packer {
 public:
  void put(int code, int bits) {
    waiting_ |= static_cast<std::uint32_t>(code) << n_;
    n_ += bits;
    while (n_ >= 8) flush();
  }

  /// The least size of codes, and the blocks.
  std::vector<std::uint8_t> blocks(int bits) {
    if (n_ > 0) flush();
    std::vector<std::uint8_t> out{static_cast<std::uint8_t>(bits)};
    out.reserve(bytes_.size() + bytes_.size() / 255 + 3);
    for (std::size_t at = 0; at < bytes_.size();) {
      const std::size_t size = std::min<std::size_t>(255, bytes_.size() - at);
      out.push_back(static_cast<std::uint8_t>(size));
      out.insert(out.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes_.begin() + static_cast<std::ptrdiff_t>(at + size));
      at += size;
    }
    out.push_back(0);
    return out;
  }

 private:
  void flush() {
    bytes_.push_back(static_cast<std::uint8_t>(waiting_));
    waiting_ >>= 8;
    n_ = std::max(0, n_ - 8);
  }

  std::vector<std::uint8_t> bytes_;
  std::uint32_t waiting_ = 0;
  int n_ = 0;
};

/// How many bits codes have: as many as a decoder needs for those that it knows, and the next.
class Widths {
 public:
  explicit Widths(int bits) : entries_(1 << bits), least_(bits + 1) { clear(); }

  int entries() const { return entries_; }
  int clear_code() const { return entries_; }
  int end_code() const { return entries_ + 1; }
  int known() const { return known_; }
  int bits() const { return bits_; }

  void clear() {
    known_ = entries_ + 1;  // the first code adds none
    bits_ = least_;
  }
  /// Counts a code that stands for pixels.
  void count() {
    if (known_ == kMostCodes) return;
    ++known_;
    if (known_ == 1 << bits_ && known_ < kMostCodes) ++bits_;
  }

 private:
  int entries_;
  int least_;
  int known_;
  int bits_;
};

inline void need_data(bool is_so) {
  if (!is_so) throw std::invalid_argument("data: expected those of an image, up to their end");
}

/// The bits of an entry of an image's data.
inline int bits_of(std::span<const std::uint8_t> data) {
  need_data(!data.empty() && data[0] >= 2 && data[0] <= 8);
  return data[0];
}

/// Calls take(code) for each code of an image's data but the end code.
template <class Take>
void read_codes(std::span<const std::uint8_t> data, const Take& take) {
  Widths widths(bits_of(data));
  std::uint32_t waiting = 0;
  int n = 0;
  for (std::size_t at = 1; at < data.size() && data[at] != 0;) {
    const std::size_t last = at + data[at];
    need_data(last < data.size());
    for (++at; at <= last; ++at) {
      waiting |= static_cast<std::uint32_t>(data[at]) << n;
      n += 8;
      while (n >= widths.bits()) {
        const int code = static_cast<int>(waiting & ((1u << widths.bits()) - 1));
        waiting >>= widths.bits();
        n -= widths.bits();
        if (code == widths.end_code()) return;
        need_data(code <= widths.known());
        take(code);
        if (code == widths.clear_code()) {
          widths.clear();
        } else {
          widths.count();
        }
      }
    }
  }
  need_data(false);
}

/// The strings that codes stand for, as a tree: each is another one and an entry.
class Dictionary {
 public:
  explicit Dictionary(int bits) : entries_(1 << bits) {
    for (int entry = 0; entry < entries_; ++entry) {
      strings_[at(entry)] = {.entry = static_cast<std::uint8_t>(entry),
                             .head = static_cast<std::uint8_t>(entry)};
    }
    clear();
  }

  void clear() {
    next_ = entries_ + 2;
    bits_ = 1;
    while (1 << bits_ < next_) ++bits_;
    for (int entry = 0; entry < entries_; ++entry) strings_[at(entry)].child = 0;
    slots_.fill({});
  }

  int entries() const { return entries_; }
  int clear_code() const { return entries_; }
  int end_code() const { return entries_ + 1; }
  int next_code() const { return next_; }
  int bits() const { return bits_; }  // of the code that comes
  bool is_full() const { return next_ == kMostCodes; }

  int entry(int code) const { return strings_[at(code)].entry; }  // the last
  int head(int code) const { return strings_[at(code)].head; }    // the first
  int prefix(int code) const { return strings_[at(code)].prefix; }
  /// 0 is no child: it is an entry's code.
  int child(int code) const { return strings_[at(code)].child; }
  int sibling(int code) const { return strings_[at(code)].sibling; }

  /// Adds a string that ends with an entry, which may be set once more.
  void add(int prefix, int entry) {
    String& before = strings_[at(prefix)];
    strings_[at(next_)] = {.prefix = static_cast<std::uint16_t>(prefix),
                           .sibling = before.child,
                           .entry = static_cast<std::uint8_t>(entry),
                           .head = before.head};
    before.child = static_cast<std::uint16_t>(next_);
    if (next_ == 1 << bits_) ++bits_;
    ++next_;
  }
  void set_last(int entry) {
    String& last = strings_[at(next_ - 1)];
    last.entry = static_cast<std::uint8_t>(entry);
    std::uint32_t& slot = slot_of(last.prefix, entry);
    if (slot == 0)
      slot = key_of(last.prefix, entry) << kCodeBits | static_cast<std::uint32_t>(next_ - 1);
  }

  /// The string that is another one and an entry, or 0.
  int find(int prefix, int entry) {
    const String& last = strings_[at(next_ - 1)];  // is not in a slot yet
    if (next_ > entries_ + 2 && last.prefix == prefix && last.entry == entry) return next_ - 1;
    return static_cast<int>(slot_of(prefix, entry) % kMostCodes);
  }

 private:
  struct String {
    std::uint16_t prefix = 0;
    std::uint16_t child = 0;
    std::uint16_t sibling = 0;
    std::uint8_t entry = 0;
    std::uint8_t head = 0;
  };
  static std::size_t at(int code) { return static_cast<std::size_t>(code); }
  static std::uint32_t key_of(int prefix, int entry) {
    return static_cast<std::uint32_t>(prefix) << 8 | static_cast<std::uint32_t>(entry);
  }

  /// The slot of a string, its key and its code, or the free one that would be its: 0.
  std::uint32_t& slot_of(int prefix, int entry) {
    const std::uint32_t key = key_of(prefix, entry);
    std::size_t place = key * 0x9e3779b1u >> 19;
    while (slots_[place] != 0 && slots_[place] >> kCodeBits != key) {
      place = (place + 1) % slots_.size();
    }
    return slots_[place];
  }

  int entries_;
  int next_ = 0;
  int bits_ = 0;
  std::array<String, kMostCodes> strings_{};
  std::array<std::uint32_t, 2 * kMostCodes> slots_{};
};

}  // namespace kpalette
