// Indexed files: orders of palettes, rows as differences, and the smallest way to write them.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core_checks.hpp"
#include "log2.hpp"
#include "palette_order.hpp"
#include "parallel.hpp"
#include "png.hpp"
#include "png_reader.hpp"
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

/// Bands counted by several threads add up.
void test_many_neighbours() {
  current_case = "many neighbours";
  const Bytes indices = random_bytes(900 * 1200, 5, 1);
  std::vector<std::int64_t> expected(25);
  const auto add = [&](std::size_t a, std::size_t b) {
    if (indices[a] == indices[b]) return;
    ++expected[indices[a] * 5 + indices[b]];
    ++expected[indices[b] * 5 + indices[a]];
  };
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (i % 1200 > 0) add(i, i - 1);
    if (i >= 1200) add(i, i - 1200);
  }
  Team team(3);
  CHECK_EQUAL(count_neighbours(indices, 1200, 5, team), expected);
}

void test_neighbours() {
  const Bytes indices{0, 1, 1, 2, 0, 1};  // two rows of three
  Team one(1);
  // across: 0-1, 2-0, 0-1; down: 0-2, 1-0
  const std::vector<std::int64_t> expected{0, 3, 2, 3, 0, 0, 2, 0, 0};
  CHECK_EQUAL(count_neighbours(indices, 3, 3, one), expected);
  CHECK_THROWS(std::invalid_argument, count_neighbours(indices, 3, 257, one));
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
  Team one(1);
  const auto order = order_palette(count_neighbours(indices, 4 * k, k, one), Bytes(k), 9);
  CHECK(order == names || Bytes(order.rbegin(), order.rend()) == names);
}

void test_order(std::size_t k, std::size_t leading) {
  // Smooth, so that some are neighbours far more often than others.
  Bytes indices = random_bytes(60 * 50, std::min<std::size_t>(k, 7), 3);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    indices[i] = static_cast<std::uint8_t>((indices[i] + i % 50 * k / 50 * 37) % k);
  }
  Team team(3);
  const auto neighbours = count_neighbours(indices, 50, k, team);
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
    const auto make = [&](std::size_t y, std::uint8_t* to) {
      std::copy_n(&rows[y * stride], stride, to);
    };
    Team team(3);
    const Bytes filtered = filter_rows(height, stride, make, choice, team);
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

/// Rows of any bytes, filtered in any way, as the reader undoes them: of pixels of 1 to 4 bytes.
void test_reader(int color, std::size_t width, std::size_t height, std::size_t below) {
  current_case = text("reader, colour type ", color, ", ", width, "x", height);
  const PngFormat format{.width = width, .height = height, .color = color};
  const std::size_t size = color == PngFormat::kRgba        ? 4
                           : color == PngFormat::kRgb       ? 3
                           : color == PngFormat::kGreyAlpha ? 2
                                                            : 1;
  const std::size_t n = width * size;
  Bytes rows = random_bytes(height * (n + 1), below, 9);
  Bytes expected(height * n);
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t& filter = rows[y * (n + 1)];
    filter %= 5;
    for (std::size_t x = 0; x < n; ++x) {
      const std::size_t i = y * n + x;
      const int left = x >= size ? expected[i - size] : 0;
      const int above = y > 0 ? expected[i - n] : 0;
      const int above_left = x >= size && y > 0 ? expected[i - n - size] : 0;
      expected[i] =
          static_cast<std::uint8_t>(rows[i + y + 1] + predicted(filter, left, above, above_left));
    }
  }
  if (size == 1) {
    Bytes repeated;
    for (const std::uint8_t level : expected) repeated.insert(repeated.end(), 3, level);
    expected = repeated;
  } else if (size == 2) {
    Bytes repeated;
    for (std::size_t i = 0; i < expected.size(); i += 2) {
      repeated.insert(repeated.end(), 3, expected[i]);
      repeated.push_back(expected[i + 1]);
    }
    expected = repeated;
  }
  CHECK_EQUAL(format.size(), rows.size());
  const auto d = static_cast<std::size_t>(format.channels());
  Bytes some = rows;
  Bytes pixels(width * height * d);
  PngRows reader(format, width);  // at first a row, then the others
  CHECK_EQUAL(reader.read(std::span(some).first(n + 1), pixels.data()), true);
  CHECK_EQUAL(reader.read(std::span(some).subspan(n + 1), pixels.data() + width * d), true);
  CHECK_EQUAL(pixels, expected);
  if (!format.is_plain()) return;
  CHECK_EQUAL(read_png(format, rows, rows.data()), static_cast<int>(d));  // where the rows were
  rows.resize(expected.size());
  CHECK_EQUAL(rows, expected);
}

/// Of all that the fourth filter can meet, it takes the neighbour that the standard says.
void test_paeth() {
  current_case = "the fourth filter";
  const PngFormat format{.width = 2, .height = 2, .color = PngFormat::kRgba};
  std::size_t wrong = 0;
  for (int above_left = 0; above_left < 256; ++above_left) {
    for (int above = 0; above < 256; ++above) {
      for (int left = 0; left < 256; left += 4) {
        const auto byte = [](int value) { return static_cast<std::uint8_t>(value); };
        Bytes rows(format.size());
        for (std::size_t i = 0; i < 4; ++i) {
          rows[1 + i] = byte(above_left);
          rows[5 + i] = byte(above);
          // The first of a row is predicted from above alone.
          rows[10 + i] = byte(left + static_cast<int>(i) - above_left);
        }
        rows[9] = 4;
        Bytes pixels(16);
        wrong += !PngRows(format, 2).read(rows, pixels.data());
        for (std::size_t i = 0; i < 4; ++i) {
          const int now = pixels[8 + i];
          wrong += pixels[12 + i] != predicted(4, now, above, above_left);
        }
      }
    }
  }
  CHECK_EQUAL(wrong, std::size_t{0});
}

std::uint32_t number_at(const Bytes& bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

/// What a file's chunk of a kind holds, nothing where there is none. Check sums are bit by bit.
Bytes held(const Bytes& file, const std::string& wanted) {
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t length = number_at(file, at);
    const std::size_t end = at + 8 + length;
    std::uint32_t crc = ~0u;
    for (std::size_t i = at + 4; i < end; ++i) {
      crc ^= file[i];
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    CHECK_EQUAL(~crc, number_at(file, end));
    const auto first = file.begin() + static_cast<std::ptrdiff_t>(at);
    if (std::equal(wanted.begin(), wanted.end(), first + 4)) {
      return {first + 8, first + 8 + static_cast<std::ptrdiff_t>(length)};
    }
    at = end + 4;
  }
  return {};
}

/// Leaves bytes as they are, so that the file can be read here.
Bytes not_deflated(std::span<const std::uint8_t> bytes, int level) {
  CHECK(level >= 1 && level <= 12);
  return {bytes.begin(), bytes.end()};
}

/// A file shows the colours that the indices name, whatever the way.
void test_png(std::size_t k, std::size_t height, std::size_t width, int channels,
              const PngOptions& options, bool grey) {
  Bytes colors = random_bytes(k * static_cast<std::size_t>(channels), 256, 5);
  const auto from = static_cast<std::size_t>(channels);
  for (std::size_t i = 0; grey && i < colors.size(); ++i) {
    colors[i] = i % from == 3 ? 255 : colors[i / from * from];
  }
  const Bytes indices = random_bytes(height * width, k, 6);
  std::vector<Bytes> files;
  for (const int threads : {1, 2}) {
    Team team(threads);
    PngEncoder encoder(indices, width, colors, channels, options, not_deflated, team);
    while (encoder.step()) {
    }
    CHECK(!encoder.step());
    files.push_back(encoder.chunks().file());
  }
  CHECK_EQUAL(files[0], files[1]);
  const Bytes header = held(files[0], "IHDR");
  CHECK_EQUAL(number_at(header, 0), static_cast<std::uint32_t>(width));
  CHECK_EQUAL(number_at(header, 4), static_cast<std::uint32_t>(height));
  const int bits = header[8];
  const bool is_grey = header[9] == 0;
  const bool may = grey && options.may_be_grey && !options.keep_order;
  CHECK(!is_grey || (may && options.effort != PngEffort::quick));
  const Bytes palette = held(files[0], "PLTE");
  const Bytes alphas = held(files[0], "tRNS");
  CHECK_EQUAL(palette.size(), is_grey ? 0 : 3 * k);
  const Bytes rows = held(files[0], "IDAT");
  const std::size_t stride = (width * static_cast<std::size_t>(bits) + 7) / 8;
  CHECK_EQUAL(rows.size(), height * (1 + stride));
  Bytes above(stride);
  for (std::size_t y = 0; y < height; ++y) {
    Bytes row(rows.begin() + static_cast<std::ptrdiff_t>(y * (1 + stride) + 1),
              rows.begin() + static_cast<std::ptrdiff_t>((y + 1) * (1 + stride)));
    for (std::size_t x = 0; x < stride; ++x) {
      const int left = x > 0 ? row[x - 1] : 0;
      const int above_left = x > 0 ? above[x - 1] : 0;
      row[x] = static_cast<std::uint8_t>(
          row[x] + predicted(rows[y * (1 + stride)], left, above[x], above_left));
    }
    for (std::size_t x = 0; x < width; ++x) {
      const std::size_t bit = x * static_cast<std::size_t>(bits);
      const int shift = 8 - bits - static_cast<int>(bit % 8);
      const std::size_t value = row[bit / 8] >> shift & ((1 << bits) - 1);
      const std::size_t index = indices[y * width + x];
      if (options.keep_order) CHECK_EQUAL(value, index);
      for (std::size_t i = 0; i < from; ++i) {
        const std::size_t shown = is_grey  ? (i == 3 ? 255 : value * 255 / ((1u << bits) - 1))
                                  : i == 3 ? (value < alphas.size() ? alphas[value] : 255)
                                           : palette[3 * value + i];
        CHECK_EQUAL(shown, std::size_t{colors[index * from + i]});
      }
    }
    above = row;
  }
}

}  // namespace

void test_files() {
  test_log2();
  test_neighbours();
  test_many_neighbours();
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
  test_filters(600, 9, 256);
  for (const int color : {0, 2, 4, 6}) {
    for (const auto& [width, height] :
         {std::pair<std::size_t, std::size_t>{1, 1}, {2, 3}, {7, 40}, {65, 30}}) {
      test_reader(color, width, height, 256);
      test_reader(color, width, height, 5);
    }
  }
  test_paeth();
  for (const std::size_t k : {1, 2, 3, 16, 17, 256}) {
    for (const auto effort : {PngEffort::quick, PngEffort::usual, PngEffort::thorough}) {
      for (const bool keep_order : {false, true}) {
        for (const bool grey : {false, true}) {
          for (const auto& [height, width] :
               {std::pair<std::size_t, std::size_t>{1, 1}, {1, 300}, {300, 1}, {40, 31}}) {
            current_case =
                text("PNG, k ", k, ", effort ", static_cast<int>(effort), ", ", width, "x", height,
                     keep_order ? ", order kept" : "", grey ? ", grey" : "");
            test_png(k, height, width, 4, {effort, keep_order}, grey);
            test_png(k, height, width, 3, {effort, keep_order, k % 2 == 0}, grey);
          }
        }
      }
    }
  }
}
