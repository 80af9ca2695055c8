// The engine where it is called, without a worker: pixels in, results out.

import { checkNames, checkWhole, type Names, shown } from "./checks.ts";
import { Core, CoreError } from "./core.ts";
import { encodeGif as writeGif } from "./gif.ts";
import { Image, MOST_PIXELS } from "./image.ts";
import type { Work } from "./jobs.ts";
import { coreModule } from "./module.ts";
import { fitPalette, quantize as quantizeImage } from "./pipeline.ts";
import { encodePng as writePng } from "./png.ts";
import type {
  ColorList,
  Frame,
  GifOptions,
  PngOptions,
  Quantized,
  QuantizeOptions,
  Theme,
  ThemeOptions,
} from "./protocol.ts";
import { makeTheme } from "./theme.ts";

/** RGBA, 8-bit sRGB: (height, width, 4), as ImageData has them. */
export type Pixels = Uint8ClampedArray | Uint8Array;

export interface Size {
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

const DEFAULTS: Omit<QuantizeOptions, "k"> = {
  ...{ space: "oklab", effort: "balanced", seed: 0 },
  ...{ fixed: [], dither: null, strength: 1 },
};

const SIZE: Names<Size> = { width: true, height: true };
const QUANTIZE: Names<Size & QuantizeOptions> = {
  ...{ ...SIZE, k: true, space: true, effort: true, seed: true, fixed: true },
  ...{ dither: true, strength: true, smaller: true, saliency: true },
};
const THEME: Names<Size & ThemeOptions> = { ...SIZE, k: true, ignore: true, name: true };
/** What `quantize` returns can be encoded as it is. */
const QUANTIZED: Names<Quantized> = {
  ...{ indices: true, ...SIZE, colors: true, channels: true },
  ...{ counts: true, rgba: true, mse: true, psnr: true, deltaE: true },
  ...{ passes: true, fitMs: true, mapMs: true, file: true },
};
const PNG: Names<Quantized & PngOptions> = { ...QUANTIZED, quick: true, keepOrder: true };
const FRAME: Names<Quantized & Frame> = { ...QUANTIZED, duration: true };
const GIF: Names<GifOptions> = { frames: true, ...SIZE, loop: true };

/**
 * Reduces an image to its k best colours, 256 by default. `file` is there if `smaller` is above 0.
 * Throws TypeError for what is of another kind, and RangeError for what is out of range, or too
 * large for the memory.
 *
 *     const { indices, colors } = await quantize(rgba, { width, height, k: 16 });
 */
export async function quantize(
  rgba: Pixels,
  options: Size & Partial<QuantizeOptions>,
): Promise<Quantized> {
  checkNames("quantize", options, QUANTIZE);
  const how = { ...DEFAULTS, k: 256, ...given(options) };
  const { quantized } = await withImage(rgba, options, (image) => quantizeImage(image, how));
  const { deltaE: _, ...rest } = quantized; // which was not measured
  return { ...rest, deltaE: NaN };
}

/**
 * Returns the k best colours of an image, 8 by default, and how many pixels are nearest to each.
 *
 *     const { colors, counts } = await palette(rgba, { width, height, k: 8 });
 */
export async function palette(
  rgba: Pixels,
  options: Size & Partial<QuantizeOptions>,
): Promise<ColorList & { counts: Float64Array }> {
  checkNames("palette", options, QUANTIZE);
  const how = { ...DEFAULTS, k: 8, ...given(options) };
  return withImage(rgba, options, (image) => fitPalette(image, how));
}

/**
 * Returns the colours that a person would pick from an image, with names, roles and places: 6 by
 * default. Throws RangeError if all of it is transparent.
 *
 *     const { roles, texts } = await theme(rgba, { width, height, k: "auto" });
 */
export async function theme(rgba: Pixels, options: Size & Partial<ThemeOptions>): Promise<Theme> {
  checkNames("theme", options, THEME);
  return withImage(rgba, options, (image) => makeTheme(image, { k: 6, ...given(options) }));
}

/**
 * Encodes an indexed or grey PNG, as small as it gets without loss.
 *
 *     const file = await encodePng(await quantize(rgba, { width, height, k: 16 }));
 */
export async function encodePng(image: PngOptions): Promise<Bytes> {
  checkNames("encodePng", image, PNG);
  checkColors(image);
  checkSize(image);
  checkIndices(image.indices, image);
  return withCore((core) => finish(writePng(core, image)));
}

/**
 * Encodes a GIF: a still, or an animation of frames.
 *
 *     const frames = [{ ...(await quantize(rgba, { width, height })), duration: 100 }];
 *     const file = await encodeGif({ frames, width, height });
 */
export async function encodeGif(images: GifOptions): Promise<Bytes> {
  checkNames("encodeGif", images, GIF);
  const { frames } = images;
  if (!Array.isArray(frames)) throw new TypeError(`frames: expected a list, got ${shown(frames)}`);
  if (frames.length === 0) throw new RangeError("frames: expected at least one, got none");
  checkSize(images);
  for (const frame of frames) {
    checkNames("frames", frame, FRAME);
    checkColors(frame);
    checkIndices(frame.indices, frame);
  }
  return withCore((core) => finish(writeGif(core, images)));
}

/** The core of the last call, until memory is collected: its own is there, and written to, by now. */
let kept: WeakRef<Core> | undefined;

/** Calls with a core of its own, which must be as free afterwards as it was before. */
async function withCore<T>(work: (core: Core) => T): Promise<T> {
  const module = await coreModule();
  const core = kept?.deref() ?? Core.instantiate(module);
  kept = undefined; // and stays so if this fails
  try {
    const result = work(core);
    kept = new WeakRef(core);
    return result;
  } catch (error) {
    if (error instanceof CoreError && error.isOfMemory) {
      throw new RangeError(error.message, { cause: error });
    }
    throw error;
  }
}

function withImage<T>(
  rgba: Pixels,
  { width, height }: Size,
  work: (image: Image) => Work<T>,
): Promise<T> {
  if (!isBytes(rgba)) {
    throw new TypeError(
      `pixels: expected a Uint8Array or Uint8ClampedArray, got ${shown(rgba)}`,
    );
  }
  return withCore((core) => {
    const image = Image.load(core, rgba, width, height);
    const result = finish(work(image));
    image.free();
    return result;
  });
}

/** Whether a value is an array of bytes, of this or another realm, as a test runner may have it. */
function isBytes(value: unknown): value is Pixels {
  if (!ArrayBuffer.isView(value)) return false;
  const kind = (value as Uint8Array)[Symbol.toStringTag] as string;
  return kind === "Uint8Array" || kind === "Uint8ClampedArray";
}

function checkSize({ width, height }: Size): void {
  checkWhole("width", width, 1, MOST_PIXELS);
  checkWhole("height", height, 1, MOST_PIXELS);
}

function checkColors({ colors, channels }: ColorList): void {
  if (!isBytes(colors)) {
    throw new TypeError(`colors: expected a Uint8Array, got ${shown(colors)}`);
  }
  if (channels !== 3 && channels !== 4) {
    throw new RangeError(`channels: expected 3 or 4, got ${channels}`);
  }
  checkWhole("the number of colours", colors.length / channels, 1, 256);
}

function checkIndices(indices: Uint8Array, { colors, channels }: ColorList): void {
  if (!isBytes(indices)) {
    throw new TypeError(`indices: expected a Uint8Array, got ${shown(indices)}`);
  }
  const k = colors.length / channels;
  const wrong = indices.find((index) => index >= k);
  if (wrong !== undefined) {
    throw new RangeError(`indices: expected less than k = ${k}, got ${wrong}`);
  }
}

/** The options that have a value, so that the others are as usual. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
