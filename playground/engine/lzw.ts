// GIF's compression in the core, and indices that it takes few bytes for.

import type { Block, Core, Palette } from "./core";

/** The entry that leaves what is shown, and the pixels (n) that may be written as that: not 0. */
export interface Kept {
  entry: number;
  pixels: Uint8Array;
}

/** A frame's rectangle as it is written. */
export interface Image {
  left: number;
  top: number;
  width: number;
  height: number;
  /** The entry that leaves what is shown, or −1. */
  keep: number;
  data: Uint8Array;
}

/** The data of an image whose entries have so many bits. */
export function lzw(core: Core, indices: Uint8Array, bits: number, kept?: Kept): Uint8Array {
  const { entry = -1, pixels = new Uint8Array() } = kept ?? {};
  return core.lend([indices, pixels], (indicesAt, keptAt) =>
    taken(core, core.call("lzw", indicesAt, indices.length, bits, entry, keptAt)),
  );
}

/**
 * Turns the nearest entries of a frame into such as cost few bytes, as src/kpalette/rate.py has it;
 * after the frame `before`, of the same size and palette. Null where that one stays.
 */
export function chooseByLzw(
  core: Core,
  pixels: Block,
  [height, width]: [number, number],
  { colors, channels }: Palette,
  smaller: number,
  before: { pixels: Block; indices: Block } | null,
  indices: Block,
): Image | null {
  const about = new Float64Array(5);
  const made = core.lend([colors, about], (colorsAt, aboutAt) =>
    core.call(
      "choose_by_lzw",
      ...[pixels.address, height, width, channels, colorsAt, colors.length / channels, smaller],
      ...[before?.pixels.address ?? 0, before?.indices.address ?? 0, indices.address, aboutAt],
    ),
  );
  if (made === 0) return null;
  const [left, top, wide, high, keep] = about;
  return { left, top, width: wide, height: high, keep, data: taken(core, made) };
}

/** The bytes of one of the core's vectors, which is freed. */
function taken(core: Core, made: number): Uint8Array {
  const bytes = core.view(core.call("bytes_at", made), core.call("bytes_size", made)).slice();
  core.release("bytes_free", made);
  return bytes;
}
