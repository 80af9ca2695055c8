// The chart of one measure against k, both on logarithmic scales.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { darkTheme } from "../dom";
import { LEAST, MOST } from "../scale";
import { bytes, figure } from "../text";
import type { Measure } from "./points";

export interface Curve {
  measure: Measure;
  ks: number[];
  values: number[];
  elbow: number | null;
}

const POWERS = [2, 4, 8, 16, 32, 64, 128, 256];

export class Chart {
  #box: HTMLElement;
  #plot: uPlot | null = null;
  #curve: Curve = { measure: "cost", ks: [], values: [], elbow: null };
  #k = 0;
  #pass: number | null = null;
  #choose: (k: number) => void;

  constructor(box: HTMLElement, choose: (k: number) => void) {
    this.#box = box;
    this.#choose = choose;
    new ResizeObserver(() => this.#plot?.setSize(this.#size)).observe(box);
    darkTheme.addEventListener("change", () => this.show(this.#curve));
  }

  show(curve: Curve): void {
    const same = this.#plot && curve.measure === this.#curve.measure;
    this.#curve = curve;
    const data: uPlot.AlignedData = [curve.ks, curve.values.map((value) => value || null)];
    if (same && this.#theme === themeOf(this.#box)) {
      this.#plot?.setData(data);
      return;
    }
    this.#plot?.destroy();
    this.#theme = themeOf(this.#box);
    this.#plot = new uPlot(this.#options(curve.measure), data, this.#box);
    this.#plot.over.addEventListener("click", (event) => this.#click(event));
  }

  #theme = "";

  /** Marks the k that is shown. */
  mark(k: number): void {
    this.#k = k;
    this.#plot?.redraw(false);
  }

  /** Marks the cost of a pass at the current k; null removes the mark. */
  markPass(value: number | null): void {
    this.#pass = value;
    this.#plot?.redraw(false);
  }

  get #size(): { width: number; height: number } {
    return { width: this.#box.clientWidth, height: Math.max(120, this.#box.clientHeight) };
  }

  #options(measure: Measure): uPlot.Options {
    const style = getComputedStyle(this.#box);
    const [ink, line, accent] = ["--muted", "--line", "--accent"].map((name) =>
      style.getPropertyValue(name).trim(),
    );
    const axis = {
      stroke: ink,
      grid: { stroke: line, width: 1 },
      ticks: { show: false },
      font: "11px system-ui",
    };
    return {
      ...this.#size,
      legend: { show: false },
      cursor: { y: false, points: { size: 8 }, drag: { x: false, y: false } },
      padding: [8, 10, 0, 0],
      scales: {
        x: { time: false, distr: 3, log: 2, range: [LEAST, MOST] },
        y: { distr: 3, log: 10 },
      },
      axes: [
        {
          ...axis,
          size: 24,
          splits: () => POWERS,
          values: (_, ks) => ks.map(String),
          filter: (_, ks) => ks,
        },
        {
          ...axis,
          size: 46,
          filter: (_, values) => values.map((value) => (isRound(value) ? value : null)),
          grid: {
            ...axis.grid,
            filter: (_, values) => values.map((value) => (isRound(value) ? value : null)),
          },
          values: (_, values) =>
            values.map((value) => (value === null ? "" : short(value, measure))),
        },
      ],
      series: [{}, { stroke: accent, width: 2, points: { show: true, size: 4, fill: accent } }],
      hooks: { draw: [(plot) => this.#drawMarks(plot, ink, accent)] },
    };
  }

  #drawMarks(plot: uPlot, ink: string, accent: string): void {
    const { ctx, bbox } = plot;
    const vertical = (k: number, color: string, dash: number[]) => {
      const x = Math.round(plot.valToPos(k, "x", true)) + 0.5;
      ctx.strokeStyle = color;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      return x;
    };
    ctx.save();
    if (this.#k) vertical(this.#k, accent, []);
    if (this.#k && this.#pass) {
      const x = plot.valToPos(this.#k, "x", true);
      const y = plot.valToPos(this.#pass, "y", true);
      ctx.fillStyle = ink;
      ctx.beginPath();
      ctx.arc(x, Math.max(bbox.top, y), 5 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
    }
    const { elbow } = this.#curve;
    if (elbow !== null) {
      const x = vertical(elbow, ink, [4, 4]);
      ctx.fillStyle = ink;
      ctx.font = `${11 * devicePixelRatio}px system-ui`;
      const side = this.#k > elbow ? -1 : 1; // where the other mark is not
      ctx.textAlign = side < 0 ? "right" : "left";
      ctx.fillText(
        `elbow ${elbow}`,
        x + side * 5 * devicePixelRatio,
        bbox.top + 11 * devicePixelRatio,
      );
    }
    ctx.restore();
  }

  #click(event: MouseEvent): void {
    const plot = this.#plot;
    if (!plot) return;
    const { left } = plot.over.getBoundingClientRect();
    const k = Math.round(plot.posToVal(event.clientX - left, "x"));
    this.#choose(Math.min(MOST, Math.max(LEAST, k)));
  }
}

const isRound = (value: number) => Number.isInteger(Math.round(1e6 * Math.log10(value)) / 1e6);

const themeOf = (box: HTMLElement) => getComputedStyle(box).getPropertyValue("--accent");

export function told(value: number, measure: Measure): string {
  return measure === "size" ? bytes(value) : figure(value);
}

function short(value: number, measure: Measure): string {
  if (measure === "size") return bytes(value).replace("bytes", "B");
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 2 }).format(
    value,
  );
}
