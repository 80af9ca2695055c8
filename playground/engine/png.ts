// Indexed and grey PNG files, byte for byte those of the library.

import { checkEntries, checkFlag } from "./checks.ts";
import type { Core } from "./core.ts";
import type { Work } from "./jobs.ts";
import type { PngOptions } from "./protocol.ts";

/** Encodes in the way that takes the fewest bytes, or the least time. */
export function* encodePng(core: Core, image: PngOptions): Work<Uint8Array<ArrayBuffer>> {
  const { width, colors, channels, indices, quick = false, keepOrder = false } = image;
  const k = colors.length / channels;
  checkEntries("indices", indices, k);
  checkFlag("quick", quick);
  checkFlag("keepOrder", keepOrder);
  const file = core.lend([indices, colors], (indicesAt, colorsAt) =>
    core.call(
      "png_new",
      ...[indicesAt, indices.length, width, colorsAt, k, channels],
      ...[Number(quick), Number(keepOrder)],
    ),
  );
  try {
    while (core.call("png_step", file)) yield 0;
    return core.view(core.call("png_bytes", file), core.call("png_size", file)).slice();
  } finally {
    core.release("png_free", file);
  }
}
