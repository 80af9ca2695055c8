// Fits of palettes in the core, and k-means pass by pass.

import type { Block, Core } from "./core.ts";
import type { Histogram } from "./histogram.ts";
import type { Work } from "./jobs.ts";
import type { ColorList, Effort, Seeding, Space } from "./protocol.ts";

/** The result of a fit. */
export interface Fitted {
  palette: ColorList;
  counts: Float64Array;
  labels: Uint16Array; // of the histogram's colours
  cost: number; // the sum over pixels of squared distances, on the scale of the space
  mse: number; // on the 8-bit scale of sRGB
  nIter: number;
}

/** Fits palettes to one histogram; what it places for one k serves the next. */
export class Fitter {
  private readonly core: Core;
  readonly address: number;

  /** The histogram is to be freed after this. */
  constructor(
    readonly histogram: Histogram,
    readonly space: Space,
  ) {
    this.core = histogram.core;
    const { spaces } = this.core.tables;
    this.address = this.core.call("fitter_new", histogram.address, spaces.indexOf(space));
  }

  /**
   * Fits k colours, of which those that are `fixed`, distinct ones (m, channels), stay. `mixing`:
   * for dithering.
   */
  fit(k: number, effort: Effort, seed: number, fixed: Uint8Array, mixing = false): Work<Fitted> {
    const how = this.core.tables.efforts.indexOf(effort);
    const asked = [this.address, k, how, BigInt(seed)] as const;
    this.core.lend([fixed], (at) =>
      this.core.call("fitter_fit", ...asked, at, fixed.length, Number(mixing)),
    );
    return this.finish();
  }

  /** Fits k colours from the last ones that grew, which were fewer; the first from seeds. */
  grow(k: number, effort: Effort, seed: number): Work<Fitted> {
    const how = this.core.tables.efforts.indexOf(effort);
    this.core.call("fitter_grow", this.address, k, how, BigInt(seed));
    return this.finish();
  }

  /** Finds the nearest of colours that are given, perhaps sorted: the most frequent first. */
  assign(colors: Uint8Array, byFrequency = false): Fitted {
    this.core.lend([colors], (at) =>
      this.core.call("fitter_assign", this.address, at, colors.length, Number(byFrequency)),
    );
    return this.result();
  }

  private *finish(): Work<Fitted> {
    while (this.core.call("fitter_step", this.address)) {
      yield this.core.call("fitter_n_iter", this.address);
    }
    return this.result();
  }

  private result(): Fitted {
    const about = new Float64Array(7);
    this.core.lend([about], (at) => this.core.call("fitter_result", this.address, at));
    const [colorsAt, countsAt, labelsAt, k, cost, mse, nIter] = about;
    const { channels, length } = this.histogram;
    const colors = this.core.view(colorsAt, k * channels).slice();
    const counts = new BigInt64Array(this.core.view(countsAt, 8 * k).slice().buffer);
    return {
      palette: { colors, channels },
      counts: Float64Array.from(counts, Number),
      labels: new Uint16Array(this.core.view(labelsAt, 2 * length).slice().buffer),
      ...{ cost, mse, nIter },
    };
  }

  free(): void {
    this.core.release("fitter_free", this.address);
  }
}

/**
 * Fits k colours to RGB pixels in sRGB, the quickest way, without a histogram, and writes their
 * indices. Null where that gives another result than a fit to the histogram.
 */
export function fitQuickly(
  core: Core,
  pixels: Block,
  { k, effort, seed }: { k: number; effort: Effort; seed: number },
  fixed: Uint8Array,
  indices: Block,
): { palette: ColorList; counts: Float64Array; nIter: number } | null {
  const colors = new Uint8Array(3 * k);
  const counts = new BigInt64Array(k);
  const about = new Float64Array(2);
  const how = [core.tables.efforts.indexOf(effort), BigInt(seed)] as const;
  const found = core.lend([fixed, colors, counts, about], (fixedAt, ...at) =>
    core.call(
      "quantize_quickly",
      ...[pixels.address, indices.length, k, ...how, fixedAt, fixed.length, indices.address, ...at],
    ),
  );
  const [n, nIter] = about;
  if (!found) return null;
  const palette = { colors: colors.slice(0, 3 * n), channels: 3 } as const;
  return { palette, counts: Float64Array.from(counts.subarray(0, n), Number), nIter };
}

/** Plain k-means pass by pass. */
export class Walk {
  private constructor(
    private readonly core: Core,
    private readonly address: number,
    private readonly k: number,
  ) {}

  /** The fitter is to be freed after this. */
  static seeded(core: Core, fitter: Fitter, k: number, seeding: Seeding, seed: number): Walk {
    const how = core.tables.seedings.indexOf(seeding);
    return new Walk(core, core.call("walk_new", fitter.address, k, how, BigInt(seed)), k);
  }

  /** The same from centres at some colours. */
  static from(core: Core, fitter: Fitter, { colors, channels }: ColorList): Walk {
    const address = core.lend([colors], (at) =>
      core.call("walk_from", fitter.address, at, colors.length),
    );
    return new Walk(core, address, colors.length / channels);
  }

  step(): void {
    this.core.call("walk_step", this.address);
  }

  /** The centres' colours (k, channels), the pixels nearest to each, and what all costs. */
  look(channels: number) {
    const colors = new Uint8Array(this.k * channels);
    const counts = new BigInt64Array(this.k);
    const about = new Float64Array(2);
    this.core.lend([colors, counts, about], (colorsAt, countsAt, aboutAt) =>
      this.core.call("walk_look", this.address, colorsAt, countsAt, this.k, aboutAt),
    );
    const [cost, done] = about;
    return { colors, counts: Float64Array.from(counts, Number), cost, done: done !== 0 };
  }

  free(): void {
    this.core.release("walk_free", this.address);
  }
}
