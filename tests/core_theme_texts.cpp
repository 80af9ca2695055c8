// What is made of a theme's colours: contrast, names, tones, schemes, texts and cards.
#include <array>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "color_names.hpp"
#include "contrast.hpp"
#include "core_checks.hpp"
#include "core_data.hpp"
#include "theme_text.hpp"
#include "tones.hpp"

namespace {

void test_contrast() {
  current_case = "contrast";
  CHECK_NEAR(contrast({0, 0, 0}, {255, 255, 255}), 21, 1e-12);
  CHECK_NEAR(contrast({118, 118, 118}, {255, 255, 255}), 4.542, 5e-4);
  bool all_read = true;
  for (int grey = 0; grey < 256; ++grey) {
    const auto level = static_cast<std::uint8_t>(grey);
    const Color color{level, level, level};
    all_read &= contrast(color, text_on(color)) >= kTextContrast;
  }
  CHECK(all_read);
  const std::vector<Color> colors{{0, 0, 0}, {255, 255, 255}, {128, 128, 128}, {255, 255, 0}};
  const auto pairs = readable_pairs(colors);
  CHECK_EQUAL(pairs.size(), std::size_t{3});
  CHECK(pairs[0] == (std::array{0, 1}) && pairs[1] == (std::array{0, 3}));
}

void test_names() {
  current_case = "names";
  CHECK(css_name({70, 130, 180}) == "steelblue");
  CHECK(common_name({0, 0, 0}) == "black");
  CHECK(color_named(" Light Steel BLUE") == (Color{176, 196, 222}));
  CHECK(!color_named("no such colour") && !color_named(""));
}

void test_schemes() {
  bool all_read = true;
  bool get_darker = true;
  for (int code = 0; code < 9 * 9 * 9; ++code) {
    const auto level = [&](int step) {
      return static_cast<std::uint8_t>(code / step % 9 * 255 / 8);
    };
    const Color accent{level(81), level(9), level(1)};
    current_case = text("accent ", +accent[0], " ", +accent[1], " ", +accent[2]);
    for (const bool dark : {false, true}) {
      const Scheme scheme = make_scheme(accent, dark);
      for (const auto& [front, back, least] : kSchemePairs) {
        const Color& a = scheme[static_cast<std::size_t>(front)];
        all_read &= contrast(a, scheme[static_cast<std::size_t>(back)]) >= least;
      }
    }
    const auto tones = tone_scale(accent);
    for (std::size_t i = 1; i < tones.size(); ++i) {
      get_darker &= relative_luminance(tones[i]) < relative_luminance(tones[i - 1]);
    }
  }
  CHECK(all_read);
  CHECK(get_darker);
}

void test_texts() {
  std::mt19937 random(1);
  for (const std::size_t k : {1, 6, 7, 64}) {
    current_case = text("texts of ", k, " colours");
    Theme theme{make_pixels(k, 3, Kind::noise, 5), std::vector<std::int64_t>(k), {}};
    for (auto& count : theme.counts) count = random() % 1000;
    for (std::size_t i = 0; i < kRoles.size(); i += 2) theme.roles[i] = Color{1, 2, 3};
    CHECK(theme_css(theme, "--").starts_with(":root {\n  --theme-1: #"));
    CHECK(theme_tailwind(theme, "A b").starts_with("@theme {\n  --color-a-b-1: #"));
    CHECK(theme_tokens(theme, "a").ends_with("}\n  }\n}\n"));
    for (const int side : {0, 1, 3000}) {
      const Card card = lay_out_card(theme, side, side);
      CHECK_EQUAL(card.picture_width, side == 0 ? 0.0 : 800.0);
      const std::string svg = card_svg(card, "data:,", "<\n&\">");
      CHECK(svg.find("<title>&lt;&amp;&quot;&gt;</title>") != std::string::npos);
      CHECK_EQUAL(svg.find("<image") != std::string::npos, side != 0);
    }
  }
  Theme none{{1, 2, 3}, {0}, {}};
  CHECK(share_text(none, 0).empty());
  none.counts = {std::int64_t{1} << 62};
  CHECK(share_text(none, 0) == "100.0 %");
}

}  // namespace

void test_theme_texts() {
  test_contrast();
  test_names();
  test_schemes();
  test_texts();
}
