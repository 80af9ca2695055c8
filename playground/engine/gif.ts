// GIF files, as src/kpalette/files/gif.py writes them, byte for byte.

import { joined } from "./bytes";
import { type Change, changes, hundredths, LONGEST } from "./changes";
import { withAlpha } from "./colors";
import type { Core } from "./core";
import type { Work } from "./jobs";
import { type Image, lzw } from "./lzw";
import type { ColorList, Frame, GifOptions } from "./protocol";

const MOST_COLORS = 256;
/** Of width and height, in pixels. */
const MOST_SIDE = 65_535;

/** Encodes frames of one size; one frame is a still. With `images`, they are written like that. */
export function* encodeGif(
  core: Core,
  { frames, width, height, loop = 0 }: GifOptions,
  images?: readonly (Image | null)[],
): Work<Uint8Array<ArrayBuffer>> {
  for (const { indices, colors, channels } of frames) {
    const k = colors.length / channels;
    if (k > MOST_COLORS) throw new RangeError(`colors: expected at most 256, got ${k}`);
    if (indices.length !== width * height) {
      throw new RangeError(`indices: expected ${width} × ${height}, got ${indices.length}`);
    }
    const levels = withAlpha({ colors, channels });
    if (levels.some((level, i) => i % 4 === 3 && level > 0 && level < 255)) {
      throw new RangeError("A GIF holds no soft transparency. PNG and WebP do.");
    }
  }
  if (Math.max(width, height) > MOST_SIDE) {
    throw new RangeError(`A GIF has at most ${MOST_SIDE} pixels a side, not ${width}×${height}.`);
  }
  if (frames.length === 1 && !images) return still(core, frames[0], [height, width]);
  const shared = mostUsed(frames);
  const parts = [header([height, width], bitsOfFrame(shared), shared, "GIF89a")];
  if (loop !== 1) {
    const repeats = loop && loop - 1;
    parts.push(bytes(0x21, 0xff, 11), letters("NETSCAPE2.0"), bytes(3, 1, ...short(repeats), 0));
  }
  if (images) {
    for (const { image, frame, duration } of timed(core, images, frames)) {
      parts.push(control(1, duration, image.keep < 0 ? null : image.keep));
      parts.push(...placed(image, frame, shared));
    }
  } else {
    const isClear = frames.some((frame) => clearEntry(frame) >= 0);
    for (const change of changes(frames, [height, width])) {
      parts.push(...drawn(core, change, shared, isClear));
      yield 0;
    }
  }
  return joined([...parts, letters(";")]);
}

function still(core: Core, frame: Frame, size: [number, number]): Uint8Array<ArrayBuffer> {
  const { colors, channels } = frame;
  const clear = clearEntry(frame);
  const k = colors.length / channels;
  const levels = withAlpha(frame);
  const indices =
    clear < 0
      ? frame.indices
      : frame.indices.map((entry) => (levels[4 * entry + 3] === 0 ? clear : entry));
  const [height, width] = size;
  return joined([
    header(size, Math.max(1, bitLength(k - 1)), frame, clear < 0 ? "GIF87a" : "GIF89a"),
    ...(clear < 0 ? [] : [control(0, 0, clear)]),
    bytes(0x2c, 0, 0, 0, 0, ...short(width), ...short(height), 0),
    data(core, indices),
    letters(";"),
  ]);
}

/** The palette that most frames have, the first among equals. */
function mostUsed(frames: readonly Frame[]): ColorList {
  const uses = new Map<string, { palette: ColorList; n: number }>();
  for (const { colors, channels } of frames) {
    const key = `${channels}:${colors.join()}`;
    const found = uses.get(key) ?? { palette: { colors, channels }, n: 0 };
    found.n += 1;
    uses.set(key, found);
  }
  return [...uses.values()].reduce((most, next) => (next.n > most.n ? next : most)).palette;
}

/** Each image with its frame and its hundredths of a second; one pixel again where it takes longer. */
function* timed(
  core: Core,
  images: readonly (Image | null)[],
  frames: readonly Frame[],
): Generator<{ image: Image; frame: Frame; duration: number }> {
  const kept: { image: Image; frame: Frame }[] = [];
  const totals: number[] = [];
  for (const [i, image] of images.entries()) {
    if (image) {
      kept.push({ image, frame: frames[i] });
      totals.push(frames[i].duration);
    } else totals[totals.length - 1] += frames[i].duration;
  }
  for (const [i, duration] of hundredths(totals).entries()) {
    const { image, frame } = kept[i];
    yield { image, frame, duration: Math.min(duration, LONGEST) };
    const one = { left: 0, top: 0, width: 1, height: 1, keep: -1 };
    for (let done = LONGEST; done < duration; done += LONGEST) {
      const pixel = { ...one, data: data(core, frame.indices.subarray(0, 1)) };
      yield { image: pixel, frame, duration: Math.min(duration - done, LONGEST) };
    }
  }
}

/** Encodes a frame the smallest way: what is shown already is left out, drawn again, or both. */
function drawn(core: Core, change: Change, shared: ColorList, isClear: boolean): Uint8Array[] {
  const { indices, changed, opaque, frame, cleared, duration } = change;
  let keep = unused(change, 1 << bitsOfFrame(frame));
  // If anything is transparent, every frame names a transparent entry: otherwise Pillow clears to a
  // colour.
  if (!isClear && changed.every((is) => is !== 0)) keep = null;
  const ways = keep === null || !isClear ? [data(core, indices)] : [];
  if (keep !== null) {
    const entry = keep;
    const pixels = changed.map((is) => Number(is === 0));
    const shown = indices.map((index, i) => (opaque[i] ? index : entry));
    ways.push(data(core, shown.map((index, i) => (pixels[i] ? entry : index))));
    ways.push(data(core, shown, { entry, pixels }));
  }
  const best = ways.reduce((least, next) => (next.length < least.length ? next : least));
  const head = control(cleared ? 2 : 1, duration, keep);
  return [head, ...placed({ ...change, keep: -1, data: best }, frame, shared)];
}

/** An image with its place, and its colours if they are not those of all. */
function placed(image: Image, frame: Frame, shared: ColorList): Uint8Array[] {
  const { left, top, width, height } = image;
  const place = bytes(0x2c, ...[left, top, width, height].flatMap(short));
  const isShared =
    frame.channels === shared.channels &&
    frame.colors.length === shared.colors.length &&
    frame.colors.every((level, i) => level === shared.colors[i]);
  if (isShared) return [place, bytes(0), image.data];
  const bits = bitsOfFrame(frame);
  return [place, bytes(0x80 | (bits - 1)), table(frame, bits), image.data];
}

function data(
  core: Core,
  indices: Uint8Array,
  kept?: { entry: number; pixels: Uint8Array },
): Uint8Array {
  const highest = indices.reduce((most, index) => Math.max(most, index), kept?.entry ?? 0);
  return lzw(core, indices, Math.max(1, bitLength(highest)), kept);
}

function header(
  [height, width]: [number, number],
  bits: number,
  palette: ColorList,
  version: string,
): Uint8Array {
  const screen = bytes(...short(width), ...short(height), 0xf0 | (bits - 1), 0, 0);
  return joined([letters(version), screen, table(palette, bits)]);
}

/** The extension that says how, and for how long, a frame is shown. */
function control(disposal: number, duration: number, keep: number | null): Uint8Array {
  const flags = (disposal << 2) | Number(keep !== null);
  return bytes(0x21, 0xf9, 4, flags, ...short(duration), keep ?? 0, 0);
}

/** The bits of an entry, with a spare one if 8 bits allow it. */
function bitsOfFrame({ colors, channels }: ColorList): number {
  return Math.min(8, bitLength(colors.length / channels));
}

function table(palette: ColorList, bits: number): Uint8Array {
  const levels = withAlpha(palette);
  const made = new Uint8Array(3 << bits);
  for (let j = 0; 4 * j < levels.length; ++j) made.set(levels.subarray(4 * j, 4 * j + 3), 3 * j);
  return made;
}

/** The first wholly transparent entry, or −1. */
function clearEntry(palette: ColorList): number {
  if (palette.channels === 3) return -1;
  const levels = palette.colors;
  for (let j = 0; 4 * j < levels.length; ++j) if (levels[4 * j + 3] === 0) return j;
  return -1;
}

/** An entry to mark unchanged pixels as transparent: one that the frame does not use, if any. */
function unused({ frame, indices, changed }: Change, size: number): number | null {
  const clear = clearEntry(frame);
  if (clear >= 0) return clear;
  const used = new Uint8Array(size);
  indices.forEach((index, i) => (used[index] |= changed[i]));
  const free = used.indexOf(0);
  return free < 0 ? null : free;
}

const bitLength = (value: number) => 32 - Math.clz32(value);
const bytes = (...values: number[]) => Uint8Array.from(values);
const short = (value: number) => [value & 255, value >> 8];
const letters = (text: string) => new TextEncoder().encode(text);
