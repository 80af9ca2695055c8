// One picture, its settings and its result: the way from a moved slider to the stage.

import {
  type CardOptions,
  Engine,
  type ColorList,
  type Loaded,
  type Looked,
  type Quantized,
  type Theme,
  type ThemeOptions,
  type Timing,
} from "kpalette";
import { colorAt, hexLevels, hexName, namesOf, plainName } from "./colors";
import type { Counted } from "./palette/sorting";
import type { Opened, Small } from "./picture/decode.worker";
import { clampK, LEAST, MOST } from "./scale";
import { DEFAULTS, SEED, type Settings } from "./settings";
import { Signal } from "./signal";
import type { Stage } from "./stage/stage";
import { counted } from "./text";

export interface Picture extends Loaded {
  /** Its `height` is that of all frames, which lie one below the other. */
  timing: Timing;
  name: string;
  /** The size of its file; null for a sample, which has none. */
  bytes: number | null;
}

export interface Shown extends Counted {
  settings: Settings;
  /** Whether colours were changed by hand after the fit. */
  edited: boolean;
  /** False for a fit of less effort, which is shown while a slider moves if exact fits are slow. */
  exact: boolean;
  indices: Uint8Array;
  width: number;
  height: number;
  mse: number;
  psnr: number;
  passes: number;
  ms: number;
  /** The file, if its size decided which picture is shown. */
  file: File | null;
}

type File = Uint8Array<ArrayBuffer>;

/** All that can be undone. */
export interface State {
  settings: Settings;
  /** The palette, if colours were changed by hand. */
  edited: ColorList | null;
}

/** A picture that is on the stage for a while in place of the result. */
export interface Lent {
  label: string;
  /** Null if it is not measured. */
  mse: number | null;
  psnr: number | null;
  /** The squared error in the settings' space, summed over pixels. */
  cost: number;
  passes: number;
  palette: Counted;
  /** Puts another colour in place of the palette's i-th. */
  edit: (i: number, color: ArrayLike<number>) => void;
}

/** A picture as the stage takes it. */
export type Painted = Pick<Quantized, "rgba" | "indices" | "width" | "height">;

/** What a file is made of. */
type Encodable = Pick<Quantized, "indices" | "colors" | "channels" | "width" | "height">;

interface Job {
  /** Whether speed counts more than an exact result, while a slider moves. */
  live: boolean;
  since: number;
}

/** A fit that has taken longer than this, in ms, gives way to a newer one. */
const PATIENCE = 250;
/** The same for smaller files, which take longer: with less, none is shown during a move. */
const PATIENCE_FOR_FILES = 1000;
/** How long after the last move, in ms, the exact result is made. */
const REST = 200;
/** If an exact fit takes longer than this, in ms, fits during a move use less effort. */
const QUICK = 30;

export class Session {
  readonly changed = new Signal<Settings>();
  readonly opened = new Signal<Picture>();
  readonly shown = new Signal<Shown>();
  /** Null when the result is on the stage again. */
  readonly lent = new Signal<Lent | null>();
  readonly busy = new Signal<boolean>();
  /** Says how a change differs from what was asked for; empty if it does not. */
  readonly told = new Signal<string>();
  readonly failed = new Signal<string>();

  settings: Settings = { ...DEFAULTS };
  picture: Picture | null = null;
  current: Shown | null = null;

  #engine: Engine;
  #stage: Stage;
  /** An engine with fewer of the pixels, for large pictures. */
  #quick: Engine | null = null;
  /** Whether an exact fit of this picture is slow. */
  #slow = false;
  /** An engine for curves, steps and files. */
  #side: Promise<Engine> | null = null;
  /** Resolves once the picture is loaded there. */
  #loaded: Promise<unknown> | null = null;
  /** The palette, if colours were changed by hand. */
  #edited: ColorList | null = null;
  #wanted: Job | null = null;
  #running: { live: boolean; since: number; abort: AbortController } | null = null;
  #rest = 0;
  #turn = 0;
  #files = new WeakMap<Shown, Promise<File>>();
  /** When each turn's picture was asked for. */
  #moves = new Map<number, number>();

  constructor(engine: Engine, stage: Stage) {
    this.#engine = engine;
    this.#stage = stage;
    stage.painted.on((turn) => this.#measure(turn));
  }

  /** Takes another picture: counts its colours, and fits. */
  async take(opened: Opened, name: string, bytes: number | null): Promise<void> {
    const { width, height, timing } = opened;
    const all = height * timing.durations.length;
    this.#wanted = null;
    this.#running?.abort.abort();
    clearTimeout(this.#rest);
    this.picture = this.current = this.#loaded = this.#edited = null;
    this.#slow = false;
    this.#stage.show(opened.copy, width, height, timing);
    const loaded = await this.#engine.load(opened.pixels, width, all, timing);
    await this.#prepareQuick(opened.small, timing);
    this.picture = { ...loaded, timing, name, bytes };
    this.opened.emit(this.picture);
    this.#want(false);
  }

  async #prepareQuick(small: Small | null, timing: Timing): Promise<void> {
    if (!small) {
      this.#quick?.terminate();
      this.#quick = null;
      return;
    }
    this.#quick ??= await Engine.start();
    const all = small.height * timing.durations.length;
    await this.#quick.load(small.pixels, small.width, all, timing);
  }

  /** Changes settings. `live` is true while the visitor moves a slider. */
  change(settings: Partial<Settings>, live = false): void {
    const before = this.settings;
    const next = { ...before, ...settings };
    const keys = Object.keys(settings) as (keyof Settings)[];
    // A slider that is let go sends its last value again.
    if (keys.some((key) => next[key] !== before[key])) this.told.emit("");
    if (next.fixed.length > MOST) {
      this.told.emit(`A palette has at most ${MOST} colours: the first ${MOST} are kept.`);
      next.fixed = next.fixed.slice(0, MOST);
    }
    if (next.smaller > 0 && next.dither !== null) {
      if (next.dither !== before.dither && before.smaller > 0) {
        next.smaller = 0;
        this.told.emit("“Smaller file” is off, because it has a dither of its own.");
      } else {
        next.dither = null;
        this.told.emit("The dither is off, because smaller files have their own.");
      }
    }
    next.k = Math.max(clampK(next.k), next.fixed.length);
    if ("k" in settings && next.k !== settings.k) {
      const why =
        next.k === next.fixed.length
          ? `${counted(next.k, "colour")} ${next.k === 1 ? "is" : "are"} locked`
          : `a whole number from ${LEAST} to ${MOST}`;
      this.told.emit(`k is ${next.k}: ${why}.`);
    }
    this.settings = next;
    const refits = (["k", "effort", "fixed", "saliency"] as const).some((key) => next[key] !== before[key]);
    if (refits) this.#edited = null;
    this.changed.emit(next);
    const repaints = (["space", "dither", "strength", "smaller"] as const).some(
      (key) => next[key] !== before[key],
    );
    if (refits || repaints) this.#want(live);
    else if (!live && this.current && !this.current.exact) this.#want(false);
  }

  /** The settings that give this palette again: all colours are fixed if it was edited by hand. */
  get lasting(): Settings {
    if (!this.#edited) return this.settings;
    const fixed = namesOf(this.#edited).map((name) => plainName(name) as string);
    return { ...this.settings, k: clampK(fixed.length), fixed };
  }

  /** Locks a colour, or unlocks it. */
  toggleFixed(name: string): void {
    const { fixed } = this.settings;
    const others = fixed.filter((other) => other !== name);
    this.change({ fixed: others.length < fixed.length ? others : [...fixed, name] });
  }

  /**
   * Puts another colour into the palette, in place of its i-th, and repaints. It becomes fixed.
   * Without alpha in its name it keeps the alpha that the i-th has.
   * Returns what is wrong with it, or null.
   */
  edit(i: number, name: string, live: boolean): string | null {
    const { current } = this;
    if (!current) return null;
    const { channels } = current;
    const colors = (this.#edited ?? current).colors.slice(); // of which some may not be shown yet
    const palette = { colors, channels };
    const before = plainName(hexName(colorAt(palette, i)));
    colors.set((hexLevels(name) as number[]).slice(0, channels), channels * i);
    const after = plainName(hexName(colorAt(palette, i))) as string;
    if (before === after) return null;
    for (let j = 0; j < current.counts.length; j++) {
      if (j !== i && plainName(hexName(colorAt(palette, j))) === after)
        return `${after} is in the palette already.`;
    }
    this.#edited = palette;
    current.colors = colors;
    const others = this.settings.fixed.filter((other) => other !== before && other !== after);
    const fixed = [...others, after];
    // The palette that is edited may be of another k than the one that is being fitted.
    const k = Math.max(current.settings.k, fixed.length);
    this.settings = { ...this.settings, k, fixed };
    this.changed.emit(this.settings);
    this.#want(live);
    return null;
  }

  /** Shows something else on the stage for a while: until `repaint`, or the next change. */
  lend(lent: Lent, picture: Painted | null): void {
    if (picture) {
      const { colors, channels } = lent.palette;
      const given = { ...picture, indices: picture.indices.slice(), palette: { colors, channels } };
      this.#stage.update(given, ++this.#turn, lent.label);
    }
    this.lent.emit(lent);
  }

  /** Shows the result again. */
  reclaim(): void {
    this.lent.emit(null);
    if (this.current) this.shown.emit(this.current);
  }

  /** Makes the result again. */
  repaint(): void {
    this.#want(false);
  }

  get state(): State {
    return { settings: this.settings, edited: this.#edited };
  }

  /** Returns to an earlier or later state. */
  restore({ settings, edited }: State): void {
    this.told.emit("");
    this.settings = settings;
    this.#edited = edited;
    this.changed.emit(settings);
    this.#want(false);
  }

  /** Fits again, without edits by hand. */
  refit(): void {
    this.#edited = null;
    this.changed.emit(this.settings);
    this.#want(false);
  }

  /** Returns an engine for slow work, so that the slider need not wait. It may have no picture. */
  bare(): Promise<Engine> {
    return (this.#side ??= Engine.start());
  }

  /** Returns that engine with the picture loaded. */
  async side(): Promise<Engine> {
    const engine = await this.bare();
    const { picture } = this;
    if (picture) {
      this.#loaded ??= this.#stage
        .copy()
        .then((pixels) => engine.load(pixels, picture.width, picture.height, picture.timing));
      await this.#loaded;
    }
    return engine;
  }

  /** Returns the picture's theme; throws AbortError if another picture, or theme, is asked for. */
  theme(options: ThemeOptions): Promise<Theme> {
    return this.#engine.theme(options);
  }

  /** Returns a theme's card, as SVG. */
  card(theme: Theme, options: CardOptions): Promise<string> {
    return this.#engine.themeCard(theme, options);
  }

  /** Returns the mean CIEDE2000 of a result; throws AbortError if another is shown by then. */
  deltaE(shown: Shown): Promise<number> {
    return this.#still(shown, this.#engine.deltaE());
  }

  /** Returns how a result looks, and where worst; throws AbortError if another is shown by then. */
  looks(shown: Shown): Promise<Looked> {
    return this.#still(shown, this.#engine.looks());
  }

  /** Frames a place on the error map, or removes the frame. */
  mark(place: Looked["worst"]): void {
    this.#stage.mark(place);
  }

  async #still<T>(shown: Shown, measured: Promise<T>): Promise<T> {
    const value = await measured;
    if (shown !== this.current) throw new DOMException("another is shown by now", "AbortError");
    return value;
  }

  /** Whether the picture is an animation. */
  get isMoving(): boolean {
    return this.picture !== null && this.picture.timing.durations.length > 1;
  }

  /** Returns a result's file, a PNG or a GIF: the command's, byte for byte, if the result is exact. */
  file(shown: Shown): Promise<File> {
    const file = this.#files.get(shown) ?? this.#encode(shown);
    this.#files.set(shown, file);
    return file;
  }

  /** The file of what the picture became, a PNG, or a GIF of all frames. */
  encode(engine: Engine, made: Encodable, quick = false): Promise<File> {
    const { indices, colors, channels, width, height } = made;
    if (this.isMoving) return this.gif(engine, made);
    return engine.encodePng({ indices, colors, channels, width, height, quick });
  }

  /** A GIF file of the same, with all frames. */
  async gif(engine: Engine, { indices, colors, channels, width, ...made }: Encodable): Promise<File> {
    const timing = this.picture?.timing ?? { durations: [0], loop: 0 };
    const height = made.height / timing.durations.length;
    const n = width * height;
    const frames = timing.durations.map((duration, i) => {
      return { indices: indices.slice(i * n, (i + 1) * n), colors, channels, duration };
    });
    return engine.encodeGif({ frames, width, height, loop: timing.loop });
  }

  async #encode(shown: Shown): Promise<File> {
    if (shown.file) return shown.file;
    const { settings, exact, edited } = shown;
    const quick = !exact || (settings.effort === "fast" && !edited);
    return this.encode(await this.bare(), shown, quick);
  }

  #want(live: boolean): void {
    clearTimeout(this.#rest);
    if (!this.picture) return;
    const slow = this.#slow || this.#quick !== null || this.settings.smaller > 0;
    const quick = live && slow;
    this.#wanted = { live: quick, since: performance.now() };
    if (!this.#running) void this.#work();
    else if (!live || (quick && !this.#running.live) || this.#late) this.#running.abort.abort();
  }

  get #late(): boolean {
    if (this.#running === null) return false;
    const patience = this.settings.smaller > 0 ? PATIENCE_FOR_FILES : PATIENCE;
    return performance.now() - this.#running.since > patience;
  }

  async #work(): Promise<void> {
    this.busy.emit(true);
    while (this.#wanted) {
      const job = this.#wanted;
      this.#wanted = null;
      const abort = new AbortController();
      this.#running = { live: job.live, since: performance.now(), abort };
      try {
        await this.#make(job, abort.signal);
      } catch (error) {
        const aborted = error instanceof Error && error.name === "AbortError";
        if (!aborted) this.failed.emit(error instanceof Error ? error.message : String(error));
      }
      if (job.live && !this.#wanted) this.#rest = window.setTimeout(() => this.#want(false), REST);
    }
    this.#running = null;
    this.busy.emit(false);
  }

  async #make(job: Job, signal: AbortSignal): Promise<void> {
    const engine = job.live && this.#quick ? this.#quick : this.#engine;
    const { settings, picture } = this;
    const edited = this.#edited;
    const { k, space, dither, strength, smaller, fixed } = settings;
    const saliency = settings.saliency && !this.isMoving; // which the library has for stills
    const effort = job.live ? "fast" : settings.effort;
    const made = edited
      ? await engine.remap(
          { colors: edited.colors.slice(), channels: edited.channels },
          { space, dither, strength, smaller },
          { signal, deltaE: false },
        )
      : await engine.quantize(
          { k, space, effort, seed: SEED, fixed, dither, strength, smaller, saliency },
          { signal, deltaE: false },
        );
    if (picture !== this.picture) return;
    if (!edited && this.#edited) return; // a fit of before the edit, whose repaint is to come
    if (!job.live) this.#slow = made.fitMs > QUICK;
    this.#show(made, settings, edited !== null, !job.live, job.since);
  }

  #show(made: Quantized, settings: Settings, edited: boolean, exact: boolean, since: number): void {
    const { colors, channels, counts, indices, width, height } = made;
    const turn = ++this.#turn;
    this.#moves.set(turn, since);
    const palette = { colors: colors.slice(), channels };
    const given = { rgba: made.rgba, indices: indices.slice(), palette, width, height };
    this.#stage.update(given, turn);
    const { mse, psnr, passes } = made;
    const ms = made.fitMs + made.mapMs;
    this.current = {
      ...{ colors, channels, counts, indices, width, height },
      ...{ settings, edited, exact, mse, psnr, passes, ms, file: made.file ?? null },
    };
    this.lent.emit(null);
    this.shown.emit(this.current);
  }

  /** Records the time from the move to the screen as a performance entry. */
  #measure(turn: number): void {
    const start = this.#moves.get(turn);
    if (start === undefined) return;
    for (const earlier of this.#moves.keys()) if (earlier <= turn) this.#moves.delete(earlier);
    performance.measure("repaint", { start, end: performance.now() });
  }
}
