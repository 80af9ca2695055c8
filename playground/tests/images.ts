// The images of tests/golden, by the formula of tools/golden.py.

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

export function makeImage(name: string): Picture {
  if (name === "wall") return enlarged(makeImage("tiles"), 8);
  const pixels = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  for (let y = 0; y < HEIGHT; ++y) {
    for (let x = 0; x < WIDTH; ++x) pixels.set(colorAt(name, x, y), 4 * (y * WIDTH + x));
  }
  return { width: WIDTH, height: HEIGHT, pixels };
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
