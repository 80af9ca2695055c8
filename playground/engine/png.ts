// Indexed and grey PNG files, as src/kpalette/files/png.py writes them, byte for byte.

import { joined } from "./bytes";
import type { Core } from "./core";
import type { Work } from "./jobs";
import { alphasOf, paletteOf, quickest, smallest } from "./png_rows";
import type { PngOptions } from "./protocol";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const INDEXED = 3;
const GREY = 0;

/** Encodes in the way that takes fewest bytes, or least time. */
export function* encodePng(core: Core, image: PngOptions): Work<Uint8Array<ArrayBuffer>> {
  const { width, height, colors, channels, indices, quick, keepOrder = false } = image;
  const k = colors.length / channels;
  if (k > 256) throw new RangeError(`colors: expected at most 256, got ${k}`);
  if (indices.length !== width * height) {
    throw new RangeError(`indices: expected ${width} × ${height}, got ${indices.length}`);
  }
  const given = { indices, palette: { colors, channels }, width, height };
  const [way, data] = quick ? quickest(core, given) : yield* smallest(core, given, keepOrder);
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, way.bits);
  head.setUint8(9, way.palette ? INDEXED : GREY);
  const [entries, alphas] = [paletteOf(way), alphasOf(way)];
  const chunks = [chunk("IHDR", new Uint8Array(head.buffer))];
  if (entries.length) chunks.push(chunk("PLTE", entries));
  if (alphas.length) chunks.push(chunk("tRNS", alphas));
  chunks.push(chunk("IDAT", data), chunk("IEND", new Uint8Array()));
  return joined([Uint8Array.from(SIGNATURE), ...chunks]);
}

function chunk(kind: string, data: Uint8Array): Uint8Array {
  const made = new Uint8Array(12 + data.length);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(new TextEncoder().encode(kind), 4);
  made.set(data, 8);
  view.setUint32(8 + data.length, crc32(made.subarray(4, 8 + data.length)));
  return made;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; ++bit) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
