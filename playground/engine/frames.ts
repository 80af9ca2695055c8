// Frames of an animation, which lie one below the other in one image, as
// src/kpalette/mapped_frames.py and lossy_frames.py map them.

import type { Block } from "./core.ts";
import { encodeGif } from "./gif.ts";
import type { Counted, Image } from "./image.ts";
import type { Work } from "./jobs.ts";
import { type Image as Drawn, LossyFrames } from "./lzw.ts";
import type { ColorList, Frame } from "./protocol.ts";

/** A frame's pixels and indices, in the core's memory. */
export interface FrameBlocks {
  pixels: Block;
  indices: Block;
}

/** The frames of an image, each with the one before; a still is one. */
export function* framesOf(
  { frameHeight, width }: Image,
  { pixels, channels }: Counted,
  indices: Block,
): Generator<[now: FrameBlocks, before: FrameBlocks | null]> {
  const n = frameHeight * width;
  let before: FrameBlocks | null = null;
  for (let first = 0; first < indices.length; first += n) {
    const part = pixels.part(channels * first, channels * n);
    const now = { pixels: part, indices: indices.part(first, n) };
    yield [now, before];
    before = now;
  }
}

/** Keeps the entries of pixels that are as in the frame before, which what is around may change. */
export function keepStill(now: FrameBlocks, before: FrameBlocks): void {
  const n = now.indices.length;
  const channels = now.pixels.length / n;
  const [pixels, last] = [now.pixels.bytes(), before.pixels.bytes()];
  const [entries, shown] = [now.indices.bytes(), before.indices.bytes()];
  for (let i = 0; i < n; ++i) {
    let same = true;
    for (let c = channels * i; c < channels * (i + 1); ++c) same &&= pixels[c] === last[c];
    if (same) entries[i] = shown[i];
  }
}

/**
 * Turns nearest entries of all frames into such as a GIF takes few bytes for. Gives how it has them;
 * null for all where the palette has alpha, and frames do not build on those before.
 */
export function* chooseInFrames(
  image: Image,
  counted: Counted,
  palette: ColorList,
  smaller: number,
  indices: Block,
): Work<(Drawn | null)[] | null> {
  const { core, width, frameHeight } = image;
  const lossy = new LossyFrames(core, palette, [frameHeight, width], smaller);
  const images: (Drawn | null)[] = [];
  try {
    for (const [now] of framesOf(image, counted, indices)) {
      images.push(lossy.choose(now.pixels, now.indices));
      yield 0;
    }
  } finally {
    lossy.free();
  }
  return palette.channels === 3 ? images : null;
}

/** A GIF of all frames in one palette. */
export function encodeFrames(
  { core, width, frameHeight: height, durations, loop }: Image,
  palette: ColorList,
  indices: Uint8Array,
  images?: (Drawn | null)[] | null,
): Work<Uint8Array<ArrayBuffer>> {
  const { colors, channels } = palette;
  const n = width * height;
  const frames: Frame[] = durations.map((duration, i) => {
    return { colors, channels, indices: indices.subarray(i * n, (i + 1) * n), duration };
  });
  return encodeGif(core, { frames, width, height, loop }, images ?? undefined);
}
