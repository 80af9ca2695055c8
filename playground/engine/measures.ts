// What a picture in few colours cost, and how it looks, measured in the core.

import type { Block, Core } from "./core.ts";
import type { Counted, Image } from "./image.ts";
import type { Work } from "./jobs.ts";
import type { ColorList, Looked } from "./protocol.ts";

/** How many pixels or colours are measured in one step. */
const CHUNK = 1 << 16;

/** The side of the tiles by which looks are measured, in pixels. */
const TILE = 16;

/** The sum of CIEDE2000 over some pixels, from the `first` on, and what they are shown as. */
function deltaE(core: Core, pixels: Block, palette: ColorList, indices: Uint8Array, first: number): number {
  const { colors, channels } = palette;
  return core.lend([indices, colors], (...at) =>
    core.call(
      "delta_e_pixels",
      ...[pixels.address + channels * first, indices.length, channels, ...at],
    ),
  );
}

/** How often each entry is shown, and the squared error in 8-bit sRGB. */
export function tally(core: Core, pixels: Block, indices: Block, palette: ColorList): [Float64Array, number] {
  const { colors, channels } = palette;
  const counts = new BigInt64Array(colors.length / channels);
  const error = core.lend([colors, counts], (colorsAt, countsAt) =>
    core.call(
      "tally",
      ...[pixels.address, indices.length, channels, indices.address],
      ...[colorsAt, counts.length, countsAt],
    ),
  );
  return [Float64Array.from(counts, Number), error];
}

/** Measures how an image looks, band by band. */
class TileSums {
  private readonly address: number;

  constructor(private readonly core: Core) {
    this.address = core.call("tile_sums_new");
  }

  /** Adds some rows, from the `first` on, which begins a tile, and what they are shown as. */
  add(
    pixels: Block,
    { first, rows, width }: { first: number; rows: number; width: number },
    { colors, channels }: ColorList,
    indices: Uint8Array,
  ): void {
    this.core.lend([indices, colors], (indicesAt, colorsAt) =>
      this.core.call(
        "tile_sums_add",
        ...[this.address, pixels.address, first, rows, width, channels],
        ...[indicesAt, colorsAt, colors.length / channels],
      ),
    );
  }

  result(): Looked {
    const about = new Float64Array(5);
    this.core.lend([about], (at) => this.core.call("tile_sums_result", this.address, at));
    const [looks, left, top, width, height] = about;
    return { looks, worst: width > 0 ? { left, top, width, height } : null };
  }

  free(): void {
    this.core.release("tile_sums_free", this.address);
  }
}

/** Mean CIEDE2000 between an image's colours and their nearest entries. */
export function* deltaEOfColors(counted: Counted, palette: ColorList, labels: Uint16Array): Work<number> {
  const { histogram, length } = counted;
  let sum = 0;
  for (let first = 0; first < histogram.length; first += CHUNK) {
    const last = Math.min(histogram.length, first + CHUNK);
    sum += histogram.deltaE(labels, palette, first, last);
    yield 0;
  }
  return sum / length;
}

/** Mean CIEDE2000 between pixels and the entries that show them. */
export function* deltaEOfPixels(
  { core }: Image,
  { pixels, length }: Counted,
  palette: ColorList,
  indices: Uint8Array,
): Work<number> {
  let sum = 0;
  for (let first = 0; first < length; first += CHUNK) {
    const last = Math.min(length, first + CHUNK);
    sum += deltaE(core, pixels, palette, indices.subarray(first, last), first);
    yield 0;
  }
  return sum / length;
}

/** How pixels look in the entries that show them. */
export function* looksOf(
  { core, height, frameHeight, width }: Image,
  { pixels }: Counted,
  palette: ColorList,
  indices: Uint8Array,
): Work<Looked> {
  const sums = new TileSums(core);
  try {
    const atOnce = TILE * Math.ceil(CHUNK / (TILE * width));
    for (let first = 0, rows = 0; first < height; first += rows) {
      rows = Math.min(atOnce, frameHeight - (first % frameHeight)); // tiles end where a frame ends
      const shown = indices.subarray(first * width, (first + rows) * width);
      sums.add(pixels, { first, rows, width }, palette, shown);
      yield 0;
    }
    return sums.result();
  } finally {
    sums.free();
  }
}
