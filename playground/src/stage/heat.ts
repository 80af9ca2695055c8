// Where a picture lost how much: distances in Oklab, as colours from black by red to white.

import type { ColorList } from "kpalette";
import { LINEAR, oklab } from "../spaces";
import type { Size, View } from "./view";

/** Distances from this on, in hundredths of the way from black to white, are white. */
export const MOST = 12;

/** The legend's stops, evenly spaced; the lightness rises steadily. */
export const STOPS: [number, number, number][] = [
  [6, 4, 18],
  [62, 15, 92],
  [140, 36, 104],
  [214, 68, 72],
  [248, 142, 46],
  [252, 226, 140],
  [255, 255, 255],
];

const RAMP = Uint32Array.from({ length: 256 }, (_, i) => {
  const at = (i / 255) * (STOPS.length - 1);
  const from = Math.min(STOPS.length - 2, Math.floor(at));
  const [r, g, b] = STOPS[from].map((c, n) =>
    Math.round(c + (at - from) * (STOPS[from + 1][n] - c)),
  );
  return (255 << 24) | (b << 16) | (g << 8) | r; // little-endian, as all that run a browser
});

export interface Compared {
  /** (height, width, 4) */
  original: Uint8ClampedArray;
  size: Size;
  indices: Uint8Array;
  /** Of the indices: fewer than the original's while the slider moves. */
  indexed: Size;
  palette: ColorList;
}

/** Draws the part of the map that is seen, one pixel of the picture for each of the stage. */
export function heat(compared: Compared, view: View, stage: Size): ImageData {
  const { original, size, indices, indexed, palette } = compared;
  const image = new ImageData(stage.width, stage.height);
  const out = new Uint32Array(image.data.buffer);
  const shown = placed(palette);
  const columns = columnsOf(view, stage.width, size.width);
  for (let y = 0; y < stage.height; y++) {
    const row = Math.floor((y + 0.5 - view.top) / view.scale);
    if (row < 0 || row >= size.height) continue;
    const indexedRow = Math.floor((row * indexed.height) / size.height);
    let [last, value] = [-1, 0];
    for (let x = 0; x < stage.width; x++) {
      const column = columns[x];
      if (column < 0) continue;
      if (column !== last) {
        const at = 4 * (row * size.width + column);
        const indexedColumn = Math.floor((column * indexed.width) / size.width);
        const entry = 4 * indices[indexedRow * indexed.width + indexedColumn];
        value = RAMP[level(original, at, shown, entry)];
        last = column;
      }
      out[y * stage.width + x] = value;
    }
  }
  return image;
}

function columnsOf(view: View, length: number, width: number): Int32Array {
  return Int32Array.from({ length }, (_, x) => {
    const column = Math.floor((x + 0.5 - view.left) / view.scale);
    return column < width ? Math.max(-1, column) : -1;
  });
}

/** L, a, b, each times alpha, and alpha, of each colour. */
function placed({ colors, channels }: ColorList): Float64Array {
  const k = colors.length / channels;
  const coords = new Float64Array(4 * k);
  for (let i = 0; i < k; i++) {
    const alpha = channels === 4 ? colors[4 * i + 3] / 255 : 1;
    const [r, g, b] = colors.subarray(channels * i);
    coords.set([...oklab(r, g, b).map((c) => c * alpha), alpha], 4 * i);
  }
  return coords;
}

function level(
  original: Uint8ClampedArray,
  at: number,
  shown: Float64Array,
  entry: number,
): number {
  // Written out, as this runs for each pixel of the screen.
  const x = LINEAR[original[at]];
  const y = LINEAR[original[at + 1]];
  const z = LINEAR[original[at + 2]];
  const alpha = original[at + 3] / 255;
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z);
  const m = Math.cbrt(0.21190349822119 * x + 0.68069954516807 * y + 0.10739695661074 * z);
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z);
  const dl =
    alpha * (0.210454256667953 * l + 0.793617790158516 * m - 0.0040720468264683 * s) - shown[entry];
  const da = alpha * (1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s) - shown[entry + 1];
  const db =
    alpha * (0.0259040246666667 * l + 0.782771753766667 * m - 0.808675778433333 * s) -
    shown[entry + 2];
  const dalpha = alpha - shown[entry + 3];
  const distance = Math.sqrt(dl * dl + da * da + db * db + dalpha * dalpha);
  return Math.min(255, Math.round((distance * 100 * 255) / MOST));
}
