// k-means pass by pass, for watching: plain passes over all colours, from seeds.

import { checkChoice, checkWhole } from "./checks";
import { Fitter, Walk } from "./core";
import type { Image } from "./image";
import { SEEDINGS, SPACES, type Step, type StepsOptions } from "./protocol";

export function steps(image: Image, options: StepsOptions): Generator<Step, void> {
  checkWhole("k", options.k, 1, 256);
  checkWhole("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  checkChoice("space", options.space, SPACES);
  checkChoice("seeding", options.seeding, SEEDINGS);
  return passes(image, options);
}

function* passes(
  image: Image,
  { k, space, seed, seeding }: StepsOptions,
): Generator<Step, void> {
  const { channels, histogram } = image.own;
  const n = Math.min(k, histogram.length);
  const fitter = new Fitter(histogram, space);
  const walk = new Walk(image.core, fitter, n, seeding, seed);
  try {
    for (let pass = 0, over = false; !over; ++pass) {
      const { colors, counts, cost, done } = walk.look(channels);
      const centers = new Float32Array(3 * n);
      for (let j = 0; j < n; ++j) {
        centers.set(colors.subarray(channels * j, channels * j + 3), 3 * j);
      }
      yield { centers, counts, cost, pass, done };
      walk.step();
      over = done;
    }
  } finally {
    walk.free();
    fitter.free();
  }
}
