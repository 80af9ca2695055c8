// Pictures to try, drawn by code.

import { lake } from "./lake";
import { marbles } from "./marbles";
import { meadow } from "./meadow";
import { type Color, noise } from "./noise";
import { drawSticker } from "./sticker";

export type Sample = "lake" | "marbles" | "meadow" | "sticker";

export const WIDTH = 768;
export const HEIGHT = 512;

const SCENES: Partial<Record<Sample, (x: number, y: number) => Color>> = { lake, marbles, meadow };

/** Draws a sample of any size. */
export function draw(sample: Sample, width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const scene = SCENES[sample];
  if (!scene) {
    drawSticker(context, width, height);
    return canvas;
  }
  const image = context.createImageData(width, height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const color = scene((x + 0.5) / height, (y + 0.5) / height);
      const grain = 3 * (noise(1.7 * x, 1.7 * y, 99) - 0.5); // as of a camera; hides bands
      for (let c = 0; c < 3; c++) image.data[at + c] = color[c] + grain;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
