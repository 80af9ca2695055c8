// The engine where it is called, without a worker: pixels in, results out.

import { checkGif, checkNoMore, checkPng, checkRgba, PALETTE, QUANTIZE, SIZE, THEME } from "./arguments.ts";
import { checkNames } from "./checks.ts";
import { Core, CoreError } from "./core.ts";
import { encodeGif as writeGif } from "./gif.ts";
import { Image } from "./image.ts";
import type { Work } from "./jobs.ts";
import { coreModule } from "./module.ts";
import { fitPalette, quantize as quantizeImage } from "./pipeline.ts";
import { encodePng as writePng } from "./png.ts";
import type {
  ColorList,
  GifOptions,
  PaletteOptions,
  Pixels,
  PngOptions,
  Quantized,
  QuantizeOptions,
  Size,
  Theme,
  ThemeOptions,
} from "./protocol.ts";
import { makeTheme } from "./theme.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const PALETTE_DEFAULTS: Omit<PaletteOptions, "k"> = {
  ...{ space: "oklab", effort: "balanced", seed: 0, fixed: [] },
};
const DEFAULTS: Omit<QuantizeOptions, "k"> = { ...PALETTE_DEFAULTS, dither: null, strength: 1 };

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
  checkNames("quantize", options, { ...SIZE, ...QUANTIZE });
  checkNoMore("quantize", arguments[2]);
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
  options: Size & Partial<PaletteOptions>,
): Promise<ColorList & { counts: Float64Array }> {
  checkNames("palette", options, { ...SIZE, ...PALETTE });
  checkNoMore("palette", arguments[2]);
  const how = { ...PALETTE_DEFAULTS, k: 8, ...given(options) };
  return withImage(rgba, options, (image) => fitPalette(image, how));
}

/**
 * Returns the colours that a person would pick from an image, with names, roles and places: 6 by
 * default. Throws RangeError if all of it is transparent.
 *
 *     const { roles, texts } = await theme(rgba, { width, height, k: "auto" });
 */
export async function theme(rgba: Pixels, options: Size & Partial<ThemeOptions>): Promise<Theme> {
  checkNames("theme", options, { ...SIZE, ...THEME });
  checkNoMore("theme", arguments[2]);
  return withImage(rgba, options, (image) => makeTheme(image, { k: 6, ...given(options) }));
}

/**
 * Encodes an indexed or grey PNG, as small as it gets without loss.
 *
 *     const file = await encodePng(await quantize(rgba, { width, height, k: 16 }));
 */
export async function encodePng(image: PngOptions): Promise<Bytes> {
  checkPng(image);
  checkNoMore("encodePng", arguments[1]);
  return withCore((core) => finish(writePng(core, image)));
}

/**
 * Encodes a GIF: a still, or an animation of frames.
 *
 *     const frames = [{ ...(await quantize(rgba, { width, height })), duration: 100 }];
 *     const file = await encodeGif({ frames, width, height });
 */
export async function encodeGif(images: GifOptions): Promise<Bytes> {
  checkGif(images);
  checkNoMore("encodeGif", arguments[1]);
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
  checkRgba(rgba);
  return withCore((core) => {
    const image = Image.load(core, rgba, width, height);
    const result = finish(work(image));
    image.free();
    return result;
  });
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
