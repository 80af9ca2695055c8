// Adobe's .ase swatch exchange: blocks of big-endian values. Colours in the models RGB and Gray are
// read, those in CMYK and LAB would need a profile. Written are global process colours in RGB.

import type { Counted } from "../palette/sorting";
import { colorAt, namesOf } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { shown } from "./reading";

const MAGIC = "ASEF";
const COLOR = 0x0001; // the kind of a block
const CHANNELS: Record<string, number> = { "RGB ": 3, Gray: 1 };

const latin = (data: Bytes, at: number) => String.fromCharCode(...data.subarray(at, at + 4));

export function read(data: Bytes): Levels[] {
  if (latin(data, 0) !== MAGIC) {
    throw new PaletteReadError(
      `expected ${shown(MAGIC)} at the start, got ${shown(latin(data, 0))}`,
    );
  }
  if (data.length < 12) {
    throw new PaletteReadError("expected the number of blocks, got the end of the file");
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const blocks = view.getUint32(8);
  const found: Levels[] = [];
  let at = 12;
  for (let i = 0; i < blocks; i++) {
    if (at + 6 > data.length) throw new PaletteReadError(`expected ${blocks} blocks, got ${i}`);
    const [kind, size] = [view.getUint16(at), view.getUint32(at + 2)];
    at += 6;
    if (at + size > data.length) {
      throw new PaletteReadError(`expected a block of ${size} bytes, got ${data.length - at}`);
    }
    if (kind === COLOR) found.push(readColor(data.slice(at, at + size)));
    at += size;
  }
  return found;
}

/** Reads a block: length of the name, name in UTF-16, model, values. */
function readColor(block: Bytes): Levels {
  const view = new DataView(block.buffer);
  const at = block.length < 2 ? block.length : 2 + 2 * view.getUint16(0);
  const model = latin(block, at);
  if (model.length < 4)
    throw new PaletteReadError("expected a colour model, got the end of its block");
  const n = CHANNELS[model];
  if (!n) {
    throw new PaletteReadError(
      `expected colours of the models RGB or Gray, got ${shown(model.trim())}`,
    );
  }
  if (at + 4 + 4 * n > block.length) {
    throw new PaletteReadError(`expected ${4 * n} bytes of levels, got ${block.length - at - 4}`);
  }
  const levels = Array.from({ length: n }, (_, i) => view.getFloat32(at + 4 + 4 * i));
  if (!levels.every(Number.isFinite)) {
    throw new PaletteReadError(`expected levels from 0 to 1, got ${levels.join(", ")}`);
  }
  const bytes = levels.map((level) => Math.round(255 * Math.min(1, Math.max(0, level))));
  return n === 3 ? bytes : [bytes[0], bytes[0], bytes[0]];
}

export function write(palette: Counted): Bytes {
  const names = namesOf(palette);
  const size = names.reduce((sum, name) => sum + 6 + 2 + 2 * (name.length + 1) + 4 + 12 + 2, 12);
  const data = new Uint8Array(size);
  const view = new DataView(data.buffer);
  data.set(ascii(MAGIC));
  view.setUint16(4, 1);
  view.setUint32(8, names.length);
  let at = 12;
  names.forEach((name, i) => {
    const length = name.length + 1; // with a 0 at the end
    view.setUint16(at, COLOR);
    view.setUint32(at + 2, 2 + 2 * length + 18);
    view.setUint16(at + 6, length);
    [...name].forEach((letter, n) => view.setUint16(at + 8 + 2 * n, letter.charCodeAt(0)));
    at += 8 + 2 * length;
    data.set(ascii("RGB "), at);
    colorAt(palette, i).forEach((level, n) => view.setFloat32(at + 4 + 4 * n, level / 255));
    at += 18; // the last two bytes, 0, say that the colour is global
  });
  return data;
}
