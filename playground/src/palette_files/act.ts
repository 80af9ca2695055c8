// Adobe's .act colour table: 256 times R, G and B, and perhaps 4 bytes more, big-endian: how many
// colours are used, and which one is transparent. So at most one colour can have alpha, which is 0.

import type { Counted } from "../palette/sorting";
import { colorAt } from "../colors";
import { type Bytes, type Levels, PaletteReadError } from "./palette";

const TABLE = 3 * 256;
const NONE = 0xffff;

export function read(data: Bytes): Levels[] {
  if (data.length !== TABLE && data.length !== TABLE + 4) {
    throw new PaletteReadError(`expected ${TABLE} or ${TABLE + 4} bytes, got ${data.length}`);
  }
  const view = new DataView(data.buffer, data.byteOffset);
  const [count, clear] =
    data.length > TABLE ? [view.getUint16(TABLE), view.getUint16(TABLE + 2)] : [256, NONE];
  if (count < 1 || count > 256) {
    throw new PaletteReadError(`expected a header of 1 to 256 colours, got ${count}`);
  }
  return Array.from({ length: count }, (_, i) => {
    const levels = [...data.subarray(3 * i, 3 * i + 3)];
    return clear < count ? [...levels, i === clear ? 0 : 255] : levels;
  });
}

export function write(palette: Counted): Bytes {
  const k = palette.counts.length;
  const data = new Uint8Array(TABLE + 4);
  let clear = NONE;
  for (let i = 0; i < k; i++) {
    const color = colorAt(palette, i);
    data.set(color.subarray(0, 3), 3 * i);
    if ((color[3] ?? 255) === 255) continue;
    if (color[3] || clear !== NONE) {
      throw new RangeError("a .act file holds opaque colours and one with alpha 0");
    }
    clear = i;
  }
  const view = new DataView(data.buffer);
  view.setUint16(TABLE, k);
  view.setUint16(TABLE + 2, clear);
  return data;
}
