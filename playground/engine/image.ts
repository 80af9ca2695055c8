// An image in the core's memory: its pixels and their histogram.

import { checkSize } from "./checks.ts";
import type { Block, Core } from "./core.ts";
import { Fitter } from "./fits.ts";
import { Histogram } from "./histogram.ts";
import type { Loaded, Pixels, Space, Timing } from "./protocol.ts";

const CLOUD = 20_000; // colours that a cloud shows, at most
const STILL: Timing = { durations: [0], loop: 0 };

/** Pixels with 3 or 4 channels, their histogram and its fitters. */
export class Counted {
  private made: Histogram | undefined;
  private last: Fitter | undefined;
  private salient: { histogram: Histogram; last?: Fitter } | undefined;

  constructor(
    private readonly core: Core,
    readonly pixels: Block,
    readonly channels: 3 | 4,
  ) {}

  /** The histogram, of which the first call takes as long as a fit. */
  get histogram(): Histogram {
    return (this.made ??= Histogram.count(this.core, this.pixels, this.channels));
  }

  /** Whether there is a histogram by now. */
  get isCounted(): boolean {
    return this.made !== undefined;
  }

  /** How many pixels there are. */
  get length(): number {
    return this.pixels.length / this.channels;
  }

  /** Returns the fitter of a space. The last one is kept. */
  fitter(space: Space): Fitter {
    if (this.last?.space !== space) {
      this.last?.free();
      this.last = new Fitter(this.histogram, space);
    }
    return this.last;
  }

  /** Returns the fitter in which pixels count by their saliency. */
  salientFitter(space: Space, shape: [number, number]): Fitter {
    this.salient ??= { histogram: this.histogram.weighSalient(this.pixels, shape) };
    if (this.salient.last?.space !== space) {
      this.salient.last?.free();
      this.salient.last = new Fitter(this.salient.histogram, space);
    }
    return this.salient.last;
  }

  /** Frees all but the pixels. */
  free(): void {
    this.salient?.last?.free();
    this.salient?.histogram.free();
    this.last?.free();
    this.made?.free();
  }
}

export class Image {
  private wider: Counted | undefined;
  private shown: Histogram | undefined;

  private constructor(
    readonly core: Core,
    private readonly block: Block,
    readonly height: number,
    readonly width: number,
    /** With alpha only if some pixel is not opaque. */
    readonly own: Counted,
    /** Of each frame, in milliseconds; those of an animation lie one below the other. */
    readonly durations: readonly number[],
    /** How often they play; 0 for ever. */
    readonly loop: number,
  ) {}

  /** At most so many of its colours, which stand for all. */
  get cloud(): Histogram {
    const { histogram } = this.own;
    const step = Math.ceil(histogram.length / CLOUD);
    return step > 1 ? (this.shown ??= histogram.thinOut(step)) : histogram;
  }

  get isAnimated(): boolean {
    return this.durations.length > 1;
  }

  get frameHeight(): number {
    return this.height / this.durations.length;
  }

  /** Takes RGBA pixels, of frames one below the other. */
  static load(
    core: Core,
    rgba: Pixels,
    width: number,
    height: number,
    { durations, loop }: Timing = STILL,
  ): Image {
    checkSize({ width, height });
    const n = width * height;
    if (rgba.length !== 4 * n) {
      throw new RangeError(
        `rgba: expected 4 bytes for each of ${width} × ${height}, got ${rgba.length}`,
      );
    }
    if (durations.length < 1 || height % durations.length !== 0) {
      throw new RangeError(
        `durations: expected one for each frame of ${height} rows in all, got ${durations.length}`,
      );
    }
    const pixels = core.take(4 * n);
    pixels.bytes().set(rgba);
    const channels = core.call("pack", pixels.address, n) as 3 | 4;
    const own = new Counted(core, pixels.head(channels * n), channels);
    return new Image(core, pixels, height, width, own, durations, loop);
  }

  /** With four channels if that is asked for, or needed. */
  counted(channels: 3 | 4): Counted {
    if (channels === this.own.channels || this.own.channels === 4) return this.own;
    this.wider ??= this.withAlpha();
    return this.wider;
  }

  private withAlpha(): Counted {
    const { pixels, length } = this.own;
    const wide = this.core.take(4 * length);
    const from = pixels.bytes();
    const to = wide.bytes().fill(255);
    for (let i = 0; i < length; ++i) {
      for (let axis = 0; axis < 3; ++axis) to[4 * i + axis] = from[3 * i + axis];
    }
    return new Counted(this.core, wide, 4);
  }

  /** Frees all that it has in the core, which then serves another. */
  free(): void {
    this.wider?.free();
    this.wider?.pixels.free();
    this.shown?.free();
    this.own.free();
    this.block.free();
  }

  describe(): Loaded {
    const { width, height, own, cloud: shown } = this;
    const { channels, histogram } = own;
    const counts = Float64Array.from(shown.counts, Number);
    const colors = new Uint8Array(3 * shown.length);
    const all = shown.colors;
    for (let i = 0; i < shown.length; ++i) {
      colors.set(all.subarray(channels * i, channels * i + 3), 3 * i);
    }
    return { width, height, distinct: histogram.length, channels, cloud: { colors, counts } };
  }
}
