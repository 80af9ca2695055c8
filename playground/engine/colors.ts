// Colours as people write them.

import { shown } from "./checks.ts";
import type { Core } from "./core.ts";
import { colorNamed } from "./core_theme.ts";
import type { ColorList } from "./protocol.ts";

/**
 * Reads #rrggbb, #rrggbbaa, #rgb, #rgba or the name of a colour: with alpha if one has it, as the
 * library does.
 */
export function parseColors(core: Core, names: readonly string[], what = "fixed"): ColorList {
  if (!Array.isArray(names)) throw new TypeError(`${what}: expected a list, got ${shown(names)}`);
  const levels = names.map((name) => levelsOf(core, name, what));
  const channels = levels.some((color) => color.length === 4) ? 4 : 3;
  const colors = Uint8Array.from(levels.flatMap((color) => [...color, 255].slice(0, channels)));
  const kinds = new Set(levels.map((color) => [...color, 255].slice(0, 4).join()));
  if (kinds.size < names.length) {
    throw new RangeError(`${what}: expected distinct colours, got ${names.join(", ")}`);
  }
  return { colors, channels };
}

function levelsOf(core: Core, name: string, what: string): number[] {
  if (typeof name !== "string") {
    throw new TypeError(`${what}: expected colours such as "#ff8800", got ${shown(name)}`);
  }
  let digits = name.replace(/^#/, "");
  if (!/^([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(digits)) {
    const named = colorNamed(core, name);
    if (named) return named;
    throw new RangeError(`${what}: expected colours such as "white" or "#ff8800", got ${shown(name)}`);
  }
  if (digits.length <= 4) digits = [...digits].map((digit) => digit + digit).join("");
  return digits.match(/../g)!.map((pair) => parseInt(pair, 16));
}

/** The same colours with four channels, opaque if they have three. */
export function withAlpha({ colors, channels }: ColorList): Uint8Array {
  if (channels === 4) return colors;
  const n = colors.length / 3;
  const wider = new Uint8Array(4 * n).fill(255);
  for (let i = 0; i < n; ++i) wider.set(colors.subarray(3 * i, 3 * i + 3), 4 * i);
  return wider;
}

/** The colours as #rrggbb, or #rrggbbaa if they have four channels. */
export function hexOf({ colors, channels }: ColorList): string[] {
  const digits = Array.from(colors, (level) => level.toString(16).padStart(2, "0"));
  return Array.from({ length: colors.length / channels }, (_, i) => {
    return `#${digits.slice(channels * i, channels * (i + 1)).join("")}`;
  });
}
