// Where a colour is in the cloud: about 1 wide, black at the bottom, white at the top.

import type { CloudSpace } from "../settings";
import { oklab } from "../spaces";

type Place = [number, number, number];

/** Of a and b, which are smaller than lightness. */
const STRETCH = 1.5;

// The cube on its corner: the grey axis upright.
const DIAGONAL = Math.sqrt(3);
const [SIDE, DEPTH] = [Math.SQRT1_2, 1 / Math.sqrt(6)];

export const PLACES: Record<CloudSpace, (r: number, g: number, b: number) => Place> = {
  rgb: (r, g, b) => {
    const [x, y, z] = [r / 255, g / 255, b / 255];
    return [(x - z) * SIDE, (x + y + z) / DIAGONAL - DIAGONAL / 2, (2 * y - x - z) * DEPTH].map(
      (c) => c * 0.64,
    ) as Place;
  },
  oklab: (r, g, b) => {
    const [lightness, a, bb] = oklab(r, g, b);
    return [a * STRETCH, (lightness - 0.5) * 1.15, -bb * STRETCH];
  },
};

/** Places of a list of colours, (n, 3). */
export function placed(colors: ArrayLike<number>, space: CloudSpace): Float32Array {
  const place = PLACES[space];
  const places = new Float32Array(colors.length);
  for (let i = 0; i < colors.length; i += 3)
    places.set(place(colors[i], colors[i + 1], colors[i + 2]), i);
  return places;
}

/** The edges of the cube of all colours, as lines of short steps: (n, 3) pairs of ends. */
export function edges(): Float32Array {
  const steps = 24;
  const ends: number[] = [];
  for (const axis of [0, 1, 2]) {
    for (const corner of [0, 1, 2, 3]) {
      for (let step = 0; step < 2 * steps; step++) {
        const color = [0, 0, 0];
        color[axis] = (255 * Math.floor((step + 1) / 2)) / steps;
        color[(axis + 1) % 3] = corner & 1 ? 255 : 0;
        color[(axis + 2) % 3] = corner & 2 ? 255 : 0;
        ends.push(...color);
      }
    }
  }
  return Float32Array.from(ends);
}
