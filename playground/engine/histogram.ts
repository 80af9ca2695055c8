// Distinct colours in the core.

import type { Block, Core } from "./core.ts";
import type { ColorList } from "./protocol.ts";

/** Distinct colours and how many pixels have each. */
export class Histogram {
  readonly length: number;

  constructor(
    readonly core: Core,
    readonly address: number,
    readonly channels: 3 | 4,
  ) {
    this.length = core.call("histogram_size", address);
  }

  static count(core: Core, pixels: Block, channels: 3 | 4): Histogram {
    const n = pixels.length / channels;
    return new Histogram(core, core.call("count_colors", pixels.address, n, channels), channels);
  }

  /** (n, channels), a copy. */
  get colors(): Uint8Array {
    const at = this.core.call("histogram_colors", this.address);
    return this.core.view(at, this.length * this.channels).slice();
  }

  /** (n), a copy. */
  get counts(): BigInt64Array {
    const at = this.core.call("histogram_counts", this.address);
    return new BigInt64Array(this.core.view(at, 8 * this.length).slice().buffer);
  }

  /** The same of these pixels, each of which counts by how much it stands out. */
  weighSalient(pixels: Block, [height, width]: [number, number]): Histogram {
    const { core, address, channels } = this;
    const made = core.call("weigh_salient", pixels.address, height, width, address);
    return new Histogram(core, made, channels);
  }

  /** Keeps the most frequent of every `step` neighbours, with the counts of all. */
  thinOut(step: number): Histogram {
    const made = this.core.call("thin_out", this.address, step);
    return new Histogram(this.core, made, this.channels);
  }

  /** The sum over pixels of CIEDE2000, of some colours from the `first` to before the `last`. */
  deltaE(labels: Uint16Array, palette: ColorList, first: number, last: number): number {
    return this.core.lend([labels, palette.colors], (...at) =>
      this.core.call("delta_e_colors", this.address, first, last - first, ...at),
    );
  }

  free(): void {
    this.core.release("histogram_free", this.address);
  }
}
