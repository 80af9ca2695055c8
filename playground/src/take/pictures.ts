// The formats of downloaded pictures, and WebP, which the browser writes.

import type { ColorList } from "kpalette";
import { colorAt } from "../colors";

/** A picture in few colours. */
export interface Indexed extends ColorList {
  indices: Uint8Array;
  width: number;
  height: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The formats that pictures are downloaded in, and their types. */
export const PICTURES = { png: "image/png", gif: "image/gif", webp: "image/webp" } as const;
export type PictureKind = keyof typeof PICTURES;

/** Encodes a lossless WebP by the browser; throws RangeError if it would change colours. */
export async function encodeWebp(picture: Indexed): Promise<Bytes> {
  const { indices, width, height } = picture;
  const levels = new Uint8ClampedArray(4 * indices.length).fill(255);
  indices.forEach((entry, i) => levels.set(colorAt(picture, entry), 4 * i));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.putImageData(new ImageData(levels, width, height), 0, 0);
  const file = await canvas.convertToBlob({ type: PICTURES.webp, quality: 1 });
  if (file.type !== PICTURES.webp || !(await shows(file, levels))) {
    throw new RangeError("This browser writes no WebP with exactly these colours. PNG has them.");
  }
  return new Uint8Array(await file.arrayBuffer());
}

async function shows(file: Blob, levels: Uint8ClampedArray): Promise<boolean> {
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return data.every((level, i) => level === levels[i]);
}
