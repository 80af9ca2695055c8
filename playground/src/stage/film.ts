// The frames of a picture, of which one at a time is ready to be drawn.

import { Layer } from "./layer";
import type { Size } from "./view";

type Pixels = Uint8ClampedArray<ArrayBuffer>;

export class Film {
  #last: { frame: number; layer: Layer } | null = null;

  /** Takes pixels of frames of one size, one below the other. */
  constructor(
    readonly pixels: Pixels,
    readonly size: Size,
  ) {}

  /** What is (height, width, `each`) of all frames, for one of them. */
  part<T extends Uint8Array | Uint8ClampedArray>(values: T, frame: number, each = 1): T {
    const n = each * this.size.width * this.size.height;
    return values.subarray(frame * n, (frame + 1) * n) as T;
  }

  layer(frame: number): Layer {
    if (this.#last?.frame !== frame) {
      const layer = new Layer(this.part(this.pixels, frame, 4), this.size);
      this.#last = { frame, layer };
    }
    return this.#last.layer;
  }
}
