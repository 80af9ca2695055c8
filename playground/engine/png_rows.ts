// What a PNG's rows hold, before compression: of all ways to write the same pixels, the smallest, as
// src/kpalette/files/png_rows.py has it, where the reasons are.

import { deflate as zlib } from "pako";
import { withAlpha } from "./colors";
import type { Core, Palette } from "./core";
import type { Work } from "./jobs";

const SMALL = 1 << 17;
const SMALL_AND_FLAT = 3 << 19;
const LARGE = 4_000_000;
const PASSES = 3;
const MARGIN = 1.03;
const NARROW_MARGIN = 1.01;
const TRIED = 3;
const FLAT = 8;
const ESTIMATE = 6;
const ESTIMATE_OF_DEPTHS = 8;
const SAMPLE = 1 << 17;
const BANDS = 4;
const QUICK = 7;

export interface Indexed {
  /** (height, width). */
  indices: Uint8Array;
  palette: Palette;
  width: number;
  height: number;
}

/** A way to write the pixels. */
export interface Way {
  /** In the file's order; null for grey. */
  palette: Palette | null;
  /** Per pixel: 1, 2, 4 or 8. */
  bits: number;
  /** (height, stride), each after its filter's number. */
  rows: Uint8Array;
  stride: number;
}

/** Returns the quickest way, and its rows as a zlib stream. */
export function quickest(core: Core, { indices, palette, width }: Indexed): [Way, Uint8Array] {
  const way = unfiltered(indices, width, palette, depthOf(palette));
  return [way, core.deflate(way.rows, QUICK)];
}

/**
 * The way that takes fewest bytes, and its rows as a zlib stream. `keepOrder`: indices stay as they
 * are.
 */
export function* smallest(
  core: Core,
  image: Indexed,
  keepOrder: boolean,
): Work<[Way, Uint8Array]> {
  let best: [Way, Uint8Array] | undefined;
  for (const way of yield* promising(core, [...ways(core, image, keepOrder)])) {
    const data = compressed(core, way);
    const size = overheadOf(way) + data.length;
    if (!best || size < overheadOf(best[0]) + best[1].length) best = [way, data];
    yield 0;
  }
  return best!;
}

/** Returns the content of PLTE; empty for grey. */
export function paletteOf({ palette }: Way): Uint8Array {
  return palette ? withAlpha(palette).filter((_, i) => i % 4 < 3) : new Uint8Array();
}

/** Returns the content of tRNS, without the opaque entries at the palette's end. */
export function alphasOf({ palette }: Way): Uint8Array {
  const alphas = palette ? alphasIn(palette) : new Uint8Array();
  let length = alphas.length;
  while (length > 0 && alphas[length - 1] === 255) --length;
  return alphas.subarray(0, length);
}

function alphasIn(palette: Palette): Uint8Array {
  return withAlpha(palette).filter((_, i) => i % 4 === 3);
}

function overheadOf(way: Way): number {
  const held = [paletteOf(way).length, alphasOf(way).length];
  return held.reduce((sum, length) => sum + (length && 12 + length), 0);
}

/** All ways that may be the smallest. */
function* ways(
  core: Core,
  { indices, palette, width }: Indexed,
  keepOrder: boolean,
): Generator<Way> {
  const depths = new Set([depthOf(palette), 8]);
  if (keepOrder) {
    for (const bits of depths) {
      yield unfiltered(indices, width, palette, bits);
      yield* filtered(core, indices, width, palette, bits);
    }
    return;
  }
  const levels = greyOf(palette);
  if (levels) {
    const least = [1, 2, 4, 8].find((bits) => levels.every((level) => level % step(bits) === 0))!;
    for (const bits of new Set([least, 8])) {
      const grey = indices.map((entry) => levels[entry] / step(bits));
      yield unfiltered(grey, width, null, bits);
      yield* filtered(core, grey, width, null, bits);
    }
  }
  const soft = alphasIn(palette).map((alpha) => Number(alpha < 255));
  const common = renumbered(indices, palette, byCount(indices, soft));
  const near = renumbered(indices, palette, core.orderPalette(indices, width, soft, PASSES));
  for (const bits of depths) {
    if (!levels || bits < 8) yield unfiltered(common.indices, width, common.palette, bits);
    yield* filtered(core, near.indices, width, near.palette, bits);
  }
}

/** The most frequent entry, those that are not opaque, and the others, the more frequent first. */
function byCount(indices: Uint8Array, soft: Uint8Array): Uint8Array {
  const counts = new Float64Array(soft.length);
  for (const entry of indices) ++counts[entry];
  const lead = counts.indexOf(Math.max(...counts));
  const rank = (entry: number) => (entry === lead ? 2 : soft[entry]);
  return Uint8Array.from(soft.keys()).sort(
    (a, b) => rank(b) - rank(a) || counts[b] - counts[a] || a - b,
  );
}

function renumbered(indices: Uint8Array, { colors, channels }: Palette, order: Uint8Array) {
  const ranks = new Uint8Array(order.length);
  const sorted = new Uint8Array(colors.length);
  order.forEach((entry, rank) => {
    ranks[entry] = rank;
    sorted.set(colors.subarray(channels * entry, channels * (entry + 1)), channels * rank);
  });
  return { indices: indices.map((entry) => ranks[entry]), palette: { colors: sorted, channels } };
}

function unfiltered(
  pixels: Uint8Array,
  width: number,
  palette: Palette | null,
  bits: number,
): Way {
  const [packed, wide] = pack(pixels, width, bits);
  const stride = wide + 1;
  const rows = new Uint8Array((packed.length / wide) * stride);
  for (let y = 0; y * wide < packed.length; ++y) {
    rows.set(packed.subarray(y * wide, (y + 1) * wide), y * stride + 1);
  }
  return { palette, bits, rows, stride };
}

function* filtered(
  core: Core,
  pixels: Uint8Array,
  width: number,
  palette: Palette | null,
  bits: number,
): Generator<Way> {
  const [packed, wide] = pack(pixels, width, bits);
  const stride = wide + 1;
  yield { palette, bits, rows: core.filterRows(packed, wide, "model"), stride };
  if (packed.length <= SMALL && bits === 8) {
    yield { palette, bits, rows: core.filterRows(packed, wide, "least sum"), stride };
  }
}

/** The difference of two levels of grey that are next to each other, of 255. */
const step = (bits: number) => 255 / (2 ** bits - 1);

/** The levels (k) of colours that are all grey and opaque, otherwise null. */
function greyOf(palette: Palette): Uint8Array | null {
  const rgba = withAlpha(palette);
  for (let i = 0; i < rgba.length; i += 4) {
    const [red, green, blue, alpha] = rgba.subarray(i, i + 4);
    if (red !== green || red !== blue || alpha < 255) return null;
  }
  return rgba.filter((_, i) => i % 4 === 0);
}

function depthOf({ colors, channels }: Palette): number {
  return [1, 2, 4, 8].find((bits) => colors.length / channels <= 1 << bits)!;
}

/** Puts 8 / bits pixels into each byte, the first into the highest bits; and a row's bytes. */
function pack(pixels: Uint8Array, width: number, bits: number): [Uint8Array, number] {
  if (bits === 8) return [pixels, width];
  const perByte = 8 / bits;
  const wide = Math.ceil(width / perByte);
  const rows = new Uint8Array((pixels.length / width) * wide);
  for (let i = 0, y = 0; i < pixels.length; ++y) {
    for (let x = 0; x < width; ++x, ++i) {
      rows[y * wide + Math.floor(x / perByte)] |= pixels[i] << (8 - bits * ((x % perByte) + 1));
    }
  }
  return [rows, wide];
}

/** Returns the ways that are estimated to be about the smallest. */
function* promising(core: Core, all: Way[]): Work<Way[]> {
  if (all.length === 1) return all;
  const area = Math.max(...all.map(({ rows }) => rows.length));
  const level = all.every(({ bits }) => bits === 8) ? ESTIMATE : ESTIMATE_OF_DEPTHS;
  let estimates: number[] = [];
  for (const way of all) {
    estimates.push(estimate(core, way, SAMPLE / area, level));
    yield 0;
  }
  const flat = FLAT * Math.min(...estimates) < area;
  if (flat) {
    estimates = [];
    for (const way of all) {
      estimates.push(estimate(core, way, 1, level));
      yield 0;
    }
  }
  const least = Math.min(...estimates);
  return [...all.keys()]
    .sort((a, b) => estimates[a] - estimates[b] || a - b)
    .filter((i) => {
      const wide = flat || all[i].rows.length <= SMALL;
      return estimates[i] <= (wide ? MARGIN : NARROW_MARGIN) * least;
    })
    .slice(0, TRIED)
    .map((i) => all[i]);
}

/** Estimates the bytes of a way, by quick compression of bands of rows, or of all of them. */
function estimate(core: Core, way: Way, share: number, level: number): number {
  const { rows, stride } = way;
  const height = rows.length / stride;
  const band = Math.max(1, Math.trunc((height * share) / BANDS));
  let sample = rows;
  if (band * BANDS < height) {
    sample = new Uint8Array(BANDS * band * stride);
    for (let i = 0; i < BANDS; ++i) {
      const start = Math.floor(((height - band) * i) / (BANDS - 1));
      sample.set(rows.subarray(start * stride, (start + band) * stride), i * band * stride);
    }
  }
  const size = core.deflate(sample, level).length;
  return overheadOf(way) + (size * rows.length) / sample.length;
}

function compressed(core: Core, { rows, stride }: Way): Uint8Array {
  const height = rows.length / stride;
  const sample = new Uint8Array(Math.ceil(height / 8) * stride);
  for (let y = 0; y < height; y += 8) {
    sample.set(rows.subarray(y * stride, (y + 1) * stride), (y / 8) * stride);
  }
  const shrinks = sample.length / core.deflate(sample, 1).length;
  if (rows.length <= (shrinks > 4 ? SMALL_AND_FLAT : SMALL)) return core.deflate(rows, 12);
  if (shrinks > 16) {
    const [usual, other] = [zlib(rows, { level: 9 }), core.deflate(rows, 11)];
    return usual.length <= other.length ? usual : other;
  }
  return core.deflate(rows, rows.length < LARGE ? 10 : 8);
}
