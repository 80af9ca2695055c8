#include "lzw.hpp"

#include <algorithm>
#include <stdexcept>

#include "lzw_coder.hpp"

namespace kpalette {
namespace {

/// Prices where nothing may change.
class Exact {
 public:
  explicit Exact(const LzwFrame& frame) : frame_(frame) {}

  float bit() const { return 1; }
  bool is_only() const { return frame_.keep < 0; }
  int entry(std::size_t i) const { return frame_.indices[i]; }

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

}  // namespace

std::vector<std::uint8_t> lzw(const LzwFrame& frame) { return smallest_lzw({&frame, 1}).first; }

std::pair<std::vector<std::uint8_t>, std::size_t> smallest_lzw(std::span<const LzwFrame> ways) {
  std::vector<std::uint8_t> written;
  std::vector<std::uint8_t> best;
  std::size_t smallest = 0;
  bool was_full = false;
  for (std::size_t number = 0; number < ways.size(); ++number) {
    const LzwFrame& way = ways[number];
    written.resize(way.indices.size());
    const Exact prices(way);
    Coder coder(way.indices.size(), way.bits, prices, true, written.data());
    auto data = coder.run();
    if (number > 0 && data.size() >= best.size()) continue;
    best = std::move(data);
    smallest = number;
    was_full = coder.was_full();
  }
  if (was_full) {
    // Of photos and scans, data are 1 to 6 % smaller with a dictionary that is kept for a while,
    // but those of some graphics 10 % larger.
    const Exact prices(ways[smallest]);
    auto other = Coder(written.size(), ways[smallest].bits, prices, false, written.data()).run();
    if (other.size() < best.size()) best = std::move(other);
  }
  return {std::move(best), smallest};
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
  if (bits > bits_of(data)) throw std::invalid_argument("bits: expected at most as many as before");
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

}  // namespace kpalette
