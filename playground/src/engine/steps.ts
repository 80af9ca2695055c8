// k-means pass by pass, for watching: plain passes over all colours, from seeds.

import { checkChoice, checkWhole } from "./checks";
import { Assignment, SEEDINGS, SPACES } from "./core";
import type { Image } from "./image";
import type { Step, StepsOptions } from "./protocol";

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
  const { core, own } = image;
  const { channels, histogram } = own;
  const placed = own.newlyPlaced(space);
  const points = placed.points(1);
  const n = Math.min(k, histogram.length);
  const assignment = new Assignment(points, n);
  try {
    let centers = points.seed(seeding, n, BigInt(seed));
    for (let pass = 0, done = false; !done; ++pass) {
      const next = centers.slice();
      done = assignment.lloyd(next, 1).converged;
      const colors = core.unplace(centers, channels, space);
      const shown = new Float32Array(3 * n);
      for (let j = 0; j < n; ++j) {
        shown.set(colors.subarray(channels * j, channels * j + 3), 3 * j);
      }
      const cost = assignment.cost(centers) / placed.steps ** 2;
      yield { centers: shown, counts: assignment.counts, cost, pass, done };
      centers = next;
    }
  } finally {
    assignment.free();
    placed.free();
  }
}
