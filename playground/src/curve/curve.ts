// Cost, error or file size against k, with the elbow; a click chooses a k.

import { find, make } from "../dom";
import { makeChoice } from "../controls";
import { SEED, type Settings } from "../settings";
import type { Lent, Session } from "../session";
import { MOST } from "../scale";
import { count, counted } from "../text";
import type { Chart } from "./chart";
import { findElbow } from "./elbow";
import { KS, type Measure, MEASURES, RANGE, SIZED, unitOf } from "./points";

interface Point {
  k: number;
  cost: number;
  mse: number;
}

/** For pictures of more pixels than this, the curve is drawn only on request. */
const LARGE = 16_000_000;
/** How long after the last change, in ms, the curve starts, so that the picture comes first. */
const REST = 800;

export class CurvePanel {
  #session: Session;
  #chart: Chart | null = null;
  #measure: Measure = "cost";
  #points: Point[] = [];
  #sizes = new Map<number, number>();
  #abort = new AbortController();
  #timer = 0;
  #measuring = false;
  /** The measurement of files that runs or has ended. */
  #sizing: AbortSignal | null = null;
  #key = "";
  #lent: Lent | null = null;

  constructor(session: Session) {
    this.#session = session;
    const choose = makeChoice("#measure", MEASURES, (measure) => this.#setMeasure(measure));
    choose(this.#measure);
    session.opened.on(() => this.#restart());
    session.changed.on((settings) => this.#changed(settings));
    session.lent.on((lent) => {
      this.#lent = lent;
      this.#markPass();
    });
    find("#use-elbow").addEventListener("click", () => {
      if (this.#elbow !== null) session.change({ k: this.#elbow });
    });
  }

  /** Draws on this chart, which is loaded after the page. */
  draw(chart: Chart): void {
    this.#chart = chart;
    chart.mark(this.#session.settings.k);
    this.#refresh();
  }

  #changed({ k, space, effort }: Settings): void {
    this.#chart?.mark(k);
    if (`${space} ${effort}` !== this.#key) this.#restart();
    else if (this.#measuring) this.#wait();
  }

  #restart(): void {
    const { picture, settings } = this.#session;
    if (!picture) return;
    this.#key = `${settings.space} ${settings.effort}`;
    this.#abort.abort();
    clearTimeout(this.#timer);
    this.#measuring = false;
    this.#points = [];
    this.#sizes.clear();
    this.#refresh();
    if (picture.width * picture.height > LARGE) this.#offer();
    else this.#wait();
  }

  /** Starts again after a pause in changes. */
  #wait(): void {
    this.#abort.abort();
    this.#measuring = true;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#measureAll(), REST);
  }

  /** Offers a button to start a slow curve. */
  #offer(): void {
    const start = make("button", { type: "button", textContent: "Draw the curve" });
    start.addEventListener("click", () => void this.#measureAll());
    find("#curve-text").replaceChildren(start, " takes a while with so many pixels.");
  }

  async #measureAll(): Promise<void> {
    const abort = (this.#abort = new AbortController());
    this.#measuring = true;
    const { space, effort } = this.#session.settings;
    try {
      const engine = await this.#session.side();
      if (abort.signal.aborted) return;
      this.#points = [];
      const onPoint = (point: Point) => {
        if (abort.signal.aborted) return;
        this.#points.push(point);
        this.#refresh();
      };
      await engine.sweep(KS, { space, effort, seed: SEED }, onPoint, abort.signal);
      this.#measuring = false;
      if (this.#measure === "size") await this.#measureSizes(abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#measuring = false;
    const why = error instanceof Error ? error.message : String(error);
    find("#curve-text").textContent = `No curve: ${why}`;
  }

  async #measureSizes(signal: AbortSignal): Promise<void> {
    if (this.#sizing === signal) return;
    this.#sizing = signal;
    const { space, effort } = this.#session.settings;
    const engine = await this.#session.side();
    for (const k of SIZED) {
      const options = { k, space, effort, seed: SEED, fixed: [], dither: null, strength: 1 };
      // Null where it was given up: by whom another picture was wanted, such as k-means' steps.
      let file: Uint8Array | null = null;
      while (file === null) {
        if (signal.aborted) return;
        const made = await engine.quantize(options, { signal, deltaE: false }).catch(ifAborted);
        file = made && (await this.#session.encode(engine, made));
        if (!file) await new Promise((resolve) => setTimeout(resolve, REST));
      }
      if (signal.aborted) return;
      this.#sizes.set(k, file.length);
      this.#refresh();
    }
  }

  /** Marks a pass, which lies above the curve and falls towards it. */
  #markPass(): void {
    this.#chart?.markPass(this.#measure === "size" ? null : (this.#lent?.[this.#measure] ?? null));
  }

  #setMeasure(measure: Measure): void {
    this.#measure = measure;
    this.#markPass();
    this.#refresh();
    const swept = this.#points.length === KS.length;
    if (measure === "size" && swept) {
      this.#measureSizes(this.#abort.signal).catch((error) => this.#fail(error));
    }
  }

  get #elbow(): number | null {
    const points = this.#points.filter(({ k }) => RANGE.includes(k));
    if (points.length < RANGE.length) return null;
    return findElbow(
      points.map(({ k }) => k),
      points.map(({ cost }) => cost),
    );
  }

  get #unit(): string {
    return unitOf(this.#measure, this.#session.settings.space);
  }

  #values(): [number, number][] {
    if (this.#measure === "size")
      return SIZED.filter((k) => this.#sizes.has(k)).map((k) => [k, this.#sizes.get(k)!]);
    const key = this.#measure;
    return this.#points.map((point) => [point.k, point[key]]);
  }

  #refresh(): void {
    const elbow = this.#elbow;
    const pairs = this.#values();
    const [ks, values] = [pairs.map(([k]) => k), pairs.map(([, value]) => value)];
    // Of the cost: in bytes there is nothing to see at it.
    const marked = this.#measure === "size" ? null : elbow;
    this.#chart?.show({ measure: this.#measure, ks, values, elbow: marked });
    find("#curve-unit").textContent = `${MEASURES[this.#measure]}: ${this.#unit}`;
    const button = find("#use-elbow");
    button.hidden = elbow === null || elbow > (this.#session.picture?.distinct ?? elbow);
    button.textContent = `Use ${elbow}`;
    const sized = this.#measure === "size" && pairs.length < SIZED.length;
    find("#curve-text").textContent =
      elbow === null || sized
        ? `Measuring ${pairs.length + 1} of ${this.#measure === "size" ? SIZED.length : KS.length} …`
        : this.#advice(elbow);
    if (pairs.length === (this.#measure === "size" ? SIZED : KS).length)
      this.#describe(pairs, elbow);
  }

  #advice(elbow: number): string {
    const distinct = this.#session.picture?.distinct ?? Number.POSITIVE_INFINITY;
    const all = `The picture has ${counted(distinct, "colour")}: with ${distinct} nothing is lost.`;
    if (distinct <= elbow) return all;
    const advice = `The elbow, for 2 to 64 colours, is ${elbow}: beyond it, more colours pay less.`;
    return distinct > MOST ? advice : `${advice} ${all}`;
  }

  #describe(pairs: [number, number][], elbow: number | null): void {
    const name = MEASURES[this.#measure];
    const label = `${name} against the number of colours; the cost’s elbow is at ${elbow}`;
    find("#curve").setAttribute("aria-label", label);
    const digits = this.#measure === "size" ? 0 : 2;
    const rows = pairs.map(([k, value]) =>
      make(
        "tr",
        {},
        make("td", { textContent: `${k}` }),
        make("td", { textContent: figures(value, digits) }),
      ),
    );
    const head = make(
      "tr",
      {},
      make("th", { textContent: "k" }),
      make("th", { textContent: `${name}, ${this.#unit}` }),
    );
    find("#curve-table").replaceChildren(
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
    );
  }
}

/** Returns null for an AbortError, and throws other errors again. */
function ifAborted(error: unknown): null {
  if (error instanceof Error && error.name === "AbortError") return null;
  throw error;
}

const figures = (value: number, digits: number) => (digits ? value.toFixed(digits) : count(value));
