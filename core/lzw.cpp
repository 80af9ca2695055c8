#include "lzw.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

namespace kpalette {
namespace {

constexpr int kMostCodes = 4096;
constexpr float kNever = std::numeric_limits<float>::infinity();

// Of the paths through the dictionary, few are followed. In units of what a bit may cost:
constexpr int kMostVisits = 200;  // of paths that cost something, for a code
constexpr float kFirstOver = 6;   // a first pixel, over its cheapest entry
constexpr float kPixelOver = 32;  // any other pixel
constexpr float kFlicker = 1.0f;  // for another colour where the source is still
constexpr float kKept = 0.998f;   // of what was counted, with each code

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

/// Calls take(code) for each code of an image's data but the end code, and returns the entries.
template <class Take>
int read_codes(std::span<const std::uint8_t> data, const Take& take) {
  const auto need = [](bool is_so) {
    if (!is_so) throw std::invalid_argument("data: expected those of an image, up to their end");
  };
  need(!data.empty() && data[0] >= 2 && data[0] <= 8);
  Widths widths(data[0]);
  std::uint32_t waiting = 0;
  int n = 0;
  for (std::size_t at = 1; at < data.size() && data[at] != 0;) {
    const std::size_t last = at + data[at];
    need(last < data.size());
    for (++at; at <= last; ++at) {
      waiting |= static_cast<std::uint32_t>(data[at]) << n;
      n += 8;
      while (n >= widths.bits()) {
        const int code = static_cast<int>(waiting & ((1u << widths.bits()) - 1));
        waiting >>= widths.bits();
        n -= widths.bits();
        if (code == widths.end_code()) return widths.entries();
        need(code <= widths.known());
        take(code);
        if (code == widths.clear_code()) {
          widths.clear();
        } else {
          widths.count();
        }
      }
    }
  }
  need(false);
  return 0;
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
    Slot& slot = slot_of(last.prefix, entry);
    if (slot.code == 0) slot = {key_of(last.prefix, entry), next_ - 1};
  }

  /// The string that is another one and an entry, or 0.
  int find(int prefix, int entry) {
    const String& last = strings_[at(next_ - 1)];  // is not in a slot yet
    if (next_ > entries_ + 2 && last.prefix == prefix && last.entry == entry) return next_ - 1;
    return slot_of(prefix, entry).code;
  }

 private:
  struct String {
    std::uint16_t prefix = 0;
    std::uint16_t child = 0;
    std::uint16_t sibling = 0;
    std::uint8_t entry = 0;
    std::uint8_t head = 0;
  };
  struct Slot {
    std::uint32_t key = 0;
    int code = 0;
  };
  static std::size_t at(int code) { return static_cast<std::size_t>(code); }
  static std::uint32_t key_of(int prefix, int entry) {
    return static_cast<std::uint32_t>(prefix) << 8 | static_cast<std::uint32_t>(entry);
  }

  /// The slot of a string, or the free one that would be its.
  Slot& slot_of(int prefix, int entry) {
    const std::uint32_t key = key_of(prefix, entry);
    std::size_t place = key * 0x9e3779b1u >> 19;
    while (slots_[place].code != 0 && slots_[place].key != key) place = (place + 1) % slots_.size();
    return slots_[place];
  }

  int entries_;
  int next_ = 0;
  int bits_ = 0;
  std::array<String, kMostCodes> strings_{};
  std::array<Slot, 2 * kMostCodes> slots_{};
};

/// Prices where nothing may change.
class Exact {
 public:
  explicit Exact(const LzwFrame& frame) : frame_(frame) {}

  float bit() const { return 1; }
  bool is_only() const { return frame_.keep < 0; }

  /// Calls take(entry, price) for those that a code may begin with.
  template <class Take>
  void first(std::size_t i, const Take& take) const {
    const int entry = frame_.indices[i];
    take(entry, 0.0f);
    if (frame_.keep >= 0 && frame_.kept[i] && entry != frame_.keep) take(frame_.keep, 0.0f);
  }

  /// Calls take(string, price) for those that are another one and what a pixel may be.
  template <class Take>
  void next(std::size_t i, int code, Dictionary& dictionary, const Take& take) const {
    first(i, [&](int entry, float price) {
      if (const int found = dictionary.find(code, entry)) take(found, price);
    });
  }

 private:
  const LzwFrame& frame_;
};

/// Prices where errors are weighed against bits.
class Seen {
 public:
  Seen(const LzwFrame& frame, const LzwPrices& prices)
      : frame_(frame), prices_(prices), least_(frame.indices.size()) {
    for (std::size_t i = 0; i < least_.size(); ++i) {
      least_[i] = square4(prices_.wanted[i] - color(i, frame_.indices[i]));
    }
  }

  float bit() const { return prices_.per_bit; }
  bool is_only() const { return false; }

  template <class Take>
  void first(std::size_t i, const Take& take) const {
    const float most = kFirstOver * bit();
    const int k = std::max(static_cast<int>(prices_.entries.size()), frame_.keep + 1);
    for (int entry = 0; entry < k; ++entry) {
      const float found = price(i, entry);
      if (found <= most) take(entry, found);
    }
  }

  template <class Take>
  void next(std::size_t i, int code, Dictionary& dictionary, const Take& take) const {
    const float most = kPixelOver * bit();
    for (int next = dictionary.child(code); next != 0; next = dictionary.sibling(next)) {
      const float found = price(i, dictionary.entry(next));
      if (found <= most) take(next, found);
    }
  }

 private:
  float price(std::size_t i, int entry) const {
    const bool keeps = entry == frame_.keep;
    if (entry != frame_.indices[i] &&
        (keeps ? !frame_.kept[i] : entry >= static_cast<int>(prices_.entries.size()))) {
      return kNever;
    }
    const Point4 here = color(i, entry);
    const float found = prices_.weights[i] * (square4(prices_.wanted[i] - here) - least_[i]);
    const bool flickers = !keeps && !prices_.still.empty() && prices_.still[i] != 0 &&
                          square4(here - prices_.shown[i]) > 0;
    return flickers ? found + kFlicker * bit() : found;
  }

  Point4 color(std::size_t i, int entry) const {
    return entry == frame_.keep ? prices_.shown[i]
                                : prices_.entries[static_cast<std::size_t>(entry)];
  }

  const LzwFrame& frame_;
  const LzwPrices& prices_;
  std::vector<float> least_;  // the squared error of what `indices` has
};

template <class Prices>
class Coder {
 public:
  /// A full dictionary is cleared at once, or when it is stale.
  Coder(const LzwFrame& frame, const Prices& prices, bool at_once, std::uint8_t* written)
      : frame_(frame),
        prices_(prices),
        at_once_(at_once),
        n_(frame.indices.size()),
        written_(written),
        bits_(std::max(2, frame.bits)),
        dictionary_(bits_),
        spent_(static_cast<float>(frame.bits)) {}

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
    spent_ = kKept * spent_ + bits;
    shown_ = kKept * shown_ + pixels;
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
    Path path{frame_.indices[i], 1, 0};
    for (; i + path.length < n_; ++path.length) {
      const int next = dictionary_.find(path.code, frame_.indices[i + path.length]);
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

  const LzwFrame& frame_;
  const Prices& prices_;
  bool at_once_;
  bool was_full_ = false;
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

}  // namespace

std::vector<std::uint8_t> lzw(const LzwFrame& frame) {
  // Of photos and scans, data are 1 to 6 % smaller with a dictionary that is kept for a while, but
  // those of some graphics 10 % larger.
  std::vector<std::uint8_t> written(frame.indices.size());
  const Exact prices(frame);
  Coder coder(frame, prices, true, written.data());
  auto best = coder.run();
  if (!coder.was_full()) return best;
  auto other = Coder(frame, prices, false, written.data()).run();
  return other.size() < best.size() ? other : best;
}

std::array<bool, 256> lzw_entries(std::span<const std::uint8_t> data) {
  // Each entry of a string comes first in one: it is the last of those before, and begins the next.
  std::array<bool, 256> found{};
  read_codes(data, [&](int code) {
    if (code < 1 << data[0]) found[static_cast<std::size_t>(code)] = true;
  });
  return found;
}

std::vector<std::uint8_t> recode_lzw(std::span<const std::uint8_t> data,
                                     const std::array<std::uint8_t, 256>& entries, int bits) {
  if (bits > data[0]) throw std::invalid_argument("bits: expected at most as many as before");
  Widths widths(std::max(2, bits));
  Packer packer;
  const auto put = [&](int code) { packer.put(code, widths.bits()); };
  const int before = 1 << data[0];
  read_codes(data, [&](int code) {
    if (code == before) {
      put(widths.clear_code());
      widths.clear();
      return;
    }
    if (code < before) {
      const int entry = entries[static_cast<std::size_t>(code)];
      if (entry >= widths.entries()) throw std::invalid_argument("entries: expected fewer bits");
      put(entry);
    } else {
      put(code - before + widths.entries());
    }
    widths.count();
  });
  put(widths.end_code());
  return packer.blocks(std::max(2, bits));
}

std::vector<std::uint8_t> lzw_by_price(const LzwFrame& frame, const LzwPrices& prices,
                                       std::uint8_t* written) {
  return Coder(frame, Seen(frame, prices), true, written).run();
}

}  // namespace kpalette
