// Cost for each of many k, as src/kpalette/curve.py has it.

import { checkFit, checkWhole } from "./checks.ts";
import { Fitter } from "./fits.ts";
import type { Image } from "./image.ts";
import type { Work } from "./jobs.ts";
import type { SweepOptions, SweepPoint } from "./protocol.ts";

const MOST_COLORS = 65_536;

/** Fits each k from the one before it, and reports each. */
export function* sweep(
  image: Image,
  ks: readonly number[],
  options: SweepOptions,
  onPoint: (point: SweepPoint) => void,
): Work<void> {
  for (const k of ks) checkWhole("k", k, 1, MOST_COLORS);
  checkFit(options);
  const ascending = [...new Set(ks)].sort((a, b) => a - b);
  if (ascending.length === 0) throw new RangeError("ks: expected at least one k, got none");
  const { histogram } = image.own;
  const lossless = ascending.filter((k) => k >= histogram.length);
  const fitted = [...ascending.filter((k) => k < histogram.length), ...lossless.slice(0, 1)];
  const fitter = new Fitter(histogram, options.space);
  try {
    for (const k of fitted) {
      const { cost, mse } = yield* fitter.grow(k, options.effort, options.seed);
      onPoint({ k, cost, mse });
    }
    for (const k of lossless.slice(1)) onPoint({ k, cost: 0, mse: 0 });
  } finally {
    fitter.free();
  }
}
