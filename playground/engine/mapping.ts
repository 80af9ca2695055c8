// Pixels to indices in the core.

import type { Block, Core } from "./core.ts";
import type { Fitted } from "./fits.ts";
import type { Histogram } from "./histogram.ts";
import type { Work } from "./jobs.ts";
import type { ColorList, Dither } from "./protocol.ts";

export function remap(
  core: Core,
  pixels: Block,
  histogram: Histogram,
  labels: Uint16Array,
  indices: Block,
): void {
  core.lend([labels], (at) =>
    core.call("remap", pixels.address, indices.length, histogram.address, at, indices.address),
  );
}

/** Dithers some rows, from the `first` on; `errors` are what the rows above leave to them. */
export function diffuseError(
  core: Core,
  pixels: Block,
  { first, rows, width }: { first: number; rows: number; width: number },
  { colors, channels }: ColorList,
  strength: number,
  indices: Block,
  errors: Float32Array,
): void {
  core.lend([colors, errors], (colorsAt, errorsAt) =>
    core.call(
      "diffuse_error",
      ...[pixels.address, first, rows, width, channels],
      ...[colorsAt, colors.length / channels, strength, indices.address, errorsAt],
    ),
  );
}

export function ditherOrdered(
  core: Core,
  pixels: Block,
  [height, width]: [number, number],
  { colors, channels }: ColorList,
  histogram: Histogram,
  labels: Uint16Array,
  { dither, strength }: { dither: Exclude<Dither, null>; strength: number },
  indices: Block,
): void {
  const { dithers } = core.tables;
  core.lend([labels, colors], (labelsAt, colorsAt) =>
    core.call(
      "dither_ordered",
      ...[pixels.address, height, width, histogram.address, labelsAt],
      ...[dithers.indexOf(dither), colorsAt, colors.length / channels, strength, indices.address],
    ),
  );
}

export function mapSpatially(
  core: Core,
  pixels: Block,
  [height, width]: [number, number],
  { colors, channels }: ColorList,
  strength: number,
  indices: Block,
): void {
  core.lend([colors], (at) =>
    core.call(
      "map_spatially",
      ...[pixels.address, height, width, channels],
      ...[at, colors.length / channels, strength, indices.address],
    ),
  );
}

/** Turns nearest entries into some whose file is smaller, row by row: src/kpalette/rate.py. */
export function* chooseByRate(
  core: Core,
  pixels: Block,
  [height, width]: [number, number],
  { colors, channels }: ColorList,
  { smaller, strength }: { smaller: number; strength: number },
  indices: Block,
): Work<void> {
  const palette = core.take(colors.length);
  palette.bytes().set(colors);
  const search = core.call(
    "rate_new",
    ...[pixels.address, height, width, channels],
    ...[palette.address, colors.length / channels, smaller, strength, indices.address],
  );
  try {
    while (core.call("rate_step", search)) yield 0;
  } finally {
    core.release("rate_free", search);
    palette.free();
  }
}

/**
 * A palette moved to where spatial dithering is best; `fixed` colours (m, channels) stay. With
 * `saliency`, pixels count by how much they stand out, and the histogram is one that does so.
 */
export function spatialPalette(
  core: Core,
  pixels: Block,
  [height, width]: [number, number],
  histogram: Histogram,
  { palette, labels }: Pick<Fitted, "palette" | "labels">,
  fixed: Uint8Array,
  strength: number,
  saliency: boolean,
): Uint8Array {
  const colors = palette.colors.slice();
  core.lend([labels, colors, fixed], (labelsAt, colorsAt, fixedAt) =>
    core.call(
      "spatial_palette",
      ...[pixels.address, height, width, histogram.address, labelsAt],
      ...[colorsAt, colors.length / palette.channels, fixedAt, fixed.length, strength],
      Number(saliency),
    ),
  );
  return colors;
}
