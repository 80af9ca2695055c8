// Palette files of other programs, byte for byte as the library writes them.

import type { ColorList } from "kpalette";
import type { Counted } from "../palette/sorting";
import { colorAt, hexName, plainName } from "../colors";
import * as act from "./act";
import * as ase from "./ase";
import * as css from "./css";
import * as gpl from "./gpl";
import * as hex from "./hex";
import * as json from "./json";
import * as pal from "./pal";
import { type Bytes, type Format, PaletteReadError } from "./palette";

export { PaletteReadError } from "./palette";

const BINARY = "application/octet-stream";

export const FORMATS: Record<string, Format> = {
  act: { ...act, alpha: true, type: BINARY },
  ase: { ...ase, alpha: false, type: BINARY },
  css: { ...css, alpha: true, type: "text/css" },
  gpl: { ...gpl, alpha: false, type: "text/plain" },
  hex: { ...hex, alpha: true, type: "text/plain" },
  json: { ...json, alpha: true, type: "application/json" },
  pal: { ...pal, alpha: false, type: "text/plain" },
};

/** The most bytes that are read; a palette needs fewer, and a wrong file may have any number. */
export const MAX_BYTES = 1 << 20;

/** Returns the bytes of a palette file; throws RangeError if the format cannot hold the palette. */
export function encode(palette: Counted, kind: string, title: string): Bytes {
  const format = FORMATS[kind];
  return format.write(format.alpha ? palette : opaque(palette, kind), printable(title));
}

/** Returns why a format cannot hold a palette's alpha; null if it can. */
export function refusal(palette: Counted, kind: string): string | null {
  if (palette.channels === 3 || !Object.hasOwn(FORMATS, kind)) return null;
  try {
    encode(palette, kind, "Palette");
    return null;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Only characters that Python calls printable. */
function printable(title: string): string {
  return title.replace(/[^\P{C}]|[^\P{Z} ]/gu, "").trim() || "Palette";
}

function opaque(palette: Counted, kind: string): Counted {
  if (palette.channels === 3) return palette;
  const k = palette.counts.length;
  const colors = new Uint8Array(3 * k);
  for (let i = 0; i < k; i++) {
    const color = colorAt(palette, i);
    if (color[3] < 255) {
      const able = Object.keys(FORMATS).filter((name) => FORMATS[name].alpha);
      throw new RangeError(
        `a .${kind} file holds only opaque colours, got ${hexName(color)}; .${able.join(", .")} hold alpha`,
      );
    }
    colors.set(color.subarray(0, 3), 3 * i);
  }
  return { colors, channels: 3, counts: palette.counts };
}

/** Reads the distinct colours of a palette file, by the ending of its name. */
export function decode(data: Bytes, name: string): string[] {
  const kind = /\.([^.]*)$/.exec(name)?.[1].toLowerCase() ?? "";
  const read = Object.hasOwn(FORMATS, kind) ? FORMATS[kind].read : undefined;
  if (!read) {
    const known = Object.keys(FORMATS).map((kind) => `.${kind}`);
    throw new PaletteReadError(`expected a name that ends in one of ${known.join(", ")}`);
  }
  if (!data.length) throw new PaletteReadError("the file is empty");
  if (data.length > MAX_BYTES) {
    throw new PaletteReadError(
      `expected at most ${MAX_BYTES.toLocaleString("en")} bytes, got more`,
    );
  }
  const names = read(data).map((levels) => plainName(hexName(levels)) as string);
  if (!names.length) throw new PaletteReadError("expected at least one colour, got none");
  return [...new Set(names)];
}

/** Draws a palette as the library's .png shows it: fields of colour in rows. */
export function swatches({ colors, channels }: ColorList): {
  indices: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
} {
  const k = colors.length / channels;
  const [width, perRow] = [512, 16];
  const rows = Math.ceil(k / perRow);
  const rowHeight = rows === 1 ? 64 : 32;
  const indices = new Uint8Array(rows * rowHeight * width);
  for (let row = 0; row < rows; row++) {
    const first = Math.floor((row * k) / rows);
    const n = Math.floor(((row + 1) * k) / rows) - first;
    for (let x = 0; x < width; x++) {
      indices[row * rowHeight * width + x] = first + Math.floor((x * n) / width);
    }
    for (let y = 1; y < rowHeight; y++) {
      const start = (row * rowHeight + y) * width;
      indices.copyWithin(start, row * rowHeight * width, row * rowHeight * width + width);
    }
  }
  return { indices, width, height: rows * rowHeight };
}
