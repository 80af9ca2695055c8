// Indices by rate, for deflate and for LZW: laws, the model's parse of bytes, and the same bytes
// for every team.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "core_checks.hpp"
#include "core_data.hpp"
#include "deflate_costs.hpp"
#include "gif_changes.hpp"
#include "lzw.hpp"
#include "lzw_choice.hpp"
#include "rate.hpp"
#include "runs.hpp"
#include "seen_frames.hpp"
#include "texture.hpp"

namespace {

Point4 point_of(const std::vector<double>& coords, std::size_t i, std::size_t d) {
  Point4 point{};
  for (std::size_t axis = 0; axis < d; ++axis)
    point[axis] = static_cast<float>(coords[i * d + axis]);
  return point;
}

/// A picture, a palette of k of its colours, and the nearest entries.
struct Picture {
  std::size_t width;
  int channels;
  Bytes pixels;
  Bytes palette;
  Bytes nearest;
  std::vector<Point4> coords;  // in Oklab
  std::vector<Point4> entries;

  Picture(std::size_t height, std::size_t width, int channels, std::size_t k, Kind kind)
      : width(width),
        channels(channels),
        pixels(make_pixels(height * width, channels, kind, 7)),
        nearest(height * width) {
    const auto d = static_cast<std::size_t>(channels);
    std::set<Bytes> distinct;
    for (std::size_t i = 0; i < nearest.size() && distinct.size() < k; i += 1 + i % 3) {
      distinct.insert(Bytes(&pixels[i * d], &pixels[i * d] + d));
    }
    for (const Bytes& color : distinct) palette.insert(palette.end(), color.begin(), color.end());
    const Space space(SpaceName::oklab, channels);
    std::vector<double> placed = space.place(pixels);
    for (double& coord : placed) coord /= space.steps();
    for (std::size_t i = 0; i < nearest.size(); ++i) coords.push_back(point_of(placed, i, d));
    placed = space.place(palette);
    for (double& coord : placed) coord /= space.steps();
    for (std::size_t j = 0; j < distinct.size(); ++j) entries.push_back(point_of(placed, j, d));
    for (std::size_t i = 0; i < nearest.size(); ++i) {
      const auto least = std::ranges::min_element(
          entries, {}, [&](const Point4& entry) { return square4(entry - coords[i]); });
      nearest[i] = static_cast<std::uint8_t>(least - entries.begin());
    }
  }

  Bytes chosen(float per_bit, float strength, int threads = 1, std::int64_t* bits = nullptr) const {
    Bytes indices = nearest;
    Team team(threads);
    const std::int64_t found =
        choose_by_rate(pixels, channels, width, palette, per_bit, strength, indices.data(), team);
    if (bits != nullptr) *bits = found;
    return indices;
  }

  /// The same, a row at a time.
  Bytes chosen_by_rows(float per_bit, float strength) const {
    Bytes indices = nearest;
    Team team(1);
    RateSearch search(pixels, channels, width, palette, per_bit, strength, indices.data(), team);
    std::size_t rows = 1;
    for (; search.step(); ++rows) {
    }
    CHECK_EQUAL(rows, nearest.size() / width);
    return indices;
  }

  /// The bits of indices under the model: where all pixels are entries, and bits cost next to
  /// nothing, there is nothing to choose.
  std::int64_t bits_of(Bytes indices) const {
    Bytes shown;
    const auto d = static_cast<std::size_t>(channels);
    for (const std::uint8_t index : indices) {
      shown.insert(shown.end(), &palette[index * d], &palette[index * d] + d);
    }
    Team team(1);
    const Bytes given = indices;
    const std::int64_t bits =
        choose_by_rate(shown, channels, width, palette, 1e-12f, 0, indices.data(), team);
    CHECK_EQUAL(indices, given);
    return bits;
  }

  /// Whether a pixel is one of kRun of its colour in a row, across or down.
  bool is_in_run(std::size_t at) const {
    const std::size_t x = at % width;
    const std::size_t height = nearest.size() / width;
    const auto d = static_cast<std::size_t>(channels);
    const auto is_run = [&](std::size_t begin, std::size_t step) {
      for (std::size_t i = 1; i < kRun; ++i) {
        const std::uint8_t* pixel = &pixels[(begin + i * step) * d];
        if (!std::equal(pixel, pixel + d, &pixels[begin * d])) return false;
      }
      return true;
    };
    bool found = false;
    for (std::size_t i = 0; i < kRun; ++i) {  // runs in which it is at place i
      if (x >= i && x - i + kRun <= width) found |= is_run(at - i, 1);
      const std::size_t y = at / width;
      if (y >= i && y - i + kRun <= height) found |= is_run(at - i * width, width);
    }
    return found;
  }

  /// The weighted squared errors of indices.
  double error_of(const Bytes& indices) const {
    Team team(1);
    std::vector<float> weights(indices.size());
    weigh_by_texture(coords, width, weights.data(), team);
    double sum = 0;
    for (std::size_t i = 0; i < indices.size(); ++i) {
      sum += double{weights[i]} * double{square4(coords[i] - entries[indices[i]])};
    }
    return sum;
  }
};

void test_laws(const Picture& picture) {
  CHECK_EQUAL(picture.chosen(0, 0), picture.nearest);
  const auto d = static_cast<std::size_t>(picture.channels);
  for (const float strength : {0.0f, 0.7f}) {
    const Bytes chosen = picture.chosen(kPerBit[2], strength);
    CHECK_EQUAL(picture.chosen(kPerBit[2], strength, 3), chosen);
    CHECK_EQUAL(picture.chosen_by_rows(kPerBit[2], strength), chosen);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::uint8_t* pixel = &picture.pixels[i * d];
      const std::uint8_t* nearest = &picture.palette[picture.nearest[i] * d];
      const std::uint8_t* entry = &picture.palette[chosen[i] * d];
      if (std::equal(pixel, pixel + d, nearest) && picture.is_in_run(i)) {
        CHECK_EQUAL(chosen[i], picture.nearest[i]);
      }
      if (d == 4 && pixel[3] == 255 && nearest[3] == 255) CHECK_EQUAL(entry[3], 255);
      if (d == 4 && pixel[3] == 0 && nearest[3] == 0) CHECK_EQUAL(entry[3], 0);
    }
  }
}

/// In a first row, costs of symbols are the same for all ways.
void test_cost(Kind kind) {
  const Picture row(1, 3000, 3, 60, kind);
  for (const float per_bit : kPerBit) {
    std::int64_t bits = 0;
    const Bytes chosen = row.chosen(per_bit, 0, 1, &bits);
    const double plain = row.error_of(row.nearest) + per_bit * (row.bits_of(row.nearest) + 1);
    CHECK_AT_MOST(row.error_of(chosen) + per_bit * static_cast<double>(bits), plain * 1.000001);
  }
}

/// A frame, one in which half of its rows are others, and that once more.
void test_frames(const Picture& picture) {
  const std::size_t height = picture.nearest.size() / picture.width;
  const auto frames = [&] {
    return LossyFrames(picture.palette, picture.channels, picture.width, height, kPerBit[2]);
  };
  Bytes pixels = picture.pixels;
  std::reverse(pixels.begin(), pixels.begin() + static_cast<std::ptrdiff_t>(pixels.size() / 2));
  LossyFrames one = frames();
  LossyFrames three = frames();
  Team alone(1);
  Team team(3);
  Bytes shown;
  for (const Bytes& some : {picture.pixels, pixels, pixels}) {
    Bytes indices = picture.nearest;
    Bytes again = picture.nearest;
    const auto image = one.choose(some, indices.data(), alone);
    const auto same = three.choose(some, again.data(), team);
    CHECK_EQUAL(again, indices);
    CHECK_EQUAL(image.has_value(), same.has_value());
    CHECK(!image || image->data == same->data);
    CHECK_EQUAL(three.cost(), one.cost());
    if (image) {
      CHECK(image->part.right <= picture.width && image->part.bottom <= height);
      const auto used = lzw_entries(image->data);
      CHECK(image->keep < 0 || !shown.empty());
      for (const auto index : cut(indices.data(), picture.width, image->part)) {
        CHECK(used[index] || image->keep >= 0);
      }
    } else {
      CHECK_EQUAL(indices, shown);
    }
    shown = indices;
  }
}

/// Frames without loss: what is drawn and what stays, clear or not, for any team.
void test_changes() {
  const Bytes colors{10, 20, 30, 255, 40, 50, 60, 255, 0, 0, 0, 0};
  const std::size_t width = 7;
  std::mt19937 random(3);
  std::vector<Bytes> indices(6, Bytes(width * 5));
  for (Bytes& frame : indices) {
    for (std::uint8_t& entry : frame) entry = static_cast<std::uint8_t>(random() % 3);
  }
  indices[3] = indices[2];
  std::vector<GifFrame> frames;
  for (const Bytes& frame : indices) frames.push_back({frame, colors, 4});
  Team alone(1);
  Team team(3);
  const auto images = code_changes(frames, width, alone);
  const auto again = code_changes(frames, width, team);
  CHECK_EQUAL(images.size(), frames.size());
  CHECK(!images[3]);
  for (std::size_t i = 0; i < images.size(); ++i) {
    CHECK_EQUAL(images[i].has_value(), again[i].has_value());
    if (!images[i]) continue;
    CHECK(images[i]->data == again[i]->data);
    CHECK(images[i]->part.right <= width && images[i]->part.bottom <= 5);
    CHECK_EQUAL(images[i]->keep, 2);  // the clear entry
  }
  CHECK(images[0]->cleared && !images[5]->cleared);

  // The same codes with other entries, and bits that do for them.
  std::array<std::uint8_t, 256> places{};
  places[1] = 3;
  const Bytes data = lzw({.bits = 8, .indices = Bytes(5000, 1)});
  const Bytes recoded = recode_lzw(data, places, 2);
  CHECK(recoded.size() <= data.size() && recoded[0] == 2);
  const auto used = lzw_entries(recoded);
  CHECK(used[3] && std::ranges::count(used, true) == 1);
  for (std::size_t end = 0; end < data.size() - 1; ++end) {
    bool refused = false;
    try {
      recode_lzw({data.data(), end}, places, 2);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused || end > data.size() - 3);
  }
}

/// The same where deflate compresses: what is drawn is shown, and what is not stays.
void test_frames_of_deflate(const Picture& picture) {
  if (picture.channels != 3 || picture.palette.size() / 3 >= 256) return;
  Bytes moved = picture.pixels;
  std::reverse(moved.begin(), moved.begin() + static_cast<std::ptrdiff_t>(moved.size() / 2));
  const Bytes first = picture.chosen(kPerBit[2], 0);
  const auto choose = [&](const Bytes& pixels, const Bytes& before, Bytes& indices, Bytes& drawn,
                          int threads) {
    Team team(threads);
    return choose_by_rate_after(pixels, picture.width, picture.palette, kPerBit[2],
                                {picture.pixels, before}, indices.data(), drawn.data(), team);
  };
  Bytes second = picture.nearest;
  Bytes drawn(second.size(), 2);
  const bool draws = choose(moved, first, second, drawn, 1);
  for (std::size_t i = 0; i < second.size(); ++i) {
    CHECK_AT_MOST(drawn[i], 1);
    CHECK_AT_MOST(second[i], picture.palette.size() / 3 - 1);
    if (drawn[i] == 0) CHECK_EQUAL(second[i], first[i]);
  }
  CHECK_EQUAL(draws, std::ranges::find(drawn, 1) != drawn.end());
  Bytes again = picture.nearest;
  Bytes drawn_again(second.size());
  choose(moved, first, again, drawn_again, 3);
  CHECK_EQUAL(again, second);
  CHECK_EQUAL(drawn_again, drawn);
  Bytes still = picture.nearest;
  CHECK(!choose(picture.pixels, first, still, drawn, 2));
  CHECK_EQUAL(still, first);
}

void test_codes() {
  // RFC 1951, 3.2.5: the first length and distance of each code.
  const std::vector<int> lengths{3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  const std::vector<int> distances{1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                   33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                   1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  const auto code_in = [](const std::vector<int>& firsts, int value) {
    return static_cast<int>(std::ranges::upper_bound(firsts, value) - firsts.begin()) - 1;
  };
  int wrong = 0;
  for (int length = 3; length <= 258; ++length) {
    wrong += DeflateCosts::length_code(length) != code_in(lengths, length);
  }
  for (int distance = 1; distance <= DeflateCosts::kMostDistance; ++distance) {
    wrong += DeflateCosts::distance_code(distance) != code_in(distances, distance);
  }
  CHECK_EQUAL(wrong, 0);

  const std::vector<std::uint32_t> counts(64, 5);
  DeflateCosts costs(counts);
  for (int i = 0; i < 5000; ++i) costs.count_literal(3);
  for (int i = 0; i < 5000; ++i) costs.count_match(20, 700);
  costs.update();
  CHECK(costs.literal(3) < costs.literal(4) && costs.literal(4) < costs.literal(200));
  CHECK(costs.length(20) < costs.length(30));
  CHECK_NEAR(costs.literal(3), 65536 * 1.4, 65536 * 0.4);  // about half of all symbols, and a guess
  CHECK_EQUAL(costs.length(20), costs.length(19));
  const int code = DeflateCosts::distance_code(700);
  CHECK(costs.distance(code) < costs.distance(code - 1));
}

void test_texture() {
  // Half is flat, half is noise: errors count more where it is flat.
  const std::size_t width = 64;
  std::mt19937 random(1);
  std::vector<Point4> coords(width * 40);
  for (std::size_t i = 0; i < coords.size(); ++i) {
    if (i % width >= width / 2) coords[i][0] = static_cast<float>(random() % 1000) / 1000;
  }
  std::vector<float> weights(coords.size());
  Team team(1);
  weigh_by_texture(coords, width, weights.data(), team);
  std::vector<float> again(coords.size());
  Team three(3);
  weigh_by_texture(coords, width, again.data(), three);
  CHECK(weights == again);
  CHECK(weights[20 * width + 10] > 1);
  CHECK(weights[20 * width + 50] < weights[20 * width + 10] / 10);
  CHECK_EQUAL(weights[20 * width + 10], weights[20 * width + 11]);
  weigh_by_texture(std::span(coords).first(1), 1, weights.data(), team);
  CHECK_EQUAL(weights[0], 1);

  weigh_by_lightness(coords, width, {0, 0, 40, width}, weights.data(), team);
  weigh_by_lightness(coords, width, {0, 0, 3, width}, again.data(), three);
  weigh_by_lightness(coords, width, {3, 0, 40, 7}, again.data(), three);
  weigh_by_lightness(coords, width, {3, 7, 40, width}, again.data(), three);
  CHECK(weights == again);
  CHECK_EQUAL(weights[20 * width + 10], 1);
  CHECK(weights[20 * width + 50] < 0.5f);
}

void test_seen_frames() {
  // Of a drawing, what is found where it changes is as if all of it were new.
  const std::size_t width = 40, height = 30;
  std::mt19937 random(2);
  const std::vector<std::uint8_t> palette{0, 0, 0, 255, 255, 255, 200, 30, 40, 90, 90, 90};
  std::vector<std::uint8_t> indices(width * height);
  std::vector<std::uint8_t> pixels(3 * indices.size());
  Team team(1);
  SeenFrames seen(palette, 3, width, height, 1e-4f);
  for (int frame = 0; frame < 12; ++frame) {
    const std::size_t top = random() % height, left = random() % width;
    const std::size_t bottom = std::min<std::size_t>(height, top + random() % 9);
    const std::size_t right = std::min<std::size_t>(width, left + random() % 9);
    for (std::size_t y = top; y < bottom; ++y) {
      for (std::size_t x = left; x < right; ++x) {
        const auto entry = random() % (frame % 2 == 0 ? 1 : 4) + static_cast<unsigned>(frame) % 3;
        indices[y * width + x] = static_cast<std::uint8_t>(entry % 4);
      }
    }
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = palette[3 * indices[i / 3] + i % 3];
      // Some are near an entry, but not its colour.
      if (i / 3 % 11 == 0 && pixels[i] == 90) pixels[i] = 93;
    }
    seen.take(pixels, indices.data(), frame > 0, team);
    SeenFrames anew(palette, 3, width, height, 1e-4f);
    anew.take(pixels, indices.data(), false, team);
    CHECK(seen.is_flat() && anew.is_flat());
    CHECK(std::ranges::equal(seen.weights(), anew.weights()));
    CHECK(std::ranges::equal(seen.least(), anew.least()));
    CHECK(std::memcmp(seen.wanted().data(), anew.wanted().data(),
                      seen.wanted().size() * sizeof(Point4)) == 0);
  }
}

}  // namespace

void test_rate() {
  current_case = "deflate's codes";
  test_codes();
  current_case = "texture";
  test_texture();
  current_case = "frames of drawings";
  test_seen_frames();
  current_case = "frames without loss";
  test_changes();
  for (const Kind kind : kKinds) {
    current_case = text("cost of a row, kind ", static_cast<int>(kind));
    test_cost(kind);
    for (const int channels : {3, 4}) {
      for (const std::size_t k : {1, 2, 30, 256}) {
        current_case =
            text("rate, kind ", static_cast<int>(kind), ", ", channels, " channels, k ", k);
        const Picture picture(70, 90, channels, k, kind);
        test_laws(picture);
        test_frames_of_deflate(picture);
        test_frames(picture);
      }
      current_case = text("rate, a column or a row, ", channels, " channels");
      for (const auto& line :
           {Picture(1, 700, channels, 20, kind), Picture(700, 1, channels, 20, kind)}) {
        test_laws(line);
        test_frames(line);
      }
      test_laws(Picture(200, 3, channels, 20, kind));
    }
  }
  current_case = "rate, several bands";
  test_laws(Picture(140, 5000, 3, 8, Kind::few));
  const Picture bands(140, 5000, 3, 8, Kind::smooth);
  CHECK_EQUAL(bands.chosen(kPerBit[1], 0.7f, 3), bands.chosen(kPerBit[1], 0.7f, 1));
}
