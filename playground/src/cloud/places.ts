// The place of a colour in the cloud, about 1 wide: black at the bottom, white at the top.

import type { CloudSpace } from "../settings";
import { fromOklab, oklab } from "../spaces";
import type { Place } from "./view";

/** The scales of lightness, and of a and b, which have smaller ranges. */
const HEIGHT = 1.15;
const STRETCH = 1.5;
/** The length of the cube's side. */
const SIDE_LENGTH = 0.64;

// The cube on its corner: the grey axis upright.
const DIAGONAL = Math.sqrt(3);
const [SIDE, DEPTH] = [Math.SQRT1_2, 1 / Math.sqrt(6)];

export const PLACES: Record<CloudSpace, (r: number, g: number, b: number) => Place> = {
  rgb: (r, g, b) => {
    const [x, y, z] = [r / 255, g / 255, b / 255];
    return [(x - z) * SIDE, (x + y + z) / DIAGONAL - DIAGONAL / 2, (2 * y - x - z) * DEPTH].map(
      (c) => c * SIDE_LENGTH,
    ) as Place;
  },
  oklab: (r, g, b) => {
    const [lightness, a, bb] = oklab(r, g, b);
    return [a * STRETCH, (lightness - 0.5) * HEIGHT, -bb * STRETCH];
  },
};

/** The colour at a place, levels from 0 to 255; beyond all colours, one at their edge. */
export function colorOf(place: Place, space: CloudSpace): Place {
  if (space === "oklab") {
    return fromOklab(place[1] / HEIGHT + 0.5, place[0] / STRETCH, -place[2] / STRETCH);
  }
  const [x, y, z] = place.map((c) => c / SIDE_LENGTH);
  const grey = (y + DIAGONAL / 2) / DIAGONAL;
  return [x * SIDE - z * DEPTH + grey, grey + 2 * z * DEPTH, -x * SIDE - z * DEPTH + grey].map(
    (level) => 255 * Math.min(1, Math.max(0, level)),
  ) as Place;
}

/** The names of the axes, and their places, a little beyond the outermost colours. */
export const AXES: Record<CloudSpace, [string, Place][]> = {
  rgb: (
    [
      ["black", 0, 0, 0],
      ["R", 255, 0, 0],
      ["G", 0, 255, 0],
      ["B", 0, 0, 255],
      ["white", 255, 255, 255],
    ] as const
  ).map(([name, r, g, b]) => [name, PLACES.rgb(r, g, b).map((c) => 1.08 * c) as Place]),
  oklab: [
    ["L 0, black", [0, -HEIGHT / 2 - 0.05, 0]],
    ["L 1, white", [0, HEIGHT / 2 + 0.05, 0]],
    ["−a, green", [-0.33 * STRETCH, 0, 0]],
    ["+a, red", [0.33 * STRETCH, 0, 0]],
    ["−b, blue", [0, 0, 0.36 * STRETCH]],
    ["+b, yellow", [0, 0, -0.28 * STRETCH]],
  ],
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
