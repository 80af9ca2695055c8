// Indexed and grey PNG files, byte for byte those of the library.

import type { Core } from "./core.ts";
import type { Work } from "./jobs.ts";
import type { PngOptions } from "./protocol.ts";

/** Encodes in the way that takes the fewest bytes, or the least time. */
export function* encodePng(core: Core, image: PngOptions): Work<Uint8Array<ArrayBuffer>> {
  const { width, height, colors, channels, indices, quick = false, keepOrder = false } = image;
  const k = colors.length / channels;
  if (k > 256) throw new RangeError(`colors: expected at most 256, got ${k}`);
  if (indices.length !== width * height) {
    throw new RangeError(`indices: expected ${width} × ${height}, got ${indices.length}`);
  }
  return yield* core.encodePng(indices, width, { colors, channels }, { quick, keepOrder });
}
