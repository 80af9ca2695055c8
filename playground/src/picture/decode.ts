// Decodes a file to pixels, or says why it cannot be decoded. Runs in a worker.

import { imageSize } from "image-size";
import type { Timing } from "kpalette";
import { decodeMoving, isMoving } from "./moving";
import { exactPixelsOf, isTranslucent, pixelsOf } from "./pixels";
import { MOST_BYTES, MOST_PIXELS, PictureProblem, tooLarge } from "./problem";

export interface Decoded {
  /** (height, width, 4); of an animation those of all frames, one below the other. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  /** Of one frame. */
  height: number;
  timing: Timing;
  /** Why this is only the first frame of an animation; null if it is all. */
  still: string | null;
}

/** What does not move. */
export const STILL: Timing = { durations: [0], loop: 0 };

/** Decodes a file, or its first frame, upright and in sRGB. Throws PictureProblem. */
export async function decode(file: Blob, firstFrame = false): Promise<Decoded> {
  if (!file.size) throw new PictureProblem("is empty: it has 0 bytes.");
  if (file.size > MOST_BYTES) {
    throw new PictureProblem(`has ${(file.size / 1e9).toFixed(1)} GB. This page reads up to 1 GB.`);
  }
  const data = new Uint8Array(await file.arrayBuffer());
  const header = headerOf(data);
  if (header?.type === "svg" || looksLikeSvg(data)) {
    throw new PictureProblem(
      "is an SVG drawing: shapes, which have no pixels to count. Export it as PNG, and open that.",
    );
  }
  if (header && header.width * header.height > MOST_PIXELS) {
    throw tooLarge(header.width, header.height);
  }
  const type = header ? `image/${header.type === "jpg" ? "jpeg" : header.type}` : file.type;
  const bitmap = await bitmapOf(new Blob([data], { type }), problemOf(data, header !== null));
  const { width, height } = bitmap;
  if (width * height > MOST_PIXELS) throw tooLarge(width, height);
  let still: string | null = null;
  if (await isMoving(data, type)) {
    const moving = firstFrame ? { why: "no other was asked for" } : await decodeMoving(data, type);
    if ("pixels" in moving) {
      bitmap.close();
      return { ...moving, still };
    }
    still = moving.why;
  }
  const pixels = isOpaqueKind(type) ? pixelsOf(bitmap) : await withAlpha(bitmap);
  bitmap.close();
  return { pixels, width, height, timing: STILL, still };
}

function headerOf(data: Uint8Array): { type: string; width: number; height: number } | null {
  try {
    const { type, width, height } = imageSize(data);
    return { type: type ?? "", width, height };
  } catch {
    return null; // of another kind, which the browser may know
  }
}

function looksLikeSvg(data: Uint8Array): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*|<!--[^]*?-->\s*|<!doctype svg[^>]*>\s*)*<svg[\s>]/i.test(
    new TextDecoder().decode(data.subarray(0, 4096)),
  );
}

/** Returns why the browser did not read a file. */
function problemOf(data: Uint8Array, known: boolean): string {
  const brand = new TextDecoder("latin1").decode(data.subarray(4, 12));
  if (/^ftyp(?:hei|hev|mif|msf)/.test(brand)) {
    return (
      "is a HEIC photo, which this browser cannot read; Safari can. Export it as JPEG, or take the " +
      "command line: kpalette quantize reads it. An iPhone saves JPEGs from then on with Settings, " +
      "Camera, Formats, Most Compatible."
    );
  }
  return known
    ? "is damaged or cut short, or of a kind that this browser cannot read."
    : "is not an image that this browser can read. PNG, JPEG, WebP and GIF are, among others.";
}

async function bitmapOf(file: Blob, problem: string): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, {
      premultiplyAlpha: "none",
      imageOrientation: "from-image",
    });
  } catch {
    throw new PictureProblem(problem);
  }
}

const isOpaqueKind = (type: string) => type === "image/jpeg" || type === "image/bmp";

async function withAlpha(bitmap: ImageBitmap): Promise<Uint8ClampedArray<ArrayBuffer>> {
  const pixels = pixelsOf(bitmap);
  return isTranslucent(pixels) ? ((await exactPixelsOf(bitmap)) ?? pixels) : pixels;
}
