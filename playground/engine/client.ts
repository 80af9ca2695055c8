// The engine as the page sees it: promises of what a worker does.

import {
  CARD,
  checkColors,
  checkFunction,
  checkGif,
  checkList,
  checkPng,
  checkRgba,
  MAP,
  QUANTIZE,
  STEPS,
  SWEEP,
  THEME,
  THEMED,
  TIMING,
} from "./arguments.ts";
import { checkFlag, checkNames, type Names, shown } from "./checks.ts";
import { checkSimd } from "./module.ts";
import {
  type CardOptions,
  type ColorList,
  type FromWorker,
  type GifOptions,
  type Loaded,
  type Looked,
  type MapOptions,
  type Pixels,
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

const CONTROL: Names<Control> = { signal: true, onProgress: true, deltaE: true };

/** k-means pass by pass. An engine goes on only with the newest one. */
export interface Steps {
  /** Returns the next pass; after the last, the last one again. */
  next(): Promise<Step>;
  stop(): void;
}

/** A worker, or another port with its interface. @internal */
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

  /** Returns an engine whose server is at the other end of a port. @internal */
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
   * one before it. The pixels are given away: their array is empty afterwards, unless its memory is
   * shared.
   *
   * An animation is an image whose frames lie one below the other: all have one palette, and `height`
   * is that of all.
   */
  async load(rgba: Pixels, width: number, height: number, timing?: Timing): Promise<Loaded> {
    checkRgba(rgba);
    if (timing !== undefined) {
      checkNames("timing", timing, TIMING);
      checkList("timing.durations", timing.durations);
    }
    const { buffer } = rgba;
    const transfer = buffer[Symbol.toStringTag] === "SharedArrayBuffer" ? [] : [buffer as ArrayBuffer];
    return this.ask({ kind: "load", rgba, width, height, timing }, { transfer });
  }

  /** Reduces the image to k colours. A picture that is under way is given up: AbortError. */
  async quantize(options: QuantizeOptions, control: Control = {}): Promise<Quantized> {
    checkNames("quantize", options, QUANTIZE);
    checkControl("quantize", control);
    return this.ask({ kind: "quantize", options, deltaE: control.deltaE ?? true }, control);
  }

  /** Shows the image in given colours, at most 256; otherwise as `quantize`. */
  async remap(given: ColorList, options: MapOptions, control: Control = {}): Promise<Quantized> {
    checkColors(Object(given));
    checkNames("remap", options, MAP);
    checkControl("remap", control);
    const palette = { colors: given.colors, channels: given.channels }; // of a picture, say
    return this.ask({ kind: "remap", palette, options, deltaE: control.deltaE ?? true }, control);
  }

  /** Mean CIEDE2000 of the last picture, where that was not measured. The next one ends it. */
  async deltaE(control: Control = {}): Promise<number> {
    checkControl("deltaE", control);
    return this.ask({ kind: "deltaE" }, control);
  }

  /** How the last picture looks, and where it looks worst. The next one ends it. */
  async looks(control: Control = {}): Promise<Looked> {
    checkControl("looks", control);
    return this.ask({ kind: "looks" }, control);
  }

  /** The colours that a person would pick from the image. A theme that is under way is given up. */
  async theme(options: ThemeOptions, control: Control = {}): Promise<Theme> {
    checkNames("theme", options, THEME);
    checkControl("theme", control);
    return this.ask({ kind: "theme", options }, control);
  }

  /** A theme's card, as SVG. */
  async themeCard(theme: Theme, options: CardOptions): Promise<string> {
    checkNames("themeCard", theme, THEMED);
    checkColors(theme);
    checkNames("themeCard", options, CARD);
    return this.ask({ kind: "card", theme, options });
  }

  /** Fits each k, ascending, from the one before it. A sweep that is under way is given up. */
  async sweep(
    ks: number[],
    options: SweepOptions,
    onPoint: (point: SweepPoint) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    checkList("ks", ks);
    checkNames("sweep", options, SWEEP);
    checkFunction("onPoint", onPoint);
    checkControl("sweep", { signal });
    return this.ask({ kind: "sweep", ks, options }, { signal, onPoint });
  }

  steps(options: StepsOptions): Steps {
    const walk = ++this.last;
    this.walk = walk;
    return {
      next: async () => {
        checkNames("steps", options, STEPS);
        if (walk !== this.walk) throw aborted();
        return this.ask({ kind: "step", walk, options });
      },
      stop: () => {
        if (walk === this.walk) this.walk = 0;
        this.port.postMessage({ kind: "end walk", walk }, []);
      },
    };
  }

  /** A PNG file, indexed or grey, as the library writes it. */
  async encodePng(picture: PngOptions, control: Control = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkPng(picture);
    checkControl("encodePng", control);
    const { indices, width, height, colors, channels, quick, keepOrder } = picture;
    const image = { indices, width, height, colors, channels, quick, keepOrder };
    return this.ask({ kind: "png", image }, control);
  }

  /** A GIF file, a still or an animation, as the library writes it. */
  async encodeGif(images: GifOptions, control: Control = {}): Promise<Uint8Array<ArrayBuffer>> {
    checkGif(images);
    checkControl("encodeGif", control);
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
      try {
        this.port.postMessage({ ...request, id }, transfer);
      } catch (error) {
        const expected = "values that can be sent to a worker";
        this.waiting.get(id)!.reject(
          new TypeError(`${request.kind}: expected ${expected}: ${error}`, { cause: error }),
        );
        this.waiting.delete(id);
      }
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
    const Kind = { TypeError, RangeError }[name] ?? Error;
    waiting.reject(name === "AbortError" ? aborted() : Object.assign(new Kind(said), { name }));
  }

  private breakOff(error: Error): void {
    this.broken = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

/** Throws TypeError for what is no Control. */
function checkControl(what: string, control: Control): void {
  checkNames(what, control, CONTROL);
  const { signal, onProgress, deltaE } = control;
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw new TypeError(`signal: expected an AbortSignal, got ${shown(signal)}`);
  }
  if (onProgress !== undefined) checkFunction("onProgress", onProgress);
  if (deltaE !== undefined) checkFlag("deltaE", deltaE);
}

function aborted(): DOMException {
  return new DOMException("ended before it was done", "AbortError");
}
