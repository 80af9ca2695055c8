// k-means pass by pass, for watching: plain passes over all colours, from seeds.

import { checkChoice, checkWhole } from "./checks.ts";
import { withAlpha } from "./colors.ts";
import { Fitter, Walk } from "./fits.ts";
import type { Image } from "./image.ts";
import { SEEDINGS, SPACES, type Step, type StepsOptions } from "./protocol.ts";

export function steps(image: Image, options: StepsOptions): Generator<Step, void> {
  checkWhole("k", options.k, 1, 256);
  checkWhole("seed", options.seed, 0, Number.MAX_SAFE_INTEGER);
  checkChoice("space", options.space, SPACES);
  checkChoice("seeding", options.seeding, SEEDINGS);
  if (options.centers) checkWhole("centers", options.centers.length / 3, 1, 256);
  return passes(image, options);
}

function* passes(
  image: Image,
  { k, space, seed, seeding, centers: placed }: StepsOptions,
): Generator<Step, void> {
  const { core, own, cloud } = image;
  const { channels, histogram } = own;
  const fitter = new Fitter(histogram, space);
  const ofCloud = new Fitter(cloud, space);
  const n = placed ? placed.length / 3 : Math.min(k, histogram.length);
  const opaque = placed && { colors: placed, channels: 3 as const };
  const walk = opaque
    ? Walk.from(core, fitter, channels === 4 ? { colors: withAlpha(opaque), channels } : opaque)
    : Walk.seeded(core, fitter, n, seeding, seed);
  try {
    for (let pass = 0, over = false; !over; ++pass) {
      const { colors, counts, cost, done } = walk.look(channels);
      const centers = new Float32Array(3 * n);
      for (let j = 0; j < n; ++j) {
        centers.set(colors.subarray(channels * j, channels * j + 3), 3 * j);
      }
      const labels = Uint8Array.from(ofCloud.assign(colors).labels);
      yield { centers, counts, labels, cost, pass, done };
      walk.step();
      over = done;
    }
  } finally {
    walk.free();
    ofCloud.free();
    fitter.free();
  }
}
