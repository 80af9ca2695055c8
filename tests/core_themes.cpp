// Themes of random pictures of all shapes: what holds for every one of them, under sanitizers.
#include <array>
#include <set>

#include "core_checks.hpp"
#include "core_data.hpp"
#include "theme.hpp"

namespace {

/// A picture of few or many colours, of which some pixels may be transparent or masked.
struct Made {
  Bytes pixels;
  Bytes mask;
  std::size_t height, width;
  int channels;

  MaskedPicture picture() const { return {pixels, height, width, channels, mask}; }
};

Made make(Random& random, std::size_t height, std::size_t width) {
  Made made{{}, {}, height, width, random.below(2) == 0 ? 3 : 4};
  const std::uint64_t levels = 2 + random.below(200);
  const bool masked = random.below(3) == 0;
  for (std::size_t i = 0; i < height * width; ++i) {
    for (int c = 0; c < made.channels; ++c) {
      made.pixels.push_back(static_cast<std::uint8_t>(random.below(levels) * 255 / (levels - 1)));
    }
    if (masked) made.mask.push_back(static_cast<std::uint8_t>(random.below(2)));
  }
  return made;
}

void check(const Made& made, int k, std::span<const std::uint8_t> ignored) {
  Team one(1);
  Team three(3);
  const MaskedPicture picture = made.picture();
  const ThemeCounts counts = count_for_theme(picture, ignored, one);
  std::set<std::array<std::uint8_t, 3>> own;
  std::int64_t covered = 0;
  for (std::size_t i = 0; i < made.height * made.width; ++i) covered += picture.covers(i);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < counts.colors.size(); ++i) {
    own.insert({counts.colors.colors[3 * i], counts.colors.colors[3 * i + 1],
                counts.colors.colors[3 * i + 2]});
    total += counts.colors.counts[i];
  }
  if (ignored.empty()) CHECK_EQUAL(total, covered);
  CHECK_AT_MOST(static_cast<double>(total), static_cast<double>(covered));
  if (total == 0) return;

  const Theme theme = make_theme(counts, k, one);
  const std::size_t size = theme.counts.size();
  CHECK(size >= 1 && size <= static_cast<std::size_t>(k == 0 ? 12 : k) && size <= own.size());
  CHECK_EQUAL(theme.colors.size(), 3 * size);
  std::int64_t shared = 0;
  for (std::size_t j = 0; j < size; ++j) {
    CHECK(own.contains({theme.colors[3 * j], theme.colors[3 * j + 1], theme.colors[3 * j + 2]}));
    shared += theme.counts[j];
  }
  CHECK_EQUAL(shared, total);
  for (const auto& role : theme.roles) CHECK(!role || own.contains(*role));

  const Theme again = make_theme(count_for_theme(picture, ignored, three), k, three);
  CHECK(again.colors == theme.colors && again.counts == theme.counts && again.roles == theme.roles);

  const auto places = theme_places(picture, theme.colors, one);
  CHECK_EQUAL(places.size(), size);
  CHECK(places == theme_places(picture, theme.colors, three));
  for (const auto& [x, y] : places) {
    CHECK(x >= 0 && x < static_cast<std::int32_t>(made.width) && y >= 0 &&
          y < static_cast<std::int32_t>(made.height));
    CHECK(picture.covers(static_cast<std::size_t>(y) * made.width + static_cast<std::size_t>(x)));
  }
}

}  // namespace

void test_themes() {
  Random random(25);
  const Bytes white{255, 255, 255};
  const std::array<std::array<std::size_t, 2>, 6> shapes{
      {{1, 1}, {1, 7}, {9, 1}, {5, 4}, {40, 61}, {97, 100}}};
  for (const auto& [height, width] : shapes) {
    for (int turn = 0; turn < 6; ++turn) {
      const Made made = make(random, height, width);
      for (const int k : {0, 1, 2, 6, kMaxThemeColors}) {
        current_case = text("theme of ", height, " x ", width, ", turn ", turn, ", k ", k);
        check(made, k, {});
        check(made, k, white);
      }
    }
  }
}
