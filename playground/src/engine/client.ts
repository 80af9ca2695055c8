// The engine as the page sees it: promises of what a worker does.

import type {
  ColorList,
  Loaded,
  MapOptions,
  PngOptions,
  QuantizeOptions,
  Quantized,
  Step,
  StepsOptions,
  SweepOptions,
  SweepPoint,
} from "./protocol";

export type * from "./protocol";

/** The browser cannot run the engine: it has no WebAssembly, or none with SIMD. */
export class NoSimdError extends Error {
  override name = "NoSimdError";
}

export interface Control {
  /** Ends the work soon, by an AbortError. */
  signal?: AbortSignal;
  /** Is told how many passes of k-means were made. */
  onProgress?: (passes: number) => void;
}

/** k-means pass by pass. One at a time: the steps of another end these. */
export interface Steps {
  /** The next pass; after the last one, that one again. */
  next(): Promise<Step>;
  stop(): void;
}

const unbuilt = () => new Error("the engine is not built yet");

export class Engine {
  private constructor() {}

  /** Throws NoSimdError where the browser lacks what it takes. */
  static async start(): Promise<Engine> {
    throw unbuilt();
  }

  /**
   * Counts the colours of an image, which all that follows is about. The pixels are given away:
   * their buffer is empty afterwards.
   */
  load(pixels: Uint8ClampedArray, width: number, height: number): Promise<Loaded> {
    return Promise.reject(unbuilt());
  }

  /** Reduces the image to k colours. One that runs already is aborted. */
  quantize(options: QuantizeOptions, control: Control = {}): Promise<Quantized> {
    return Promise.reject(unbuilt());
  }

  /** Shows the image in given colours, at most 256. A `quantize` that runs is aborted. */
  remap(palette: ColorList, options: MapOptions, control: Control = {}): Promise<Quantized> {
    return Promise.reject(unbuilt());
  }

  /** Fits each k, ascending, from the one before it. A sweep that runs already is aborted. */
  sweep(
    ks: number[],
    options: SweepOptions,
    onPoint: (point: SweepPoint) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return Promise.reject(unbuilt());
  }

  steps(options: StepsOptions): Steps {
    return { next: () => Promise.reject(unbuilt()), stop: () => {} };
  }

  /** An indexed PNG file with 1, 2, 4 or 8 bits per pixel. */
  encodePng(image: PngOptions): Promise<Uint8Array<ArrayBuffer>> {
    return Promise.reject(unbuilt());
  }

  /** Ends the worker. All that was asked for is rejected with an AbortError. */
  terminate(): void {}
}
