// The engine where it is called, without a worker: pixels in, results out.

import { checkNames, checkWhole, type Names } from "./checks.ts";
import { Core } from "./core.ts";
import { encodeGif as writeGif } from "./gif.ts";
import { Image } from "./image.ts";
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
 * Throws TypeError for pixels of another kind, and RangeError for what is out of range.
 *
 *     const { indices, colors } = await quantize(rgba, { width, height, k: 16 });
 */
export async function quantize(
  rgba: Pixels,
  { width, height, ...options }: Size & Partial<QuantizeOptions>,
): Promise<Quantized> {
  checkNames("quantize", options, QUANTIZE);
  const image = await load(rgba, { width, height });
  const { quantized } = finish(quantizeImage(image, { ...DEFAULTS, k: 256, ...given(options) }));
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
  { width, height, ...options }: Size & Partial<QuantizeOptions>,
): Promise<ColorList & { counts: Float64Array }> {
  checkNames("palette", options, QUANTIZE);
  const image = await load(rgba, { width, height });
  return finish(fitPalette(image, { ...DEFAULTS, k: 8, ...given(options) }));
}

/**
 * Returns the colours that a person would pick from an image, with names, roles and places: 6 by
 * default. Throws RangeError if all of it is transparent.
 *
 *     const { roles, texts } = await theme(rgba, { width, height, k: "auto" });
 */
export async function theme(
  rgba: Pixels,
  { width, height, k = 6, ...options }: Size & Partial<ThemeOptions>,
): Promise<Theme> {
  checkNames("theme", options, THEME);
  return finish(makeTheme(await load(rgba, { width, height }), { k, ...options }));
}

/**
 * Encodes an indexed or grey PNG, as small as it gets without loss.
 *
 *     const file = await encodePng(await quantize(rgba, { width, height, k: 16 }));
 */
export async function encodePng(image: PngOptions): Promise<Bytes> {
  checkNames("encodePng", image, PNG);
  checkColors(image);
  checkIndices(image.indices, image);
  return finish(writePng(Core.instantiate(await coreModule()), image));
}

/**
 * Encodes a GIF: a still, or an animation of frames.
 *
 *     const frames = [{ ...(await quantize(rgba, { width, height })), duration: 100 }];
 *     const file = await encodeGif({ frames, width, height });
 */
export async function encodeGif(images: GifOptions): Promise<Bytes> {
  checkNames("encodeGif", images, GIF);
  if (images.frames.length === 0) throw new RangeError("frames: expected at least one, got none");
  for (const frame of images.frames) {
    checkNames("frames", frame, FRAME);
    checkColors(frame);
    checkIndices(frame.indices, frame);
  }
  return finish(writeGif(Core.instantiate(await coreModule()), images));
}

async function load(rgba: Pixels, { width, height }: Size): Promise<Image> {
  if (!(rgba instanceof Uint8Array || rgba instanceof Uint8ClampedArray)) {
    throw new TypeError(`pixels: expected a Uint8Array or Uint8ClampedArray, got ${kindOf(rgba)}`);
  }
  return Image.load(Core.instantiate(await coreModule()), rgba, width, height);
}

function checkColors({ colors, channels }: ColorList): void {
  if (!(colors instanceof Uint8Array)) {
    throw new TypeError(`colors: expected a Uint8Array, got ${kindOf(colors)}`);
  }
  if (channels !== 3 && channels !== 4) {
    throw new RangeError(`channels: expected 3 or 4, got ${channels}`);
  }
  checkWhole("the number of colours", colors.length / channels, 1, 256);
}

function checkIndices(indices: Uint8Array, { colors, channels }: ColorList): void {
  if (!(indices instanceof Uint8Array)) {
    throw new TypeError(`indices: expected a Uint8Array, got ${kindOf(indices)}`);
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

function kindOf(value: unknown): string {
  return value === null ? "null" : ((value as object)?.constructor?.name ?? typeof value);
}

function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
