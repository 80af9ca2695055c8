// The images of tests/golden, by the formulas of tools/golden.py.

import { readFileSync } from "node:fs";

export interface Picture {
  width: number;
  height: number;
  pixels: Uint8ClampedArray<ArrayBuffer>; // RGBA
}

const WIDTH = 112;
const HEIGHT = 80;

/** 0 to 255 for each place, all but at random. */
function noise(x: number, y: number): number {
  let n = Math.imul(x, 73856093) ^ Math.imul(y, 19349663);
  n = Math.imul(n ^ (n >>> 13), 1274126177);
  return n >>> 24;
}

const whole = Math.floor;

function colorAt(name: string, x: number, y: number): number[] {
  const alpha = name !== "glass" || x < 40 ? 255 : x > 96 ? 0 : whole(((97 - x) * 255) / 57);
  if (name === "tiles") {
    const tile = (whole(x / 16) + 7 * whole(y / 16)) % 24;
    return [(tile * 37) % 256, (tile * 91) % 256, (tile * 151) % 256, alpha];
  }
  if ((x - 90) ** 2 + (y - 20) ** 2 < 9) return [250, 20, 60, alpha];
  const grain = whole(noise(x, y) / 32);
  const red = whole((x * 160) / WIDTH) + grain;
  const green = whole((y * 120) / HEIGHT) + 60 + grain;
  const blue = whole(((x + y) * 90) / (WIDTH + HEIGHT)) + 40 + whole(noise(y, x) / 32);
  return [red, green, blue, alpha];
}

interface Scene {
  ground: [string, string];
  grain: number;
  discs: [string, number, number, number][];
}

const SCENES: Record<string, Scene> = JSON.parse(
  readFileSync(new URL("../../tests/golden/scenes.json", import.meta.url), "utf8"),
);

function levels(color: string): number[] {
  return [...Buffer.from(color.slice(1).padEnd(8, "f"), "hex")];
}

function sceneColorAt({ ground, grain, discs }: Scene, x: number, y: number): number[] {
  const on = ([, across, down, radius]: Scene["discs"][number]) =>
    (x - across) ** 2 + (y - down) ** 2 < radius ** 2;
  const disc = discs.findLast(on);
  if (disc) return levels(disc[0]);
  const [left, right] = ground.map(levels);
  const more = whole((noise(x, y) * grain) / 256);
  return left.map((level, i) => {
    const plain = level + whole(((right[i] - level) * x) / 95);
    return i < 3 ? Math.min(255, plain + more) : plain;
  });
}

function makeScene(scene: Scene): Picture {
  const [width, height] = [96, 64];
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) pixels.set(sceneColorAt(scene, x, y), 4 * (y * width + x));
  }
  return { width, height, pixels };
}

export function makeImage(name: string): Picture {
  if (name in SCENES) return makeScene(SCENES[name]);
  if (name === "wall") return enlarged(makeImage("tiles"), 8);
  const pixels = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; ++y) {
    for (let x = 0; x < WIDTH; ++x) pixels.set(colorAt(name, x, y), 4 * (y * WIDTH + x));
  }
  return { width: WIDTH, height: HEIGHT, pixels };
}

export interface Clip extends Picture {
  durations: number[];
}

/** The clip of tools/golden.py: frames, one below the other, in which an image's upper part moves. */
export function makeClip(name: string): Clip {
  const durations = [40, 75, 75, 0, 700_000, 33];
  const { width, height, pixels } = makeImage(name);
  for (let i = 3; i < pixels.length; i += 4) pixels[i] = pixels[i] < 128 ? 0 : 255;
  const all = new Uint8ClampedArray(durations.length * pixels.length);
  [0, 5, 5, 6, 9, 40].forEach((shift, frame) => {
    all.set(pixels, frame * pixels.length);
    for (let y = 10; y < 50; ++y) {
      const row = pixels.subarray(4 * y * width, 4 * (y + 1) * width);
      const start = frame * pixels.length + 4 * y * width;
      all.set(row.subarray(4 * (width - shift)), start);
      all.set(row.subarray(0, 4 * (width - shift)), start + 4 * shift);
    }
  });
  return { width, height: durations.length * height, pixels: all, durations };
}

function enlarged({ width, height, pixels }: Picture, times: number): Picture {
  const [wide, high] = [times * width, times * height];
  const larger = new Uint8ClampedArray(4 * wide * high);
  for (let y = 0; y < high; ++y) {
    for (let x = 0; x < wide; ++x) {
      const from = 4 * (whole(y / times) * width + whole(x / times));
      larger.set(pixels.subarray(from, from + 4), 4 * (y * wide + x));
    }
  }
  return { width: wide, height: high, pixels: larger };
}
