#include "deflate_strips.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <stdexcept>

namespace kpalette {
namespace {

using Bytes = std::vector<std::uint8_t>;

void require(bool condition) {
  if (!condition) throw std::invalid_argument("expected a zlib stream of the bytes given");
}

/// Bits of a stream, the lowest of each byte first.
class Bits {
 public:
  explicit Bits(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::size_t position() const { return at_; }

  /// The next 56 bits or more, zeros behind the end.
  std::uint64_t peek() const {
    const std::size_t byte = at_ / 8;
    std::uint64_t bits = 0;
    if (byte + 8 <= bytes_.size() && std::endian::native == std::endian::little) {
      std::memcpy(&bits, bytes_.data() + byte, 8);
    } else {
      for (std::size_t i = byte; i < std::min(byte + 8, bytes_.size()); ++i) {
        bits |= std::uint64_t{bytes_[i]} << 8 * (i - byte);
      }
    }
    return bits >> at_ % 8;
  }
  void skip(std::size_t bits) { at_ += bits; }
  unsigned take(unsigned bits) {
    const auto taken = static_cast<unsigned>(peek() & ((1u << bits) - 1));
    skip(bits);
    return taken;
  }
  void align() { at_ = (at_ + 7) / 8 * 8; }
  void check() const { require(at_ <= 8 * bytes_.size()); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

/// A canonical Huffman code (RFC 1951, 3.2.2).
class Code {
 public:
  struct Found {
    unsigned symbol;
    unsigned bits;
  };

  explicit Code(std::span<const std::uint8_t> lengths) : symbols_(lengths.size()) {
    for (const std::uint8_t length : lengths) ++counts_[length];
    counts_[0] = 0;
    std::array<unsigned, kMost + 2> firsts{};  // the place of the first symbol of a length
    std::array<unsigned, kMost + 2> codes{};   // and its code
    for (std::size_t length = 1; length <= kMost; ++length) {
      firsts[length + 1] = firsts[length] + counts_[length];
      codes[length + 1] = (codes[length] + counts_[length]) << 1;
      require(codes[length] + counts_[length] <= 1u << length);
    }
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const std::size_t length = lengths[symbol];
      if (length == 0) continue;
      symbols_[firsts[length]++] = static_cast<std::uint16_t>(symbol);
      const unsigned code = codes[length]++;
      if (length > kQuick) continue;
      for (std::size_t i = reversed(code, length); i < table_.size();
           i += std::size_t{1} << length) {
        table_[i] = static_cast<std::uint16_t>(symbol << 4 | length);
      }
    }
  }

  /// The symbol at the beginning of some bits, and how many of them it takes.
  Found find(std::uint64_t bits) const {
    const unsigned entry = table_[bits & (table_.size() - 1)];
    if (entry != 0) return {entry >> 4, entry & 15};
    unsigned code = 0;
    unsigned first = 0;
    unsigned place = 0;
    for (unsigned length = 1; length <= kMost; ++length, bits >>= 1) {
      code |= static_cast<unsigned>(bits & 1);
      const unsigned count = counts_[length];
      if (code < first + count) return {symbols_[place + code - first], length};
      place += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    require(false);
    return {};
  }

 private:
  static constexpr std::size_t kMost = 15;   // bits of a code
  static constexpr std::size_t kQuick = 11;  // of those that are looked up

  static std::size_t reversed(unsigned code, std::size_t length) {
    std::size_t bits = 0;
    for (std::size_t i = 0; i < length; ++i) bits |= std::size_t{code >> i & 1} << (length - 1 - i);
    return bits;
  }

  std::array<unsigned, kMost + 1> counts_{};
  std::vector<std::uint16_t> symbols_;  // by their codes
  std::array<std::uint16_t, 1u << kQuick> table_{};
};

struct Codes {
  Code literals;
  Code distances;
};

Codes fixed_codes() {
  std::array<std::uint8_t, 288> lengths;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    lengths[i] = static_cast<std::uint8_t>(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
  }
  std::array<std::uint8_t, 30> distances;
  distances.fill(5);
  return {Code(lengths), Code(distances)};
}

Codes read_codes(Bits& bits) {
  constexpr std::array<std::uint8_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};
  const std::size_t n_literals = 257 + bits.take(5);
  const std::size_t n_distances = 1 + bits.take(5);
  const std::size_t n_lengths = 4 + bits.take(4);
  std::array<std::uint8_t, 19> of_lengths{};
  for (std::size_t i = 0; i < n_lengths; ++i) {
    of_lengths[kOrder[i]] = static_cast<std::uint8_t>(bits.take(3));
  }
  const Code code(of_lengths);
  Bytes lengths;
  while (lengths.size() < n_literals + n_distances) {
    const Code::Found found = code.find(bits.peek());
    bits.skip(found.bits);
    if (found.symbol < 16) {
      lengths.push_back(static_cast<std::uint8_t>(found.symbol));
    } else if (found.symbol == 16) {
      require(!lengths.empty());
      lengths.insert(lengths.end(), 3 + bits.take(2), std::uint8_t{lengths.back()});
    } else {
      lengths.insert(lengths.end(), found.symbol == 17 ? 3 + bits.take(3) : 11 + bits.take(7), 0);
    }
  }
  require(lengths.size() == n_literals + n_distances);
  const auto all = std::span<const std::uint8_t>(lengths);
  return {Code(all.first(n_literals)), Code(all.subspan(n_literals))};
}

/// Skips the symbols of a block; how many bytes it stands for, of as many as there are at most.
std::size_t skip_symbols(Bits& bits, const Codes& codes, std::size_t most) {
  constexpr unsigned kEnd = 256;
  std::size_t size = 0;
  for (;;) {
    // At most 48 bits: a length, its extra bits, a distance, and its.
    std::uint64_t next = bits.peek();
    const Code::Found literal = codes.literals.find(next);
    if (literal.symbol < kEnd) {
      bits.skip(literal.bits);
      require(++size <= most);  // of zeros behind the end there would be no end
      continue;
    }
    if (literal.symbol == kEnd) {
      bits.skip(literal.bits);
      return size;
    }
    const unsigned code = literal.symbol - kEnd - 1;
    require(code < 29);
    next >>= literal.bits;
    unsigned extra = 0;
    if (code == 28) {
      size += 258;
    } else if (code < 8) {
      size += 3 + code;
    } else {
      extra = code / 4 - 1;
      size += 3 + ((4 + code % 4) << extra) + (next & ((1u << extra) - 1));
    }
    require(size <= most);
    const Code::Found distance = codes.distances.find(next >> extra);
    require(distance.symbol < 30);
    const unsigned more = distance.symbol < 2 ? 0 : distance.symbol / 2 - 1;
    bits.skip(literal.bits + extra + distance.bits + more);
  }
}

/// Where the last block of a stream of so many bytes begins and ends, in bits.
struct LastBlock {
  std::size_t first;
  std::size_t end;
};

LastBlock find_last_block(std::span<const std::uint8_t> blocks, std::size_t expected) {
  Bits bits(blocks);
  std::size_t size = 0;
  for (;;) {
    bits.check();
    const std::size_t first = bits.position();
    const bool is_last = bits.take(1) != 0;
    const unsigned kind = bits.take(2);
    require(kind < 3);
    if (kind == 0) {
      bits.align();
      const unsigned length = bits.take(16);
      require((bits.take(16) ^ length) == 0xffff);
      bits.skip(8 * std::size_t{length});
      size += length;
      require(size <= expected);
    } else {
      size += skip_symbols(bits, kind == 1 ? fixed_codes() : read_codes(bits), expected - size);
    }
    if (!is_last) continue;
    bits.check();
    require(size == expected && (bits.position() + 7) / 8 == blocks.size());
    return {first, bits.position()};
  }
}

constexpr std::size_t kHeader = 2;
constexpr std::size_t kSum = 4;

/// Adler-32 of two parts together, the second of so many bytes (RFC 1950, 8.2).
std::uint32_t joined_sums(std::uint32_t first, std::uint32_t second, std::size_t size) {
  constexpr std::uint64_t kBase = 65521;
  const std::uint64_t a = first & 0xffff;
  const std::uint64_t low = (a + (second & 0xffff) + kBase - 1) % kBase;
  const std::uint64_t high =
      ((first >> 16) + (second >> 16) + size % kBase * ((a + kBase - 1) % kBase)) % kBase;
  return static_cast<std::uint32_t>(high << 16 | low);
}

}  // namespace

DeflatedStrip open_strip(std::vector<std::uint8_t>&& zlib, std::size_t size, bool is_last) {
  require(zlib.size() > kHeader + kSum);
  std::uint32_t sum = 0;
  for (const std::uint8_t byte : std::span(zlib).last(kSum)) sum = sum << 8 | byte;
  zlib.resize(zlib.size() - kSum);
  DeflatedStrip strip{.blocks = std::move(zlib), .header = {}, .sum = sum, .size = size};
  std::copy_n(strip.blocks.begin(), kHeader, strip.header.begin());
  strip.blocks.erase(strip.blocks.begin(), strip.blocks.begin() + kHeader);
  const LastBlock last = find_last_block(strip.blocks, size);
  if (is_last) return strip;
  strip.blocks[last.first / 8] &= static_cast<std::uint8_t>(~(1u << last.first % 8));
  // A stored block of nothing, whose three bits are zeros, ends at a whole byte.
  strip.blocks.resize((last.end + 3 + 7) / 8);
  strip.blocks.insert(strip.blocks.end(), {0, 0, 0xff, 0xff});
  return strip;
}

std::vector<std::uint8_t> join_strips(std::span<const DeflatedStrip> strips) {
  Bytes out(strips[0].header.begin(), strips[0].header.end());
  std::uint32_t sum = 1;
  for (const DeflatedStrip& strip : strips) {
    out.insert(out.end(), strip.blocks.begin(), strip.blocks.end());
    sum = joined_sums(sum, strip.sum, strip.size);
  }
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(sum >> shift));
  }
  return out;
}

}  // namespace kpalette
