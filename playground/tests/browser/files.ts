// Files to open, made here, and what is in those that come out.

import { deflateSync, inflateSync } from "node:zlib";
import { type Clip, makeClip, makeImage, type Picture } from "../images";

export interface Upload {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

function chunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

function crc32(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

function header(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 6], 8); // 8 bits of R, G, B and alpha
  return chunk("IHDR", data);
}

function rowsOf({ width, height, pixels }: Picture): Buffer {
  const rows = Buffer.alloc(height * (1 + 4 * width));
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(4 * width * y, 4 * width * (y + 1)), y * (1 + 4 * width) + 1);
  }
  return rows;
}

export function pngOf(picture: Picture): Buffer {
  const { width, height } = picture;
  const data = chunk("IDAT", deflateSync(rowsOf(picture), { level: 1 }));
  return Buffer.concat([SIGNATURE, header(width, height), data, chunk("IEND", Buffer.alloc(0))]);
}

/** An animated PNG of frames that lie one below the other, played for ever. */
export function apngOf({ width, height, pixels, durations }: Clip): Buffer {
  const tall = height / durations.length;
  const frames = durations.flatMap((duration, i) => {
    const size = 4 * width * tall;
    const frame = { width, height: tall, pixels: pixels.slice(i * size, (i + 1) * size) };
    const control = Buffer.alloc(26);
    control.writeUInt32BE(i ? 2 * i - 1 : 0, 0);
    control.writeUInt32BE(width, 4);
    control.writeUInt32BE(tall, 8);
    const isLong = duration > 65_535; // in seconds, then
    control.writeUInt16BE(isLong ? duration / 1000 : duration, 20);
    control.writeUInt16BE(isLong ? 1 : 1000, 22);
    const rows = deflateSync(rowsOf(frame), { level: 1 });
    if (i === 0) return [chunk("fcTL", control), chunk("IDAT", rows)];
    const number = Buffer.alloc(4);
    number.writeUInt32BE(2 * i, 0);
    return [chunk("fcTL", control), chunk("fdAT", Buffer.concat([number, rows]))];
  });
  const about = Buffer.alloc(8);
  about.writeUInt32BE(durations.length, 0);
  const start = [SIGNATURE, header(width, tall), chunk("acTL", about)];
  return Buffer.concat([...start, ...frames, chunk("IEND", Buffer.alloc(0))]);
}

/** The clip of an image of tests/golden. */
export const film = (name: string): Upload =>
  png(`${name}-film.png`, apngOf(makeClip(name)));

const png = (name: string, buffer: Buffer): Upload => ({ name, mimeType: "image/png", buffer });

/** An image of tests/golden. */
export const golden = (name: string): Upload => png(`${name}.png`, pngOf(makeImage(name)));

const hills = golden("hills").buffer;

export const empty = png("empty.png", Buffer.alloc(0));
export const truncated = png("cut.png", hills.subarray(0, hills.length / 2));
/** Its header says 144 million pixels, and nothing follows. */
export const huge = png(
  "huge.png",
  Buffer.concat([SIGNATURE, header(12_000, 12_000), chunk("IDAT", deflateSync(Buffer.alloc(9)))]),
);
export const notAnImage: Upload = {
  name: "notes.png",
  mimeType: "image/png",
  buffer: Buffer.from("just some words"),
};
/** As an iPhone's photo begins. */
export const heic: Upload = {
  name: "IMG_1.HEIC",
  mimeType: "image/heic",
  buffer: Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"),
};
export const svg: Upload = {
  name: "drawing.svg",
  mimeType: "image/svg+xml",
  buffer: Buffer.from(
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  ),
};

/** A GIF in white and black, whose frames draw a square of `side` pixels by such LZW codes. */
function gif(name: string, size: number, side: number, codes: string[]): Upload {
  const bytes = (text: string) => Buffer.from(text, "latin1");
  const short = (value: number) => String.fromCharCode(value & 255, value >> 8);
  const buffer = Buffer.concat([
    bytes(`GIF89a${short(size)}${short(size)}\x80\0\0\xff\xff\xff\0\0\0`),
    bytes("!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"),
    ...codes.flatMap((codes) => [
      bytes("!\xf9\x04\0\x0a\0\0\0"),
      bytes(`,\0\0\0\0${short(side)}${short(side)}\0\x02\x02${codes}\0`),
    ]),
    bytes(";"),
  ]);
  return { name, mimeType: "image/gif", buffer };
}

/** Two frames of 2×2 pixels: the first white, the second black. */
export const animated = gif("clip.gif", 2, 2, ["\x84\x51", "\x8c\x53"]);
/** The second frame has three pixels. */
export const halfDamaged = gif("torn.gif", 2, 2, ["\x84\x51", "\x8c\x59"]);
/** 60 frames of a million pixels, of which one is drawn. */
export const bomb = gif("bomb.gif", 1000, 1, Array<string>(60).fill("\x44\x01"));

export interface Indexed {
  width: number;
  height: number;
  bits: number;
  /** #rrggbb, or #rrggbbaa for all if there is alpha; every level if there are only greys. */
  palette: string[];
  indices: Uint8Array;
}

/** Reads an indexed or grey PNG. */
export function readIndexed(file: Buffer): Indexed {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new Error("expected a PNG");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length;) {
    const size = file.readUInt32BE(at);
    const kind = file.toString("latin1", at + 4, at + 8);
    const data = file.subarray(at + 8, at + 8 + size);
    chunks.set(kind, Buffer.concat([chunks.get(kind) ?? Buffer.alloc(0), data]));
    if (file.readUInt32BE(at + 8 + size) !== crc32(file.subarray(at + 4, at + 8 + size))) {
      throw new Error(`expected the check sum of ${kind}, got another`);
    }
    at += size + 12;
  }
  const head = chunks.get("IHDR") as Buffer;
  const [width, height, bits, kind] = [
    head.readUInt32BE(0),
    head.readUInt32BE(4),
    head[8],
    head[9],
  ];
  if (kind !== 3 && kind !== 0) throw new Error(`expected indices or grey, got color type ${kind}`);
  const wide = Math.ceil((width * bits) / 8);
  const rows = unfiltered(inflateSync(chunks.get("IDAT") as Buffer), wide);
  const indices = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = rows[y * wide + ((x * bits) >> 3)];
      indices[y * width + x] = (byte >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1);
    }
  }
  const greys = Array.from({ length: 1 << bits }, (_, i) => Math.round((255 * i) / (2 ** bits - 1)));
  const colors = chunks.get("PLTE") ?? Buffer.from(greys.flatMap((grey) => [grey, grey, grey]));
  return { width, height, bits, palette: paletteOf(colors, chunks.get("tRNS")), indices };
}

/** Rows of so many bytes, a pixel or more each, as they were before filters (PNG, section 9). */
function unfiltered(filtered: Buffer, wide: number): Uint8Array {
  const height = filtered.length / (wide + 1);
  const rows = new Uint8Array(height * wide);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (wide + 1)];
    for (let x = 0; x < wide; x++) {
      const left = x ? rows[y * wide + x - 1] : 0;
      const above = y ? rows[(y - 1) * wide + x] : 0;
      const corner = x && y ? rows[(y - 1) * wide + x - 1] : 0;
      const near = [left, above, corner];
      const apart = near.map((level) => Math.abs(left + above - corner - level));
      const paeth = near[apart.indexOf(Math.min(...apart))];
      const guess = [0, left, above, (left + above) >> 1, paeth][filter];
      rows[y * wide + x] = filtered[y * (wide + 1) + 1 + x] + guess;
    }
  }
  return rows;
}

function paletteOf(colors: Buffer, alphas: Buffer | undefined): string[] {
  return Array.from({ length: colors.length / 3 }, (_, i) => {
    const alpha = alphas ? Buffer.of(alphas[i] ?? 255).toString("hex") : "";
    return `#${colors.toString("hex", 3 * i, 3 * i + 3)}${alpha}`;
  });
}
