// The colours that a person would pick, as src/kpalette/themes.py has them.

import { checkText, checkWhole, shown } from "./checks.ts";
import { hexOf, parseColors } from "./colors.ts";
import type { Core } from "./core.ts";
import {
  colorNames,
  CoreTheme,
  readablePairs,
  textColors,
  ThemeCounts,
  themePlaces,
} from "./core_theme.ts";
import type { Image } from "./image.ts";
import type { Work } from "./jobs.ts";
import { type CardOptions, type Role, THEME_TEXTS, type Theme, type ThemeOptions } from "./protocol.ts";

/** The most colours of a theme. */
const MOST_COLORS = 64;

/** Makes an image's theme; that of an animation is of all its frames. */
export function* makeTheme(image: Image, options: ThemeOptions): Work<Theme> {
  const { k, ignore = [], name = "theme" } = options;
  if (k !== "auto" && !(Number.isInteger(k) && k >= 1 && k <= MOST_COLORS)) {
    throw new RangeError(`k: expected a whole number from 1 to ${MOST_COLORS} or "auto", got ${shown(k)}`);
  }
  const { core, own, height, width, frameHeight, isAnimated } = image;
  const ignored = opaque(core, ignore);
  checkText("name", name);
  const { pixels, channels } = own;
  const counted = new ThemeCounts(core);
  let made: CoreTheme;
  try {
    const bytes = frameHeight * width * channels;
    for (let first = 0; first < pixels.length; first += bytes) {
      counted.add(pixels.part(first, bytes), [frameHeight, width], channels, ignored);
      yield 0;
    }
    if (counted.length === 0) {
      const why = ignore.length ? "is transparent or ignored" : "is transparent";
      throw new RangeError(`image: expected a pixel to look at, got none: all of it ${why}`);
    }
    made = counted.theme(k === "auto" ? 0 : k);
  } finally {
    counted.free();
  }
  const { colors, counts, roles } = made.look();
  const texts = THEME_TEXTS.map((kind) => [kind, made.text(kind, name)]);
  made.free();
  yield 0;
  return {
    ...{ colors, counts, channels: 3 },
    roles: namedRoles(core, roles),
    ...colorNames(core, colors),
    text: hexOf({ colors: textColors(core, colors), channels: 3 }),
    pairs: readablePairs(core, colors),
    places: isAnimated ? null : themePlaces(core, pixels, [height, width], channels, colors),
    texts: Object.fromEntries(texts),
  };
}

/** Draws a theme's card, as SVG. */
export function drawCard(core: Core, { colors, counts, roles }: Theme, options: CardOptions): string {
  checkWhole("width", options.width, 0, 2 ** 30);
  checkWhole("height", options.height, 0, 2 ** 30);
  checkText("uri", options.uri);
  checkText("title", options.title);
  const levels = new Uint8Array(4 * core.tables.roles.length);
  core.tables.roles.forEach((role, i) => {
    const color = roles[role];
    if (color) levels.set([...parseColors(core, [color], role).colors, 255], 4 * i);
  });
  const theme = CoreTheme.again(core, { colors, counts, roles: levels });
  const title = options.title.replace(/[\p{C}\u2028\u2029]/gu, ""); // what XML may not hold
  const card = theme.card({ ...options, title });
  theme.free();
  return card;
}

function namedRoles(core: Core, levels: Uint8Array): Theme["roles"] {
  const hexes = hexOf({ colors: levels, channels: 4 });
  const there = core.tables.roles.map((role, i): [Role, string] => [role, hexes[i]]);
  return Object.fromEntries(
    there.filter(([, hex]) => hex.endsWith("ff")).map(([role, hex]) => [role, hex.slice(0, 7)]),
  );
}

/** Colours (m, 3) to ignore. Their alpha does not matter. */
function opaque(core: Core, names: readonly string[]): Uint8Array {
  const { colors, channels } = parseColors(core, names, "ignore");
  return channels === 3 ? colors : colors.filter((_, i) => i % 4 !== 3);
}
