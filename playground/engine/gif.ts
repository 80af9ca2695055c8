// GIF files, as src/kpalette/files/gif.py writes them, byte for byte.

import { joined } from "./bytes.ts";
import { checkEntries, checkWhole, checkWithin } from "./checks.ts";
import { withAlpha } from "./colors.ts";
import type { Core } from "./core.ts";
import type { Work } from "./jobs.ts";
import { codeChanges, type Image, lzw, lzwEntries, recodeLzw } from "./lzw.ts";
import type { ColorList, Frame, GifOptions } from "./protocol.ts";

const MOST_COLORS = 256;
/** Of width and height, in pixels; and of a frame's hundredths of a second. */
const MOST = 65_535;

/** An image whose entries are those of a sorted palette; `table` is its own, if it has one. */
type Arranged = Image & { table: Uint8Array | null };

/** Encodes frames of one size; one frame is a still. With `images`, they are written like that. */
export function* encodeGif(
  core: Core,
  { frames, width, height, loop = 0 }: GifOptions,
  images?: readonly (Image | null)[],
): Work<Uint8Array<ArrayBuffer>> {
  checkWhole("loop", loop, 0, MOST + 1);
  if (Math.max(width, height) > MOST) {
    throw new RangeError(`A GIF has at most ${MOST} pixels a side, not ${width}×${height}.`);
  }
  frames.forEach(check);
  if (frames.length === 1 && !images) return still(core, frames[0], [height, width]);
  yield 0;
  const found = images ?? codeChanges(core, frames, [height, width]);
  yield 0;
  const coded = arrange(core, found, frames);
  const keeps = coded.images.map((image) => (image && !image.table ? image.keep : -1));
  const bits = bitsOf(Math.max(coded.table.length / 3, Math.max(0, ...keeps) + 1));
  const parts = [header([height, width], bits, coded.table, "GIF89a")];
  if (loop !== 1) {
    const repeats = loop && loop - 1;
    parts.push(bytes(0x21, 0xff, 11), letters("NETSCAPE2.0"), bytes(3, 1, ...short(repeats), 0));
  }
  const durations = frames.map(({ duration }) => duration);
  for (const { image, duration } of timed(core, coded.images, durations)) {
    parts.push(control(image.cleared ? 2 : 1, duration, image.keep < 0 ? null : image.keep));
    parts.push(...placed(image));
  }
  return joined([...parts, letters(";")]);
}

function check({ indices, colors, channels, duration }: Frame, i: number): void {
  checkWithin(`frames[${i}].duration`, duration, 0, 2 ** 31 - 1);
  checkEntries(`frames[${i}].indices`, indices, colors.length / channels);
  const levels = withAlpha({ colors, channels });
  if (levels.some((level, i) => i % 4 === 3 && level > 0 && level < 255)) {
    throw new RangeError("A GIF holds no soft transparency. PNG and WebP do.");
  }
}

function still(core: Core, frame: Frame, size: [number, number]): Uint8Array<ArrayBuffer> {
  const levels = withAlpha(frame);
  const k = levels.length / 4;
  const isClear = (entry: number) => levels[4 * entry + 3] === 0;
  const clear = Array.from({ length: k }, (_, entry) => entry).findIndex(isClear);
  const indices = frame.indices.map((entry) => (isClear(entry) ? clear : entry));
  const [height, width] = size;
  const highest = indices.reduce((most, index) => Math.max(most, index), 0);
  return joined([
    header(size, bitsOf(k), rgbOf(frame), clear < 0 ? "GIF87a" : "GIF89a"),
    ...(clear < 0 ? [] : [control(0, 0, clear)]),
    bytes(0x2c, 0, 0, 0, 0, ...short(width), ...short(height), 0),
    lzw(core, indices, Math.max(1, bitLength(highest))),
    letters(";"),
  ]);
}

/** Sorts palettes by how many frames draw with an entry, so that codes begin with fewer bits. */
function arrange(
  core: Core,
  images: readonly (Image | null)[],
  frames: readonly Frame[],
): { table: Uint8Array; images: (Arranged | null)[] } {
  const drawn = images.map((image) => image && entriesOf(core, image));
  const names = frames.map(({ colors, channels }) => `${channels}:${colors.join()}`);
  const shared = mostCommon(names);
  const uses = new Uint32Array(MOST_COLORS);
  drawn.forEach((entries, i) => {
    if (names[i] === shared) entries?.forEach((is, entry) => (uses[entry] += is));
  });
  const order = Array.from(uses.keys()).sort((a, b) => uses[b] - uses[a]); // stable
  let most = 1;
  const arranged = images.map((image, i): Arranged | null => {
    const entries = drawn[i];
    if (!image || !entries) return null;
    const isOwn = names[i] !== shared;
    const which = isOwn ? order.filter((entry) => entries[entry]).sort((a, b) => a - b) : order;
    const place = new Uint8Array(MOST_COLORS);
    which.forEach((entry, at) => (place[entry] = at));
    const taken = new Set(which.filter((entry) => entries[entry]).map((entry) => place[entry]));
    let { keep } = image;
    if (keep >= 0) {
      for (keep = 0; taken.has(keep); ) ++keep;
      place[image.keep] = keep;
    }
    const highest = Math.max(0, keep, ...taken);
    const data = recodeLzw(core, image.data, place, Math.max(1, bitLength(highest)));
    if (!isOwn) most = Math.max(most, highest + 1);
    return { ...image, keep, data, table: isOwn ? chosen(rgbOf(frames[i]), which) : null };
  });
  const all = rgbOf(frames[names.indexOf(shared)]);
  return { table: chosen(all, order.slice(0, Math.min(most, all.length / 3))), images: arranged };
}

/** The entries that an image draws with: 1. */
function entriesOf(core: Core, image: Image): Uint8Array {
  const entries = lzwEntries(core, image.data);
  if (image.keep >= 0) entries[image.keep] = 0;
  return entries;
}

/** The name that comes most often, the first among equals. */
function mostCommon(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].reduce((most, next) => (next[1] > most[1] ? next : most))[0];
}

/** Some colours of a table (k, 3). */
function chosen(table: Uint8Array, which: readonly number[]): Uint8Array {
  return Uint8Array.from(which.flatMap((entry) => [...table.subarray(3 * entry, 3 * entry + 3)]));
}

/** Each image and its hundredths of a second; where it takes longer, a pixel that stays follows. */
function* timed(
  core: Core,
  images: readonly (Arranged | null)[],
  durations: readonly number[],
): Generator<{ image: Arranged; duration: number }> {
  const kept: Arranged[] = [];
  const totals: number[] = [];
  images.forEach((image, i) => {
    if (image) {
      kept.push(image);
      totals.push(durations[i]);
    } else totals[totals.length - 1] += durations[i];
  });
  const pixel = { left: 0, top: 0, width: 1, height: 1, keep: 0, cleared: false, table: null };
  const stays = { ...pixel, data: lzw(core, new Uint8Array(1), 1) };
  for (const [i, total] of hundredths(totals).entries()) {
    const image = kept[i];
    let next = image;
    let done = 0;
    for (; total - done > MOST; done += MOST) {
      yield { image: { ...next, cleared: false }, duration: MOST };
      // What is cleared is drawn once more at last, since that which stays clears nothing.
      next = image.cleared ? image : stays;
    }
    yield { image: next, duration: total - done };
  }
}

/**
 * Milliseconds in hundredths of a second, whose rounding errors are carried to the next. Those above
 * 0 become at least 2, since browsers show shorter ones for a tenth of a second.
 */
function hundredths(durations: readonly number[]): number[] {
  let owed = 0;
  return durations.map((duration) => {
    const least = duration ? 2 : 0;
    const rounded = Math.max(least, Math.floor((duration + owed + 5) / 10));
    owed = Math.max(-5, duration + owed - 10 * rounded);
    return rounded;
  });
}

/** An image with its place, and its own colours. */
function placed({ left, top, width, height, keep, table: own, data }: Arranged): Uint8Array[] {
  const place = bytes(0x2c, ...[left, top, width, height].flatMap(short));
  if (!own) return [place, bytes(0), data];
  const bits = bitsOf(Math.max(own.length / 3, keep + 1));
  return [place, bytes(0x80 | (bits - 1)), table(own, bits), data];
}

function header(
  [height, width]: [number, number],
  bits: number,
  colors: Uint8Array,
  version: string,
): Uint8Array {
  const screen = bytes(...short(width), ...short(height), 0xf0 | (bits - 1), 0, 0);
  return joined([letters(version), screen, table(colors, bits)]);
}

/** The extension that says how, and for how long, a frame is shown. */
function control(disposal: number, duration: number, keep: number | null): Uint8Array {
  const flags = (disposal << 2) | Number(keep !== null);
  return bytes(0x21, 0xf9, 4, flags, ...short(duration), keep ?? 0, 0);
}

/** Colours (k, 3), padded to what so many bits address. */
function table(colors: Uint8Array, bits: number): Uint8Array {
  const made = new Uint8Array(3 << bits);
  made.set(colors);
  return made;
}

function rgbOf(palette: ColorList): Uint8Array {
  return withAlpha(palette).filter((_, i) => i % 4 !== 3);
}

/** The bits of an entry of k. */
const bitsOf = (k: number) => Math.max(1, bitLength(k - 1));
const bitLength = (value: number) => 32 - Math.clz32(value);
const bytes = (...values: number[]) => Uint8Array.from(values);
const short = (value: number) => [value & 255, value >> 8];
const letters = (text: string) => new TextEncoder().encode(text);
