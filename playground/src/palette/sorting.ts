// Orders of a palette, as the library's `Palette.sorted` has them.

import type { ColorList } from "kpalette";
import { colorAt } from "../colors";
import type { Sort } from "../settings";
import { luminance, oklab } from "../spaces";

export interface Counted extends ColorList {
  counts: Float64Array;
}

/** Below this distance from grey, in Oklab, a hue is hardly seen. */
const GREY = 0.02;

const KEYS: Record<Sort, (palette: Counted, i: number) => number[]> = {
  share: (palette, i) => [-palette.counts[i]],
  luminance: (palette, i) => {
    const [r, g, b] = colorAt(palette, i);
    return [luminance(r, g, b)];
  },
  hue: (palette, i) => {
    const [r, g, b] = colorAt(palette, i);
    const [lightness, a, bb] = oklab(r, g, b);
    const vivid = Math.hypot(a, bb) >= GREY;
    const angle = Math.atan2(bb, a);
    return [Number(vivid), vivid ? (angle < 0 ? angle + 2 * Math.PI : angle) : 0, lightness];
  },
};

/** Returns the colours' indices in another order; equal ones keep their order. */
export function orderOf(palette: Counted, by: Sort): number[] {
  const k = palette.counts.length;
  const keys = Array.from({ length: k }, (_, i) => KEYS[by](palette, i));
  return Array.from({ length: k }, (_, i) => i).sort((i, j) => {
    const at = keys[i].findIndex((key, n) => key !== keys[j][n]);
    return at < 0 ? i - j : keys[i][at] - keys[j][at];
  });
}

export function inOrder(palette: Counted, order: number[]): Counted {
  const { channels } = palette;
  const colors = new Uint8Array(order.length * channels);
  order.forEach((entry, at) => colors.set(colorAt(palette, entry), at * channels));
  return { colors, channels, counts: Float64Array.from(order, (entry) => palette.counts[entry]) };
}
