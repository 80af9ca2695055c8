// Indexed PNG files, as src/kpalette/files/png.py writes them, but for how they are compressed.

import type { PngOptions } from "./protocol";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const INDEXED = 3;

/** Encodes with as few bits per pixel as the palette needs, and no filter on any row. */
export async function encodePng(image: PngOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, colors, channels, indices } = image;
  const k = colors.length / channels;
  if (k > 256) throw new RangeError(`colors: expected at most 256, got ${k}`);
  if (indices.length !== width * height) {
    throw new RangeError(`indices: expected ${width} × ${height}, got ${indices.length}`);
  }
  const bits = [1, 2, 4, 8].find((bits) => k <= 1 << bits)!;
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, bits);
  head.setUint8(9, INDEXED);
  const chunks = [
    chunk("IHDR", new Uint8Array(head.buffer)),
    chunk("sRGB", Uint8Array.of(0)), // perceptual intent
    chunk("PLTE", every(colors, channels, 0, 3)),
  ];
  if (channels === 4) chunks.push(chunk("tRNS", trimmed(every(colors, 4, 3, 4))));
  const rows = packed(indices, width, height, bits);
  chunks.push(chunk("IDAT", await deflated(rows)), chunk("IEND", new Uint8Array()));
  return joined([Uint8Array.from(SIGNATURE), ...chunks]);
}

/** Some channels of each colour. */
function every(colors: Uint8Array, channels: number, from: number, to: number): Uint8Array {
  return colors.filter((_, i) => i % channels >= from && i % channels < to);
}

/** Alphas without the opaque ones at their end; one at least. */
function trimmed(alphas: Uint8Array): Uint8Array {
  let length = alphas.length;
  while (length > 1 && alphas[length - 1] === 255) --length;
  return alphas.subarray(0, length);
}

/** Rows of packed indices, each after the number of its filter, 0. */
function packed(indices: Uint8Array, width: number, height: number, bits: number): Uint8Array {
  const perByte = 8 / bits;
  const pitch = 1 + Math.ceil(width / perByte);
  const rows = new Uint8Array(height * pitch);
  for (let y = 0; y < height; ++y) {
    const row = y * pitch + 1;
    if (bits === 8) {
      rows.set(indices.subarray(y * width, (y + 1) * width), row);
      continue;
    }
    for (let x = 0; x < width; ++x) {
      const shift = 8 - bits * ((x % perByte) + 1);
      rows[row + Math.floor(x / perByte)] |= indices[y * width + x] << shift;
    }
  }
  return rows;
}

async function deflated(bytes: Uint8Array): Promise<Uint8Array> {
  const compressed = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
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

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
