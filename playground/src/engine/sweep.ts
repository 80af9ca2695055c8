// Cost for each of many k, as src/kpalette/curve.py has it.

import { checkWhole } from "./checks";
import { checkFit, fitEach, type Work } from "./fit";
import type { Image } from "./image";
import type { SweepOptions, SweepPoint } from "./protocol";

const MOST_COLORS = 65_536;

/** Fits each k from the one before it, and tells of each. */
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
  const { own } = image;
  const all = own.histogram.length;
  const lossless = ascending.filter((k) => k >= all);
  const fitted = [...ascending.filter((k) => k < all), ...lossless.slice(0, 1)];
  const { space, effort, seed } = options;
  const placed = own.newlyPlaced(space);
  try {
    const how = { effort, seed, fixed: new Uint8Array(), faithful: false };
    let turn = 0;
    for (const step of fitEach(placed, fitted, how)) {
      if (typeof step === "number") {
        yield step;
      } else {
        onPoint({ k: fitted[turn++], cost: step.cost, mse: step.mse });
      }
    }
    for (const k of lossless.slice(1)) onPoint({ k, cost: 0, mse: 0 });
  } finally {
    placed.free();
  }
}
