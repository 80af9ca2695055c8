// An image's way to k colours, as src/kpalette/pipeline.py has it.

import {
  checkChoice,
  checkFit,
  checkFlag,
  checkWhole,
  checkWithin,
} from "./checks.ts";
import { parseColors, withAlpha } from "./colors.ts";
import type { Block } from "./core.ts";
import { type Fitted, fitQuickly } from "./fits.ts";
import { chooseInFrames, encodeFrames, type FrameBlocks, framesOf, keepStill } from "./frames.ts";
import type { Histogram } from "./histogram.ts";
import type { Counted, Image } from "./image.ts";
import type { Work } from "./jobs.ts";
import type { Image as Drawn } from "./lzw.ts";
import * as mapping from "./mapping.ts";
import { deltaEOfColors, deltaEOfPixels, looksOf, tally } from "./measures.ts";
import { encodePng } from "./png.ts";
import {
  type ColorList,
  type Dither,
  DITHERS,
  type Looked,
  type MapOptions,
  MOST_SMALLER,
  type PaletteOptions,
  type QuantizeOptions,
  type Quantized,
  SPACES,
} from "./protocol.ts";

/** The dither that smaller files use. */
const DIFFUSION = "floyd-steinberg";

/** The most colours, as indices are bytes. */
const MOST_COLORS = 256;

/** How many pixels are dithered in one step, at least: about 25 ms. */
const BAND = 1 << 18;

/** The shares of a dither's strength that smaller files try: see src/kpalette/rate.py. */
const SHARES = [0.7, 0.35, 0];

/** If two quick files differ by more than this factor, they say which is smaller. */
const CLOSE = 1.5;

/** The result, and measures of it that take as long as a fit. */
export interface Mapped {
  quantized: Quantized;
  /** How a GIF has the frames, if they are made for that. */
  drawn: (Drawn | null)[] | null;
  deltaE: () => Work<number>;
  looks: () => Work<Looked>;
}

export function* quantize(image: Image, options: QuantizeOptions): Work<Mapped> {
  const { k, space, effort, seed, saliency = false } = options;
  checkFlag("saliency", saliency);
  checkMap(options);
  const { counted, fixed: given } = checkedFit(image, options);
  const quick = quickly(image, counted, given, options);
  if (quick) return quick;
  const fixed = image.isAnimated ? withClear(given, counted, k) : given;
  const began = performance.now();
  const { height, width } = image;
  const { dither, strength, smaller = 0 } = options;
  const mixing = dither !== null && strength > 0 && smaller === 0;
  const fitter = saliency ? counted.salientFitter(space, [height, width]) : counted.fitter(space);
  const fitTo = function* (k: number, mixing: boolean): Work<Fitted> {
    const fitted = yield* fitter.fit(k, effort, seed, fixed, mixing);
    if (dither === "spatial" && mixing && isMovable(fitted, fixed)) {
      return yield* moved(image, counted, fitter.histogram, fitted, fixed, options);
    }
    if (!saliency) return fitted;
    const { nIter } = fitted;
    return { ...counted.fitter(space).assign(fitted.palette.colors, true), nIter };
  };
  const fitted = yield* fitTo(k, mixing);
  const fitMs = performance.now() - began;
  if (smaller === 0) return yield* mapped(image, counted, fitted, fitMs, options);
  const mixed = () => fitTo(fitted.palette.colors.length / counted.channels, true);
  return yield* inFewerBytes(image, counted, fitted, mixed, fitMs, options, effort === "fast");
}

/**
 * Fixes the transparent colour too, if all pixels of an animation are opaque or wholly transparent:
 * a GIF has no others. As src/kpalette/animation.py.
 */
function withClear(fixed: Uint8Array, { histogram, channels }: Counted, k: number): Uint8Array {
  if (channels === 3 || fixed.length / 4 >= k || k === 1) return fixed;
  const isAlpha = (_: number, i: number) => i % 4 === 3;
  const alphas = new Set(histogram.colors.filter(isAlpha));
  const isHard = [...alphas].every((alpha) => alpha === 0 || alpha === 255);
  if (!alphas.has(0) || !isHard || fixed.filter(isAlpha).includes(0)) return fixed;
  return Uint8Array.from([...fixed, 0, 0, 0, 0]);
}

/** Whether a palette is one that moves: of 2 colours or more, not all exact or fixed. */
function isMovable({ palette, mse }: Fitted, fixed: Uint8Array): boolean {
  return mse > 0 && palette.colors.length > Math.max(palette.channels, fixed.length);
}

/** Moves a palette that was fitted to a histogram to where spatial dithering is best. */
function* moved(
  { core, height, width }: Image,
  counted: Counted,
  histogram: Histogram,
  found: Fitted,
  fixed: Uint8Array,
  { space, strength, saliency = false }: QuantizeOptions,
): Work<Fitted> {
  yield found.nIter;
  const size: [number, number] = [height, width];
  const how = [found, fixed, strength, saliency] as const;
  const colors = mapping.spatialPalette(core, counted.pixels, size, histogram, ...how);
  return { ...counted.fitter(space).assign(colors, true), nIter: found.nIter };
}

/** Fits the k best colours of an image, as the library's extract_palette does. */
export function* fitPalette(
  image: Image,
  options: PaletteOptions,
): Work<ColorList & { counts: Float64Array }> {
  const { k, space, effort, seed } = options;
  const { counted, fixed } = checkedFit(image, options);
  const { palette, counts } = yield* counted.fitter(space).fit(k, effort, seed, fixed);
  return { ...palette, counts };
}

/** The pixels with as many channels as fixed colours need, and these. */
function checkedFit(image: Image, options: PaletteOptions): { counted: Counted; fixed: Uint8Array } {
  const { k, fixed: names } = options;
  checkWhole("k", k, 1, MOST_COLORS);
  checkFit(options);
  const named = parseColors(image.core, names);
  if (names.length > k) {
    throw new RangeError(`fixed: expected at most k = ${k} colours, got ${names.length}`);
  }
  const counted = image.counted(named.channels);
  return { counted, fixed: counted.channels === 4 ? withAlpha(named) : named.colors };
}

/** Shows an image in given colours. */
export function* remap(image: Image, given: ColorList, options: MapOptions): Work<Mapped> {
  const k = given.colors.length / given.channels;
  checkWhole("palette", k, 1, MOST_COLORS);
  checkMap(options);
  const counted = image.counted(given.channels);
  const colors = counted.channels === 4 ? withAlpha(given) : given.colors;
  const began = performance.now();
  const found = counted.fitter(options.space).assign(colors);
  const fitMs = performance.now() - began;
  yield 0;
  const same = function* (): Work<Fitted> {
    return found;
  };
  const result = options.smaller
    ? yield* inFewerBytes(image, counted, found, same, fitMs, options, false)
    : yield* mapped(image, counted, found, fitMs, options);
  result.quantized.colors = given.colors;
  result.quantized.channels = given.channels;
  return result;
}

function checkMap({ space, dither, strength, smaller = 0 }: MapOptions): void {
  checkChoice("space", space, SPACES);
  checkChoice<Dither>("dither", dither, [null, ...DITHERS]);
  checkWithin("strength", strength, 0, 1);
  checkWithin("smaller", smaller, 0, MOST_SMALLER);
  if (smaller > 0) checkChoice<Dither>("dither of smaller files", dither, [null, DIFFUSION]);
}

/**
 * A picture whose PNG file is smaller than that of nearest entries, or the same. `mixed` makes the
 * palette for what is diffused: as much as makes no file grow.
 */
function* inFewerBytes(
  image: Image,
  counted: Counted,
  plain: Fitted,
  mixed: () => Work<Fitted>,
  fitMs: number,
  options: MapOptions,
  quick: boolean,
): Work<Mapped> {
  const began = performance.now();
  const made = (fitted: Fitted, how: Partial<MapOptions>) =>
    mapped(image, counted, fitted, fitMs, { ...options, dither: null, ...how });
  const files = new Map<Mapped, Map<boolean, Uint8Array<ArrayBuffer>>>();
  const file = function* (of: Mapped, quick: boolean): Work<Uint8Array<ArrayBuffer>> {
    const kept = files.get(of) ?? new Map<boolean, Uint8Array<ArrayBuffer>>();
    files.set(of, kept);
    const found = kept.get(quick) ?? (yield* encodePng(image.core, { ...of.quantized, quick }));
    kept.set(quick, found);
    return found;
  };
  // As src/kpalette/no_larger.py.
  const isNoLarger = function* (one: Mapped, other: Mapped): Work<boolean> {
    const ratio = function* (quick: boolean): Work<number> {
      return (yield* file(one, quick)).length / (yield* file(other, quick)).length;
    };
    const found = yield* ratio(true);
    const isClose = !quick && 1 / CLOSE < found && found < CLOSE;
    return (isClose ? yield* ratio(false) : found) <= 1;
  };
  if (image.isAnimated) {
    const few = yield* made(plain, {});
    const { quantized, drawn } = few;
    quantized.file = yield* encodeFrames(image, quantized, quantized.indices, drawn);
    let best = few;
    if (quantized.colors.length <= image.core.call("few_colors") * quantized.channels) {
      const exact = yield* made(plain, { smaller: 0 });
      const file = yield* encodeFrames(image, exact.quantized, exact.quantized.indices);
      if (file.length <= quantized.file.length) best = exact;
      if (best === exact) exact.quantized.file = file;
    }
    best.quantized.mapMs = performance.now() - began;
    return best;
  }
  const nearest = yield* made(plain, { smaller: 0 });
  let best = nearest;
  for (const strength of new Set(SHARES.map((share) => share * options.strength))) {
    const found = yield* made(strength > 0 ? yield* mixed() : plain, { strength });
    if (!(yield* isNoLarger(found, nearest))) continue;
    best = found;
    break;
  }
  best.quantized.file = yield* file(best, quick);
  best.quantized.mapMs = performance.now() - began;
  return best;
}

/** Maps pixels to a palette, and dithers. */
function* mapped(
  image: Image,
  counted: Counted,
  found: Fitted,
  fitMs: number,
  { dither, strength, smaller = 0 }: MapOptions,
): Work<Mapped> {
  const { core, height, width } = image;
  const { pixels, histogram, length } = counted;
  const { palette, labels, nIter: passes } = found;
  let { counts, mse } = found;
  const began = performance.now();
  const dithered = smaller > 0 || (dither !== null && strength > 0 && mse > 0);
  const block = core.take(length);
  let indices;
  let drawn: (Drawn | null)[] | null = null;
  try {
    mapping.remap(core, pixels, histogram, labels, block);
    yield passes;
    if (dithered) {
      if (smaller > 0 && image.isAnimated) {
        drawn = yield* chooseInFrames(image, counted, palette, smaller, block);
      } else if (smaller > 0) {
        yield* mapping.chooseByRate(core, pixels, [height, width], palette, { smaller, strength }, block);
      } else yield* ditherBy(dither!, image, counted, found, strength, block);
      yield passes;
      const [shown, error] = tally(core, pixels, block, palette);
      counts = shown;
      mse = error / length;
      yield passes;
    }
    indices = block.bytes().slice();
  } finally {
    block.free();
  }
  return pictured(image, counted, palette, indices, {
    ...{ counts, mse, passes, fitMs, mapMs: performance.now() - began, drawn },
    labels: dithered ? null : labels,
  });
}

/** What is told of a picture. `labels` are those of its colours, if all pixels go by them. */
function pictured(
  image: Image,
  counted: Counted,
  palette: ColorList,
  indices: Uint8Array,
  {
    labels,
    drawn,
    ...about
  }: Pick<Quantized, "counts" | "mse" | "passes" | "fitMs" | "mapMs"> &
    Pick<Mapped, "drawn"> & { labels: Uint16Array | null },
): Mapped {
  const { height, width } = image;
  const rgba = painted(indices, palette);
  const kept = indices.slice(); // those handed on may be given away
  return {
    quantized: {
      ...{ ...palette, indices, rgba, width, height },
      ...{ ...about, psnr: psnr(about.mse), deltaE: NaN },
    },
    drawn,
    deltaE: labels
      ? () => deltaEOfColors(counted, palette, labels)
      : () => deltaEOfPixels(image, counted, palette, kept),
    looks: () => looksOf(image, counted, palette, kept),
  };
}

/**
 * The same as by a histogram, in a third of the time, where nobody has counted colours yet. Null
 * where there is no such way. As _quantize_quickly in src/kpalette/pipeline.py.
 */
function quickly(
  image: Image,
  counted: Counted,
  fixed: Uint8Array,
  { k, space, effort, seed, dither, strength, smaller, saliency }: QuantizeOptions,
): Mapped | null {
  const isPlain = !saliency && !smaller && (dither === null || strength === 0);
  if (!isPlain || effort !== "fast" || space !== "srgb" || counted.isCounted) return null;
  if (counted.channels !== 3) return null;
  const { core } = image;
  const { pixels, length } = counted;
  const began = performance.now();
  const block = core.take(length);
  const found = fitQuickly(core, pixels, { k, effort, seed }, fixed, block);
  const between = performance.now();
  const error = found && tally(core, pixels, block, found.palette)[1];
  const indices = block.bytes().slice();
  block.free();
  if (!found) return null;
  return pictured(image, counted, found.palette, indices, {
    ...{ counts: found.counts, mse: error! / length, passes: found.nIter },
    ...{ fitMs: between - began, mapMs: performance.now() - between },
    ...{ drawn: null, labels: null },
  });
}

function* ditherBy(
  dither: Exclude<Dither, null>,
  image: Image,
  counted: Counted,
  found: Fitted,
  strength: number,
  indices: Block,
): Work<void> {
  for (const [now, before] of framesOf(image, counted, indices)) {
    yield* ditherFrame(dither, image, counted.histogram, found, strength, now);
    if (before) keepStill(now, before);
    yield found.nIter;
  }
}

function* ditherFrame(
  dither: Exclude<Dither, null>,
  { core, frameHeight: height, width }: Image,
  histogram: Histogram,
  { palette, labels, nIter }: Fitted,
  strength: number,
  { pixels, indices }: FrameBlocks,
): Work<void> {
  if (dither === "spatial") {
    return mapping.mapSpatially(core, pixels, [height, width], palette, strength, indices);
  }
  if (dither !== "floyd-steinberg") {
    const how = { dither, strength };
    return mapping.ditherOrdered(core, pixels, [height, width], palette, histogram, labels, how, indices);
  }
  const errors = new Float32Array(4 * width);
  const atOnce = Math.ceil(BAND / width);
  for (let first = 0; first < height; first += atOnce) {
    const rows = Math.min(atOnce, height - first);
    mapping.diffuseError(core, pixels, { first, rows, width }, palette, strength, indices, errors);
    yield nIter;
  }
}

function painted(indices: Uint8Array, palette: ColorList): Uint8ClampedArray<ArrayBuffer> {
  const words = new Uint32Array(MOST_COLORS);
  new Uint8Array(words.buffer).set(withAlpha(palette));
  const rgba = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; ++i) rgba[i] = words[indices[i]];
  return new Uint8ClampedArray(rgba.buffer);
}

/** The peak signal-to-noise ratio, in decibels, of an error on the 8-bit scale. */
function psnr(mse: number): number {
  return mse > 0 ? 10 * Math.log10((3 * 255 ** 2) / mse) : Infinity;
}
