#include "gif_changes.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "lzw.hpp"

namespace kpalette {
namespace {

/// What entries look like: a number for each colour, 0 for a clear one.
struct Look {
  explicit Look(const GifFrame& frame) {
    const auto d = static_cast<std::size_t>(frame.channels);
    k = static_cast<int>(frame.colors.size() / d);
    for (std::size_t j = 0; j < frame.colors.size() / d; ++j) {
      const std::uint8_t* const color = &frame.colors[j * d];
      if (d == 4 && color[3] == 0) {
        has_clear = true;
        if (clear < 0) clear = static_cast<int>(j);
        continue;
      }
      colors[j] = 0xff000000u | static_cast<std::uint32_t>(color[0]) << 16 |
                  static_cast<std::uint32_t>(color[1]) << 8 | color[2];
    }
  }

  std::array<std::uint32_t, 256> colors{};
  int k = 0;
  bool has_clear = false;
  int clear = -1;
};

/// A frame that differs from the one before.
struct Distinct {
  std::size_t number;
  const GifFrame* frame;
  const Look* look;
  Rectangle part{};
  bool cleared = false;

  std::uint32_t at(std::size_t i) const { return look->colors[frame->indices[i]]; }
};

bool is_same(const GifFrame& a, const Look& look_a, const GifFrame& b, const Look& look_b) {
  if (std::ranges::equal(a.colors, b.colors) && std::ranges::equal(a.indices, b.indices)) {
    return true;
  }
  for (std::size_t i = 0; i < a.indices.size(); ++i) {
    if (look_a.colors[a.indices[i]] != look_b.colors[b.indices[i]]) return false;
  }
  return true;
}

bool is_in(const Rectangle& part, std::size_t i, std::size_t width) {
  const std::size_t y = i / width;
  const std::size_t x = i % width;
  return y >= part.top && y < part.bottom && x >= part.left && x < part.right;
}

/// Whether a frame changes what a pixel shows; all do after nothing.
struct Changed {
  const Distinct* before;  // or null
  const Distinct& now;
  std::size_t width;

  bool operator()(std::size_t i) const {
    if (before == nullptr) return true;
    const bool is_cleared = before->cleared && is_in(before->part, i, width);
    return now.at(i) != (is_cleared ? 0 : before->at(i));
  }
};

/// Finds what is written of a frame, and whether it is cleared then.
void place(const Distinct* before, Distinct& now, const Distinct* following, std::size_t width) {
  const std::size_t height = now.frame->indices.size() / width;
  const Changed changed{before, now, width};
  const auto vanishes = [&](std::size_t i) { return following->at(i) == 0 && now.at(i) != 0; };
  if (following != nullptr && following->look->has_clear) {
    for (std::size_t i = 0; i < now.frame->indices.size() && !now.cleared; ++i) {
      now.cleared = vanishes(i);
    }
  }
  now.part = around({0, 0, height, width}, width,
                    [&](std::size_t i) { return changed(i) || (now.cleared && vanishes(i)); });
  if (now.part.size() == 0) now.part = {0, 0, 1, 1};
}

/// The entry that is written for pixels that stay: a clear one, or one that is not drawn, or -1.
int entry_to_keep(const Look& look, std::span<const std::uint8_t> indices,
                  std::span<const std::uint8_t> kept) {
  if (look.clear >= 0) return look.clear;
  std::array<bool, 256> drawn{};
  for (std::size_t i = 0; i < indices.size(); ++i) drawn[indices[i]] |= !kept[i];
  const auto free = std::ranges::find(drawn, false);
  return free == drawn.end() ? -1 : static_cast<int>(free - drawn.begin());
}

/// All ways are tried on one of so many frames, and on those of few pixels.
constexpr std::size_t kTried = 8;
constexpr std::size_t kFew = 1 << 14;

/// Writes a part the smallest way, or in that of a `habit`, which becomes the smallest.
GifImage code(const Distinct* before, const Distinct& now, std::size_t width, bool transparent,
              std::optional<GifWay>& habit) {
  const Rectangle& part = now.part;
  const auto indices = cut(now.frame->indices.data(), width, part);
  const Changed changed{before, now, width};
  std::vector<std::uint8_t> kept(indices.size());
  for (std::size_t y = 0; y < part.height(); ++y) {
    for (std::size_t x = 0; x < part.width(); ++x) {
      kept[y * part.width() + x] = !changed((part.top + y) * width + part.left + x);
    }
  }
  GifImage image{part, entry_to_keep(*now.look, indices, kept), now.cleared, {}};
  // If anything is transparent, every frame names a transparent entry: otherwise Pillow clears to
  // a colour.
  const auto n_kept =
      static_cast<std::size_t>(std::ranges::count_if(kept, [](auto is) { return is != 0; }));
  const bool stays = n_kept > 0;
  if (!transparent && !stays) image.keep = -1;
  // Where few pixels stay, leaving out all of them is not the smallest way.
  const bool leaves_out = 2 * n_kept >= kept.size();
  // Bits that do for all entries, in whatever order they will be.
  const int highest = std::max(now.look->k - 1, image.keep);
  const int bits = std::max(1, static_cast<int>(std::bit_width(static_cast<unsigned>(highest))));
  auto drawn = indices;
  for (auto& entry : drawn) {
    if (now.look->colors[entry] == 0 && image.keep >= 0) {
      entry = static_cast<std::uint8_t>(image.keep);
    }
  }
  std::vector<LzwFrame> ways;
  std::vector<GifWay> names;
  const auto add = [&](GifWay name, const LzwFrame& way) {
    names.push_back(name);
    ways.push_back(way);
  };
  if (image.keep < 0 || !transparent) add(GifWay::drawn, {.bits = bits, .indices = indices});
  auto left_out = drawn;
  if (image.keep >= 0) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (kept[i]) left_out[i] = static_cast<std::uint8_t>(image.keep);
    }
    if (leaves_out || !stays) add(GifWay::left_out, {.bits = bits, .indices = left_out});
  }
  if (image.keep >= 0 && stays) {
    add(GifWay::either, {.bits = bits, .indices = drawn, .keep = image.keep, .kept = kept});
  }
  const auto usual =
      std::ranges::find(names, habit, [](GifWay name) { return std::optional(name); });
  if (usual != names.end() && part.size() > kFew) {
    image.data = lzw(ways[static_cast<std::size_t>(usual - names.begin())]);
    return image;
  }
  const auto [data, smallest] = smallest_lzw(ways);
  image.data = data;
  if (ways.size() > 1) habit = names[smallest];
  return image;
}

}  // namespace

std::optional<GifImage> code_change(const GifFrame* before, const GifFrame& now, std::size_t width,
                                    std::optional<GifWay>& habit) {
  const Look look(now);
  Distinct drawn{0, &now, &look};
  if (before == nullptr) {
    place(nullptr, drawn, nullptr, width);
    return code(nullptr, drawn, width, look.has_clear, habit);
  }
  const Look look_before(*before);
  if (is_same(*before, look_before, now, look)) return std::nullopt;
  const Distinct last{0, before, &look_before};
  place(&last, drawn, nullptr, width);
  return code(&last, drawn, width, look.has_clear, habit);
}

std::vector<std::optional<GifImage>> code_changes(std::span<const GifFrame> frames,
                                                  std::size_t width, Team& team) {
  const std::vector<Look> looks(frames.begin(), frames.end());
  std::vector<Distinct> distinct;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i > 0 && is_same(frames[i - 1], looks[i - 1], frames[i], looks[i])) continue;
    distinct.push_back({i, &frames[i], &looks[i]});
  }
  const auto neighbour = [&](std::size_t j) -> const Distinct* {
    return j < distinct.size() ? &distinct[j] : nullptr;
  };
  for (std::size_t j = 0; j < distinct.size(); ++j) {
    place(neighbour(j - 1), distinct[j], neighbour(j + 1), width);
  }
  const bool transparent = std::ranges::any_of(looks, &Look::has_clear);
  std::vector<std::optional<GifImage>> images(frames.size());
  std::vector<std::optional<GifWay>> habits(distinct.size() / kTried + 1);
  const auto write = [&](std::size_t j, std::optional<GifWay>& habit) {
    images[distinct[j].number] = code(neighbour(j - 1), distinct[j], width, transparent, habit);
  };
  // The first frame has nothing to keep, and says nothing of others.
  const auto first_of = [](std::size_t group) { return std::max<std::size_t>(1, group * kTried); };
  team.run(habits.size(), [&](std::size_t group, int) {
    if (first_of(group) < distinct.size()) write(first_of(group), habits[group]);
  });
  team.run(distinct.size(), [&](std::size_t j, int) {
    auto habit = habits[j / kTried];
    if (j != first_of(j / kTried)) write(j, habit);
  });
  return images;
}

}  // namespace kpalette
