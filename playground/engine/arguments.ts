// What callers pass: the options of each function, and arrays of the right kind.

import { checkNames, checkSize, checkWhole, type Names, shown } from "./checks.ts";
import type {
  CardOptions,
  ColorList,
  Frame,
  GifOptions,
  MapOptions,
  PaletteOptions,
  Pixels,
  PngOptions,
  Quantized,
  QuantizeOptions,
  Size,
  StepsOptions,
  SweepOptions,
  Theme,
  ThemeOptions,
  Timing,
} from "./protocol.ts";

export const SIZE: Names<Size> = { width: true, height: true };
export const PALETTE: Names<PaletteOptions> = {
  ...{ k: true, space: true, effort: true, seed: true, fixed: true },
};
export const MAP: Names<MapOptions> = { space: true, dither: true, strength: true, smaller: true };
export const QUANTIZE: Names<QuantizeOptions> = { ...PALETTE, ...MAP, saliency: true };
export const THEME: Names<ThemeOptions> = { k: true, ignore: true, name: true };
export const CARD: Names<CardOptions> = { ...SIZE, uri: true, title: true };
export const SWEEP: Names<SweepOptions> = { space: true, effort: true, seed: true };
export const STEPS: Names<StepsOptions> = {
  ...{ k: true, space: true, seed: true, seeding: true, centers: true },
};
export const TIMING: Names<Timing> = { durations: true, loop: true };
/** What `theme` returns. */
export const THEMED: Names<Theme> = {
  ...{ colors: true, channels: true, counts: true, roles: true, names: true, cssNames: true },
  ...{ text: true, pairs: true, places: true, texts: true },
};
/** What `quantize` returns can be encoded as it is. */
const QUANTIZED: Names<Quantized> = {
  ...{ indices: true, ...SIZE, colors: true, channels: true },
  ...{ counts: true, rgba: true, mse: true, psnr: true, deltaE: true },
  ...{ passes: true, fitMs: true, mapMs: true, file: true },
};
const PNG: Names<Quantized & PngOptions> = { ...QUANTIZED, quick: true, keepOrder: true };
const FRAME: Names<Quantized & Frame> = { ...QUANTIZED, duration: true };
const GIF: Names<GifOptions> = { frames: true, ...SIZE, loop: true };

/** Throws TypeError for anything but pixels that are there. */
export function checkRgba(rgba: Pixels): void {
  checkBytes("rgba", rgba, "a Uint8Array or Uint8ClampedArray");
}

/** Throws TypeError for options in an argument of their own; what map() passes besides is none. */
export function checkNoMore(what: string, more: unknown): void {
  if (typeof more === "object" && more !== null) {
    throw new TypeError(`${what}: expected all options in one object, got another: ${Object.keys(more)}`);
  }
}

/** Throws TypeError or RangeError for what is no picture. What encodes it compares indices with k. */
export function checkPng(image: PngOptions): void {
  checkNames("encodePng", image, PNG);
  checkColors(image);
  checkSize(image);
  checkIndices(image.indices, image);
}

/** The same of frames. */
export function checkGif(images: GifOptions): void {
  checkNames("encodeGif", images, GIF);
  const { frames } = images;
  checkList("frames", frames);
  if (frames.length === 0) throw new RangeError("frames: expected at least one, got none");
  checkSize(images);
  frames.forEach((frame, i) => {
    checkNames(`frames[${i}]`, frame, FRAME);
    checkColors(frame, `frames[${i}].`);
    checkIndices(frame.indices, images, `frames[${i}].`);
  });
}

/** Throws TypeError or RangeError for what is no palette of at most 256 colours. `of` begins names. */
export function checkColors({ colors, channels }: ColorList, of = ""): void {
  checkBytes(`${of}colors`, colors, "a Uint8Array");
  if (channels !== 3 && channels !== 4) {
    throw new RangeError(`${of}channels: expected 3 or 4, got ${shown(channels)}`);
  }
  checkWhole(`${of}colors: the number of them`, colors.length / channels, 1, 256);
}

function checkIndices(indices: Uint8Array, { width, height }: Size, of = ""): void {
  checkBytes(`${of}indices`, indices, "a Uint8Array");
  if (indices.length !== width * height) {
    throw new RangeError(`${of}indices: expected ${width} × ${height}, got ${indices.length}`);
  }
}

/** Throws TypeError for anything but a list. */
export function checkList(name: string, value: readonly unknown[]): void {
  if (!Array.isArray(value)) throw new TypeError(`${name}: expected a list, got ${shown(value)}`);
}

/** Throws TypeError for anything but a function. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") {
    throw new TypeError(`${name}: expected a function, got ${shown(value)}`);
  }
}

function checkBytes(name: string, value: Pixels, expected: string): void {
  if (!isBytes(value)) {
    const { data } = Object(value) as { data?: unknown }; // as ImageData, and what decoders give
    const hint = isBytes(data) ? ", whose data are such" : "";
    throw new TypeError(`${name}: expected ${expected}, got ${shown(value)}${hint}`);
  }
  if (isDetached(value)) {
    throw new TypeError(`${name}: expected ${expected}, got one that is detached`);
  }
}

/** Whether a value is an array of bytes, of this or another realm, as a test runner may have it. */
function isBytes(value: unknown): value is Pixels {
  if (!ArrayBuffer.isView(value)) return false;
  const kind = (value as Uint8Array)[Symbol.toStringTag] as string;
  return kind === "Uint8Array" || kind === "Uint8ClampedArray";
}

/** As `buffer.detached`, which is newer than the oldest browsers. */
function isDetached({ buffer }: Pixels): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
