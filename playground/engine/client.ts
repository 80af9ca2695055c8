// The engine as the page sees it: promises of what a worker does.

import { checkSimd } from "./module.ts";
import {
  type CardOptions,
  type ColorList,
  type FromWorker,
  type GifOptions,
  type Loaded,
  type Looked,
  type MapOptions,
  type PngOptions,
  type QuantizeOptions,
  type Quantized,
  type Request,
  STARTED,
  type Step,
  type StepsOptions,
  type SweepOptions,
  type SweepPoint,
  type Theme,
  type ThemeOptions,
  type Timing,
} from "./protocol.ts";

export interface Control {
  /** Ends the work soon; the promise is rejected with an AbortError at once. */
  signal?: AbortSignal;
  /** Receives the number of passes of k-means so far. */
  onProgress?: (passes: number) => void;
  /** Whether to measure CIEDE2000 before the answer, which takes about as long as the rest. */
  deltaE?: boolean;
}

/** k-means pass by pass. An engine goes on only with the newest one. */
export interface Steps {
  /** Returns the next pass; after the last, the last one again. */
  next(): Promise<Step>;
  stop(): void;
}

/** A worker, or another port with its interface. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => unknown) | null;
}

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
  onProgress?: (passes: number) => void;
  onPoint?: (point: SweepPoint) => void;
}

export class Engine {
  private readonly waiting = new Map<number, Waiting>();
  private last = STARTED;
  private walk = 0;
  private broken: Error | undefined;

  private constructor(
    private readonly port: Port,
    private readonly end: () => void,
  ) {
    port.onmessage = ({ data }: MessageEvent<FromWorker>) => this.receive(data);
  }

  /** Starts a worker; throws NoSimdError if the browser lacks WebAssembly's SIMD. */
  static async start(): Promise<Engine> {
    checkSimd();
    if (typeof Worker === "undefined") {
      throw new Error("expected a browser, with its workers; elsewhere there is quantize()");
    }
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const engine = new Engine(worker, () => worker.terminate());
    worker.onerror = ({ message }) => engine.breakOff(new Error(message || "no worker started"));
    return engine.started();
  }

  /** Returns an engine whose server is at the other end of a port. */
  static over(port: Port, end: () => void): Engine {
    return new Engine(port, end);
  }

  private async started(): Promise<Engine> {
    try {
      await new Promise<void>((resolve, reject) => this.waiting.set(STARTED, { resolve, reject }));
    } catch (error) {
      this.end();
      throw error;
    }
    return this;
  }

  /**
   * Counts the colours of an image, which all that follows is about, and ends what goes on with the
   * one before it. The pixels are given away: their array is empty afterwards.
   *
   * An animation is an image whose frames lie one below the other: all have one palette, and `height`
   * is that of all.
   */
  load(
    pixels: Uint8ClampedArray,
    width: number,
    height: number,
    timing?: Timing,
  ): Promise<Loaded> {
    const request = { kind: "load", pixels, width, height, timing } as const;
    return this.ask(request, { transfer: [pixels.buffer] });
  }

  /** Reduces the image to k colours. A picture that is under way is given up: AbortError. */
  quantize(options: QuantizeOptions, control: Control = {}): Promise<Quantized> {
    return this.ask({ kind: "quantize", options, deltaE: control.deltaE ?? true }, control);
  }

  /** Shows the image in given colours, at most 256; otherwise as `quantize`. */
  remap(given: ColorList, options: MapOptions, control: Control = {}): Promise<Quantized> {
    const palette = { colors: given.colors, channels: given.channels }; // of a picture, say
    return this.ask({ kind: "remap", palette, options, deltaE: control.deltaE ?? true }, control);
  }

  /** Mean CIEDE2000 of the last picture, where that was not measured. The next one ends it. */
  deltaE(control: Control = {}): Promise<number> {
    return this.ask({ kind: "deltaE" }, control);
  }

  /** How the last picture looks, and where it looks worst. The next one ends it. */
  looks(control: Control = {}): Promise<Looked> {
    return this.ask({ kind: "looks" }, control);
  }

  /** The colours that a person would pick from the image. A theme that is under way is given up. */
  theme(options: ThemeOptions, control: Control = {}): Promise<Theme> {
    return this.ask({ kind: "theme", options }, control);
  }

  /** A theme's card, as SVG. */
  themeCard(theme: Theme, options: CardOptions): Promise<string> {
    return this.ask({ kind: "card", theme, options });
  }

  /** Fits each k, ascending, from the one before it. A sweep that is under way is given up. */
  sweep(
    ks: number[],
    options: SweepOptions,
    onPoint: (point: SweepPoint) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.ask({ kind: "sweep", ks, options }, { signal, onPoint });
  }

  steps(options: StepsOptions): Steps {
    const walk = ++this.last;
    this.walk = walk;
    return {
      next: () =>
        walk === this.walk
          ? this.ask({ kind: "step", walk, options })
          : Promise.reject(aborted()),
      stop: () => {
        if (walk === this.walk) this.walk = 0;
        this.port.postMessage({ kind: "end walk", walk }, []);
      },
    };
  }

  /** A PNG file, indexed or grey, as the library writes it. */
  encodePng(picture: PngOptions, control: Control = {}): Promise<Uint8Array<ArrayBuffer>> {
    const { indices, width, height, colors, channels, quick, keepOrder } = picture;
    const image = { indices, width, height, colors, channels, quick, keepOrder };
    return this.ask({ kind: "png", image }, control);
  }

  /** A GIF file, a still or an animation, as the library writes it. */
  encodeGif(images: GifOptions, control: Control = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.ask({ kind: "gif", images }, control);
  }

  /** Ends the worker. All that was asked for is rejected with an AbortError. */
  terminate(): void {
    this.end();
    this.breakOff(aborted());
  }

  private ask<T>(
    request: Request,
    control: Omit<Control & Waiting, "resolve" | "reject"> & { transfer?: Transferable[] } = {},
  ): Promise<T> {
    const { signal, onProgress, onPoint, transfer = [] } = control;
    if (this.broken) return Promise.reject(this.broken);
    if (signal?.aborted) return Promise.reject(aborted());
    const id = ++this.last;
    return new Promise<T>((resolve, reject) => {
      const abort = () => {
        this.waiting.delete(id);
        this.port.postMessage({ kind: "abort", id }, []);
        reject(aborted());
      };
      const settled = () => signal?.removeEventListener("abort", abort);
      this.waiting.set(id, {
        resolve: (result) => (settled(), resolve(result)),
        reject: (error) => (settled(), reject(error)),
        onProgress,
        onPoint,
      });
      signal?.addEventListener("abort", abort, { once: true });
      this.port.postMessage({ ...request, id }, transfer);
    });
  }

  private receive(message: FromWorker): void {
    const waiting = this.waiting.get(message.id);
    if (waiting === undefined) return; // nobody waits for it any more
    if (message.kind === "progress") return waiting.onProgress?.(message.passes);
    if (message.kind === "point") return waiting.onPoint?.(message.point);
    this.waiting.delete(message.id);
    if (message.kind === "done") return waiting.resolve(message.result as never);
    const { name, message: said } = message;
    waiting.reject(name === "AbortError" ? aborted() : Object.assign(new Error(said), { name }));
  }

  private breakOff(error: Error): void {
    this.broken = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function aborted(): DOMException {
  return new DOMException("ended before it was done", "AbortError");
}
