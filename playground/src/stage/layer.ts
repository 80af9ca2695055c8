// A picture at several sizes, each half of the one before, so that drawing it small is quick.

import type { Size, View } from "./view";

export class Layer {
  readonly width: number;
  readonly height: number;
  #levels: OffscreenCanvas[];

  constructor(pixels: Uint8ClampedArray<ArrayBuffer>, { width, height }: Size) {
    this.width = width;
    this.height = height;
    const whole = new OffscreenCanvas(width, height);
    contextOf(whole).putImageData(new ImageData(pixels, width, height), 0, 0);
    this.#levels = [whole];
  }

  /** Draws it where a picture of size `as` is in the view; `this` may have fewer pixels. */
  draw(context: OffscreenCanvasRenderingContext2D, view: View, as: Size, clip: Size): void {
    const scale = (view.scale * as.width) / this.width;
    const level = this.#level(scale);
    const size = (as.width * view.scale) / level.width;
    const tall = (as.height * view.scale) / level.height;
    // Only what is seen, in whole pixels of the level.
    const left = Math.max(0, Math.floor(-view.left / size));
    const top = Math.max(0, Math.floor(-view.top / tall));
    const right = Math.min(level.width, Math.ceil((clip.width - view.left) / size));
    const bottom = Math.min(level.height, Math.ceil((clip.height - view.top) / tall));
    if (right <= left || bottom <= top) return;
    context.imageSmoothingEnabled = size < 1.5 || level !== this.#levels[0];
    context.imageSmoothingQuality = "medium";
    context.drawImage(
      level,
      left,
      top,
      right - left,
      bottom - top,
      view.left + left * size,
      view.top + top * tall,
      (right - left) * size,
      (bottom - top) * tall,
    );
  }

  /** The smallest level that need not be enlarged. */
  #level(scale: number): OffscreenCanvas {
    let i = 0;
    for (; scale <= 0.5 && i < 12; i++, scale *= 2) {
      const { width, height } = this.#levels[i];
      if (width < 2 || height < 2) break;
      this.#levels[i + 1] ??= halved(this.#levels[i]);
    }
    return this.#levels[i];
  }
}

function halved(canvas: OffscreenCanvas): OffscreenCanvas {
  const half = new OffscreenCanvas(Math.ceil(canvas.width / 2), Math.ceil(canvas.height / 2));
  const context = contextOf(half);
  context.imageSmoothingQuality = "medium";
  context.drawImage(canvas, 0, 0, half.width, half.height);
  return half;
}

export function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new RangeError("no memory for the canvas");
  return context;
}
