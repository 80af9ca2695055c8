// An image's way to k colours, as src/kpalette/pipeline.py has it.

import { checkChoice, checkStrength, checkWhole } from "./checks";
import { parseColors, withAlpha } from "./colors";
import { Assignment, type Block, MASKS, type Palette, SPACES } from "./core";
import { checkFit, fit, psnr, type Work } from "./fit";
import type { Counted, Image } from "./image";
import type {
  ColorList,
  Dither,
  MapOptions,
  QuantizeOptions,
  Quantized,
  Space,
} from "./protocol";

/** Indices are bytes. */
const MOST_COLORS = 256;

/** Pixels or colours that are measured in one go. */
const CHUNK = 1 << 16;

/** Pixels that are dithered in one go, at least: some 25 ms. */
const BAND = 1 << 18;

/** What came of it; its `deltaE` is still to be measured, which takes as long as a fit. */
export interface Mapped {
  quantized: Quantized;
  deltaE: () => Work<number>;
}

export function* quantize(image: Image, options: QuantizeOptions): Work<Mapped> {
  const { k, space, effort, seed, fixed: names } = options;
  checkWhole("k", k, 1, MOST_COLORS);
  checkFit(options);
  checkMap(options);
  const named = parseColors(names);
  if (names.length > k) {
    throw new RangeError(`fixed: expected at most k = ${k} colours, got ${names.length}`);
  }
  const counted = image.counted(named.channels);
  const fixed = counted.channels === 4 ? withAlpha(named) : named.colors;
  const began = performance.now();
  const fitted = yield* fit(counted.placed(space), k, effort, seed, fixed);
  const fitMs = performance.now() - began;
  return yield* mapped(image, counted, { ...fitted, passes: fitted.nIter, fitMs }, options);
}

/** Shows an image in given colours. */
export function* remap(image: Image, given: ColorList, options: MapOptions): Work<Mapped> {
  const k = given.colors.length / given.channels;
  checkWhole("palette", k, 1, MOST_COLORS);
  checkMap(options);
  const counted = image.counted(given.channels);
  const { channels } = counted;
  const colors = channels === 4 ? withAlpha(given) : given.colors;
  const palette: Palette = { colors, channels };
  const began = performance.now();
  const placed = counted.placed(options.space);
  const points = placed.points(1);
  yield 0;
  const assignment = new Assignment(points, k);
  let found;
  try {
    assignment.update(placed.place(colors));
    const { labels, counts } = assignment;
    const mse = counted.histogram.squaredError(labels, palette) / counted.length;
    found = { palette, labels, counts, mse, passes: 0, fitMs: performance.now() - began };
  } finally {
    assignment.free();
  }
  yield 0;
  const { quantized, deltaE } = yield* mapped(image, counted, found, options);
  quantized.colors = given.colors;
  quantized.channels = given.channels;
  return { quantized, deltaE };
}

function checkMap({ space, dither, strength }: MapOptions): void {
  checkChoice("space", space, SPACES);
  checkChoice<Dither>("dither", dither, [null, "floyd-steinberg", ...MASKS]);
  checkStrength(strength);
}

interface Found {
  palette: Palette;
  labels: Uint16Array; // of the histogram's colours
  counts: Float64Array;
  mse: number;
  passes: number;
  fitMs: number;
}

/** Maps pixels to a palette, and dithers. */
function* mapped(
  image: Image,
  counted: Counted,
  found: Found,
  { space, dither, strength }: MapOptions,
): Work<Mapped> {
  const { core, height, width } = image;
  const { pixels, histogram, length } = counted;
  const { palette, labels, passes, fitMs } = found;
  let { counts, mse } = found;
  const began = performance.now();
  const dithered = dither !== null && strength > 0 && mse > 0;
  const block = core.take(length);
  let indices;
  try {
    core.remap(pixels, histogram, labels, block);
    yield passes;
    if (dithered) {
      yield* ditherBy(dither, image, counted, found, { space, strength }, block);
      yield passes;
      const [shown, error] = core.tally(pixels, block, palette);
      counts = shown;
      mse = error / length;
      yield passes;
    }
    indices = block.bytes().slice();
  } finally {
    block.free();
  }
  const rgba = painted(indices, palette);
  const mapMs = performance.now() - began;
  const kept = dithered ? indices.slice() : undefined; // those handed on may be given away
  return {
    quantized: {
      ...{ ...palette, counts, indices, rgba, width, height },
      ...{ mse, psnr: psnr(mse), deltaE: NaN, passes, fitMs, mapMs },
    },
    deltaE: kept
      ? () => deltaEOfPixels(image, counted, palette, kept)
      : () => deltaEOfColors(counted, palette, labels),
  };
}

function* ditherBy(
  dither: Exclude<Dither, null>,
  { core, height, width }: Image,
  { pixels, histogram }: Counted,
  { palette, labels, passes }: Found,
  options: { space: Space; strength: number },
  indices: Block,
): Work<void> {
  if (dither !== "floyd-steinberg") {
    const how = { mask: dither, ...options };
    return core.ditherOrdered(pixels, [height, width], palette, histogram, labels, how, indices);
  }
  const errors = new Float32Array(4 * width);
  const atOnce = Math.ceil(BAND / width);
  for (let first = 0; first < height; first += atOnce) {
    const rows = Math.min(atOnce, height - first);
    core.diffuseError(pixels, { first, rows, width }, palette, options, indices, errors);
    yield passes;
  }
}

function painted(indices: Uint8Array, palette: Palette): Uint8ClampedArray<ArrayBuffer> {
  const words = new Uint32Array(MOST_COLORS);
  new Uint8Array(words.buffer).set(withAlpha(palette));
  const rgba = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; ++i) rgba[i] = words[indices[i]];
  return new Uint8ClampedArray(rgba.buffer);
}

/** Mean CIEDE2000 between an image's colours and their nearest entries. */
function* deltaEOfColors(counted: Counted, palette: Palette, labels: Uint16Array): Work<number> {
  const { histogram, length } = counted;
  let sum = 0;
  for (let first = 0; first < histogram.length; first += CHUNK) {
    const last = Math.min(histogram.length, first + CHUNK);
    sum += histogram.deltaE(labels, palette, first, last);
    yield 0;
  }
  return sum / length;
}

/** The same of pixels and what they are shown as. */
function* deltaEOfPixels(
  { core }: Image,
  { pixels, length }: Counted,
  palette: Palette,
  indices: Uint8Array,
): Work<number> {
  let sum = 0;
  for (let first = 0; first < length; first += CHUNK) {
    const last = Math.min(length, first + CHUNK);
    sum += core.deltaE(pixels, palette, indices.subarray(first, last), first);
    yield 0;
  }
  return sum / length;
}
