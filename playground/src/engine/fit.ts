// From a histogram to its k best colours: place, seed, refine and round, by the core.
//
// This is src/kpalette/fit.py, function by function and number by number, so that palettes are the
// same. Work is a generator: it stops for a moment between calls of the core, so that a worker can
// look up, and yields how many passes it has made.

import { checkChoice, checkWhole } from "./checks";
import { Assignment, type Histogram, type Palette, Points, SPACES } from "./core";
import type { Effort, Seeding, Space } from "./protocol";

export type Work<T> = Generator<number, T>;

interface EffortPlan {
  start: number; // over-relaxed passes from the seeds, on a part of the colours if there are many
  rounds: number; // of merging and splitting clusters there, with `passes` passes after each
  passes: number;
  relaxed: number; // over-relaxed passes over all colours
  plain: number; // and plain ones after them, at most
  seedings: Seeding[]; // what to start from, of which the best is kept
  shaken: number; // more rounds, over all colours, that choose at random what to merge and split
  guarded: boolean; // whether small vivid regions are given colours of their own
}

const EFFORTS: Record<Effort, EffortPlan> = {
  fast: {
    ...{ start: 2, rounds: 0, passes: 0, relaxed: 2, plain: 1 },
    ...{ seedings: ["wu"], shaken: 0, guarded: false },
  },
  balanced: {
    ...{ start: 5, rounds: 8, passes: 3, relaxed: 5, plain: 3 },
    ...{ seedings: ["wu"], shaken: 0, guarded: true },
  },
  best: {
    ...{ start: 10, rounds: 20, passes: 5, relaxed: 5, plain: 300 },
    seedings: ["wu", ...Array<Seeding>(7).fill("k-means++")],
    ...{ shaken: 60, guarded: true },
  },
};

const COLORS_PER_CENTER = 256;
const COLORS_PER_ISLAND = 8;
const WORTH = 0.95;

/** Points visited in one go, at most: some 10 ms. */
const SLICE = 1 << 20;

export interface Fitted {
  centers: Float64Array; // where the palette's colours were before rounding
  palette: Palette;
  counts: Float64Array;
  labels: Uint16Array; // of the histogram's colours
  cost: number; // the sum over pixels of squared distances, on the scale of the space
  mse: number; // on the 8-bit scale of sRGB
  nIter: number;
  islands: Uint8Array; // colours of small vivid regions that were swallowed
  outlying: number; // the sum of fourth powers of distances; 0 where nobody asks
}

/** An image's colours in one space, all of them or thinned out, placed once. */
export class Placed {
  private readonly made = new Map<number, Points>();

  constructor(
    readonly histogram: Histogram,
    readonly space: Space,
    readonly pixels: number,
  ) {}

  points(step: number): Points {
    let points = this.made.get(step);
    if (points === undefined) {
      const thinned = step > 1 ? this.histogram.thinOut(step) : this.histogram;
      points = new Points(thinned, this.space, step > 1);
      this.made.set(step, points);
    }
    return points;
  }

  place(colors: Uint8Array): Float64Array {
    return this.histogram.core.place(colors, this.histogram.channels, this.space);
  }

  get steps(): number {
    return this.histogram.core.steps(this.histogram.channels, this.space);
  }

  free(): void {
    for (const points of this.made.values()) points.free();
    this.made.clear();
  }
}

/** Throws RangeError for options that no fit can be made with. */
export function checkFit(how: { space: Space; effort: Effort; seed: number }): void {
  checkChoice("space", how.space, SPACES);
  checkChoice("effort", how.effort, Object.keys(EFFORTS) as Effort[]);
  checkWhole("seed", how.seed, 0, Number.MAX_SAFE_INTEGER);
}

/** Fits k colours, of which those that are `fixed`, distinct ones (m, channels), stay. */
export function* fit(
  placed: Placed,
  k: number,
  effort: Effort,
  seed: number,
  fixed: Uint8Array,
): Work<Fitted> {
  const nFixed = fixed.length / placed.histogram.channels;
  const most = Math.min(Math.floor(k / COLORS_PER_ISLAND), k - nFixed);
  const how = { effort, seed, faithful: true };
  if (most === 0 || placed.space !== "oklab" || !EFFORTS[effort].guarded) {
    return yield* fitOne(placed, k, { ...how, fixed });
  }
  const fitted = yield* fitOne(placed, k, { ...how, fixed, islands: most });
  if (fitted.islands.length === 0) return fitted;
  const more = concat(fixed, fitted.islands);
  const again = yield* fitOne(placed, k, { ...how, fixed: more, islands: 0 }, fitted.nIter);
  const best = again.outlying < WORTH * fitted.outlying ? again : fitted;
  return { ...best, nIter: fitted.nIter + again.nIter };
}

interface How {
  effort: Effort;
  seed: number;
  fixed: Uint8Array;
  faithful: boolean;
  islands?: number;
}

function* fitOne(placed: Placed, k: number, how: How, before = 0): Work<Fitted> {
  const [fitted] = yield* collected(fitEach(placed, [k], how), before);
  return fitted;
}

function* collected(fits: Generator<number | Fitted>, before: number): Work<Fitted[]> {
  const found: Fitted[] = [];
  for (const step of fits) {
    if (typeof step === "number") yield before + step;
    else found.push(step);
  }
  return found;
}

/**
 * Fits each of some ascending k: the first from seeds, the others from the one before it. Yields
 * passes in between.
 */
export function* fitEach(
  placed: Placed,
  ks: readonly number[],
  how: How,
): Generator<number | Fitted> {
  const { histogram } = placed;
  const { fixed, seed } = how;
  const absent =
    histogram.length <= Math.max(...ks) ? absentColors(histogram, fixed) : fixed;
  const plan = EFFORTS[how.effort];
  const fixedCenters = placed.place(fixed);
  let last: Fitted | undefined;
  for (const k of ks) {
    if (histogram.length + absent.length / histogram.channels <= k) {
      yield keepAll(placed, absent);
      continue;
    }
    const part = placed.points(thinning(histogram.length, k));
    yield last?.nIter ?? 0;
    let [centers, nIter] =
      last === undefined
        ? yield* start(part, k, plan, seed, fixedCenters)
        : yield* grow(part, last.centers, k, plan);
    const assignment = new Assignment(placed.points(1), k);
    let fitted: Fitted;
    try {
      assignment.pin(fixedCenters.length / histogram.channels);
      const [refined, more] = yield* refine(assignment, centers, plan, seed, nIter);
      centers = refined;
      nIter += more;
      yield nIter;
      fitted = yield* round(placed, assignment, centers, how, nIter);
    } finally {
      assignment.free();
    }
    if (last !== undefined && fitted.cost >= last.cost) {
      const fresh = new Assignment(placed.points(1), k);
      try {
        centers = extend(placed, last.palette.colors, k);
        fitted = yield* round(placed, fresh, centers, how, fitted.nIter);
        // Less than what a double can tell apart may look like more.
        fitted.cost = Math.min(fitted.cost, last.cost);
      } finally {
        fresh.free();
      }
    }
    yield (last = fitted);
  }
}

/** Those of the fixed colours that the image lacks. */
function absentColors(histogram: Histogram, fixed: Uint8Array): Uint8Array {
  const { colors, channels } = histogram;
  const present = new Set<number>();
  for (let i = 0; i < colors.length; i += channels) present.add(code(colors, i, channels));
  const absent: number[] = [];
  for (let i = 0; i < fixed.length; i += channels) {
    if (!present.has(code(fixed, i, channels))) absent.push(...fixed.subarray(i, i + channels));
  }
  return Uint8Array.from(absent);
}

/** A colour as a number that is ordered as its channels are. */
function code(colors: Uint8Array, at: number, channels: number): number {
  let value = 0;
  for (let axis = 0; axis < channels; ++axis) value = 256 * value + colors[at + axis];
  return value;
}

/** A palette of all colours there are, and of those that are absent. */
function keepAll(placed: Placed, absent: Uint8Array): Fitted {
  const { histogram } = placed;
  const { colors, channels, length } = histogram;
  const found = Float64Array.from(histogram.counts, Number);
  const order = Array.from({ length }, (_, i) => i).sort(
    (a, b) =>
      found[b] - found[a] ||
      code(colors, channels * a, channels) - code(colors, channels * b, channels),
  );
  const kept = new Uint8Array(colors.length + absent.length);
  const counts = new Float64Array(kept.length / channels);
  const labels = new Uint16Array(length);
  order.forEach((from, to) => {
    kept.set(colors.subarray(channels * from, channels * (from + 1)), channels * to);
    counts[to] = found[from];
    labels[from] = to;
  });
  kept.set(absent, colors.length);
  return {
    centers: placed.place(kept),
    palette: { colors: kept, channels },
    ...{ counts, labels, cost: 0, mse: 0, nIter: 0 },
    ...{ islands: new Uint8Array(), outlying: 0 },
  };
}

/** How many of n colours one can stand for while centres are placed roughly. */
function thinning(n: number, k: number): number {
  const most = Math.max(4, Math.floor(n / 131_072));
  return Math.max(1, Math.min(Math.floor(n / (COLORS_PER_CENTER * k)), most));
}

/** Seeds and refines roughly, from all starts: the best centres, and the passes made. */
function* start(
  points: Points,
  k: number,
  plan: EffortPlan,
  seed: number,
  fixed: Float64Array,
): Work<[Float64Array, number]> {
  let best = fixed;
  let least = Infinity;
  let nIter = 0;
  const nFixed = fixed.length / points.dim;
  for (const [turn, seeding] of plan.seedings.entries()) {
    let centers = fixed;
    if (k > nFixed) {
      const seeds = points.seed(seeding, k - nFixed, BigInt.asUintN(64, BigInt(seed + turn)));
      centers = concat(fixed, seeds);
      yield nIter;
    }
    const [settled, cost, passes] = yield* settle(points, centers, plan, nIter, nFixed);
    nIter += passes;
    if (turn === 0 || cost < least) {
      best = settled;
      least = cost;
    }
  }
  return [best, nIter];
}

/** Refines roughly: the centres, what they cost, and the passes made. */
function* settle(
  points: Points,
  seeds: Float64Array,
  plan: EffortPlan,
  before: number,
  nFixed = 0,
): Work<[Float64Array, number, number]> {
  const assignment = new Assignment(points, seeds.length / points.dim);
  try {
    assignment.pin(nFixed);
    const centers = seeds.slice();
    const first = yield* lloyd(assignment, centers, plan.start, plan.start, before);
    const how = { rounds: plan.rounds, passes: plan.passes };
    const [improved, more] = yield* improve(assignment, centers, how, before + first);
    return [improved, assignment.cost(improved), first + more];
  } finally {
    assignment.free();
  }
}

/** Splits clusters until there are k, refining roughly each time that most have been split. */
function* grow(
  points: Points,
  from: Float64Array,
  k: number,
  plan: EffortPlan,
): Work<[Float64Array, number]> {
  let centers = from;
  let nIter = 0;
  for (let now = centers.length / points.dim; now < k; now = centers.length / points.dim) {
    const assignment = new Assignment(points, now);
    try {
      assignment.update(centers);
      centers = assignment.grow(centers, Math.min(k, 2 * now));
    } finally {
      assignment.free();
    }
    const [settled, , passes] = yield* settle(points, centers, plan, nIter);
    centers = settled;
    nIter += 1 + passes;
  }
  return [centers, nIter];
}

/** Refines with all colours: the centres, and the passes made. */
function* refine(
  assignment: Assignment,
  from: Float64Array,
  plan: EffortPlan,
  seed: number,
  before: number,
): Work<[Float64Array, number]> {
  let centers: Float64Array = from.slice();
  const first = yield* lloyd(assignment, centers, plan.relaxed, plan.relaxed, before);
  let more = 0;
  if (plan.shaken > 0) {
    const how = { rounds: 0, passes: plan.passes, shaken: plan.shaken, seed: BigInt(seed) };
    [centers, more] = yield* improve(assignment, centers, how, before + first);
  }
  const last = yield* lloyd(assignment, centers, plan.plain, 0, before + first + more);
  return [centers, first + more + last];
}

/** `maxIter` passes, some at a time, which comes to the same: passes made. Moves the centres. */
export function* lloyd(
  assignment: Assignment,
  centers: Float64Array,
  maxIter: number,
  relaxed: number,
  before: number,
  slice = SLICE,
): Work<number> {
  const atOnce = Math.max(1, Math.floor(slice / assignment.points.length));
  let nIter = 0;
  let converged = false;
  while (nIter < maxIter && !converged) {
    const passes = Math.min(atOnce, maxIter - nIter);
    const made = assignment.lloyd(centers, passes, Math.max(0, relaxed - nIter));
    nIter += made.nIter;
    converged = made.converged;
    yield before + nIter;
  }
  return nIter;
}

/** Merges and splits clusters, round by round: the centres, and the passes made. */
function* improve(
  assignment: Assignment,
  centers: Float64Array,
  how: { rounds: number; passes: number; shaken?: number; seed?: bigint },
  before: number,
): Work<[Float64Array, number]> {
  const improvement = assignment.improvement(centers, how);
  try {
    while (improvement.step()) yield before + improvement.nIter;
    return [improvement.centers, improvement.nIter];
  } finally {
    improvement.free();
  }
}

/** k centres with which, once rounded, the cost is surely lower than with a palette. */
function extend(placed: Placed, colors: Uint8Array, k: number): Float64Array {
  const coords = placed.place(colors);
  const { channels } = placed.histogram;
  const extended = new Float64Array(k * channels);
  extended.set(coords);
  for (let at = coords.length; at < extended.length; at += channels) {
    extended.copyWithin(at, coords.length - channels, coords.length);
  }
  return extended;
}

function* round(
  placed: Placed,
  assignment: Assignment,
  centers: Float64Array,
  how: How,
  nIter: number,
): Work<Fitted> {
  const { fixed, faithful, islands } = how;
  const { histogram } = placed;
  const colors = assignment.roundCenters(centers, fixed, faithful);
  yield nIter;
  const coords = placed.place(colors);
  const palette: Palette = { colors, channels: histogram.channels };
  const labels = assignment.labels;
  const cost = assignment.cost(coords) / placed.steps ** 2;
  const mse = histogram.squaredError(labels, palette) / placed.pixels;
  yield nIter;
  const found = islands ? assignment.findIslands(coords, islands) : new Uint8Array();
  if (islands) yield nIter;
  const outlying = islands === undefined ? 0 : assignment.fourthPowers(coords);
  const { counts } = assignment;
  return { centers, palette, counts, labels, cost, mse, nIter, islands: found, outlying };
}

function concat<T extends Uint8Array | Float64Array>(a: T, b: T): T {
  const length = a.length + b.length;
  const joined = a instanceof Uint8Array ? new Uint8Array(length) : new Float64Array(length);
  joined.set(a);
  joined.set(b, a.length);
  return joined as T;
}

/** The peak signal-to-noise ratio, in decibels, of an error on the 8-bit scale. */
export function psnr(mse: number): number {
  return mse > 0 ? 10 * Math.log10((3 * 255 ** 2) / mse) : Infinity;
}
