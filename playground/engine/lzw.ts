// GIF's compression in the core: the images of stills and of frames.

import { withAlpha } from "./colors.ts";
import type { Block, Core } from "./core.ts";
import type { ColorList, Frame } from "./protocol.ts";

/** A frame's rectangle as it is written. */
export interface Image {
  left: number;
  top: number;
  width: number;
  height: number;
  /** The entry that leaves what is shown, or −1. */
  keep: number;
  /** Whether it becomes transparent before the next frame. */
  cleared: boolean;
  data: Uint8Array;
}

/** The entries that a table has room for. */
const ENTRIES = 256;

/** The data of an image whose entries have so many bits. */
export function lzw(core: Core, indices: Uint8Array, bits: number): Uint8Array {
  return core.lend([indices], (at) => taken(core, core.call("lzw", at, indices.length, bits)));
}

/** Which entries an image's data have: 1. */
export function lzwEntries(core: Core, data: Uint8Array): Uint8Array {
  const entries = new Uint8Array(ENTRIES);
  core.lend([data, entries], (dataAt, entriesAt) =>
    core.call("lzw_entries", dataAt, data.length, entriesAt),
  );
  return entries;
}

/** Data of the same codes, where each of 256 entries is another one. */
export function recodeLzw(
  core: Core,
  data: Uint8Array,
  entries: Uint8Array,
  bits: number,
): Uint8Array {
  return core.lend([data, entries], (dataAt, entriesAt) =>
    taken(core, core.call("recode_lzw", dataAt, data.length, entriesAt, bits)),
  );
}

/** What is written for each frame: what it changes. Null for one that looks like the one before. */
export function codeChanges(
  core: Core,
  frames: readonly Frame[],
  [height, width]: [number, number],
): (Image | null)[] {
  const n = height * width;
  const indices = new Uint8Array(frames.length * n);
  const colors = new Uint8Array(4 * ENTRIES * frames.length);
  frames.forEach((frame, i) => {
    indices.set(frame.indices, i * n);
    colors.set(withAlpha(frame), 4 * ENTRIES * i);
  });
  const counts = Int32Array.from(frames, ({ colors, channels }) => colors.length / channels);
  return core.lend([indices, colors, counts], (indicesAt, colorsAt, countsAt) => {
    const size = [frames.length, height, width] as const;
    const made = core.call("code_changes", indicesAt, ...size, colorsAt, countsAt);
    return imagesOf(core, made, frames.length);
  });
}

/** Frames of one size and palette that take few bytes, as src/kpalette/lossy_frames.py has them. */
export class LossyFrames {
  readonly #core: Core;
  readonly #address: number;

  constructor(
    core: Core,
    { colors, channels }: ColorList,
    [height, width]: [number, number],
    smaller: number,
  ) {
    this.#core = core;
    this.#address = core.lend([colors], (at) =>
      core.call(
        "lossy_frames_new",
        ...[at, colors.length / channels, channels, height, width, smaller],
      ),
    );
  }

  /** Turns the nearest entries of the next frame into others. Null where the one before stays. */
  choose(pixels: Block, indices: Block): Image | null {
    const at = [this.#address, pixels.address, indices.address];
    return imagesOf(this.#core, this.#core.call("lossy_frames_choose", ...at), 1)[0];
  }

  free(): void {
    this.#core.release("lossy_frames_free", this.#address);
  }
}

/** The core's images, which are freed. */
function imagesOf(core: Core, made: number, n: number): (Image | null)[] {
  const about = new Float64Array(9);
  const images: (Image | null)[] = [];
  for (let i = 0; i < n; ++i) {
    core.lend([about], (at) => core.call("images_look", made, i, at));
    const [is, left, top, width, height, keep, cleared, at, size] = about;
    const place = { left, top, width, height, keep, cleared: cleared !== 0 };
    images.push(is === 0 ? null : { ...place, data: core.view(at, size).slice() });
  }
  core.release("images_free", made);
  return images;
}

/** The bytes of one of the core's vectors, which is freed. */
function taken(core: Core, made: number): Uint8Array {
  const bytes = core.view(core.call("bytes_at", made), core.call("bytes_size", made)).slice();
  core.release("bytes_free", made);
  return bytes;
}
