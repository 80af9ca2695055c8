// Noise from whole numbers, the same in every browser.

const SIDE = 256;

/** Returns a pseudorandom number, 0 to 1, for a lattice point; numbers repeat every 256. */
const TABLE = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
  let h = Math.imul(i + 1, 0x27d4eb2d);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
});

/** Smooth noise, 0 to 1, with bumps about 1 wide. */
export function noise(x: number, y: number, seed: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const left = (ix + 37 * seed) & (SIDE - 1);
  const right = (left + 1) & (SIDE - 1);
  const top = SIDE * ((iy + 101 * seed) & (SIDE - 1));
  const bottom = (top + SIDE) & (SIDE * SIDE - 1);
  const fx = smooth(0, 1, x - ix);
  return mix(
    mix(TABLE[top + left], TABLE[top + right], fx),
    mix(TABLE[bottom + left], TABLE[bottom + right], fx),
    smooth(0, 1, y - iy),
  );
}

/** Noise with finer noise on it, 0 to 1. */
export function layered(x: number, y: number, seed: number, layers: number): number {
  let sum = 0;
  let weight = 1;
  let total = 0;
  for (let i = 0; i < layers; i++, weight /= 2, x *= 2.03, y *= 2.03) {
    sum += weight * noise(x, y, seed + i);
    total += weight;
  }
  return sum / total;
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** Returns 0 up to `from`, 1 from `to` on, and a smooth transition between. */
export function smooth(from: number, to: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

export type Color = [number, number, number];

export function blend(a: Color, b: Color, t: number): Color {
  return [mix(a[0], b[0], t), mix(a[1], b[1], t), mix(a[2], b[2], t)];
}

/** A colour between stops that ascend. */
export function gradient(stops: [number, Color][], t: number): Color {
  const next = stops.findIndex(([at]) => at >= t);
  if (next === 0) return stops[0][1];
  if (next < 0) return stops[stops.length - 1][1];
  const [[from, a], [to, b]] = [stops[next - 1], stops[next]];
  return blend(a, b, (t - from) / (to - from));
}
