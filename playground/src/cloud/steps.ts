// k-means step by step: centres walk through the cloud, pass by pass, while the cost falls.

import type { Seeding, Step, Steps } from "kpalette";
import { find, make, reducedMotion } from "../dom";
import { SEED, SEEDINGS } from "../settings";
import type { Session } from "../session";
import { figure } from "../text";
import type { Cloud } from "./cloud";

/** From pass to pass, in ms; faster once little happens. */
const PACE = 750;
const QUICK_PACE = 260;
/** After so many passes. */
const SLOW_PASSES = 8;
/** Of larger pictures the stage keeps the result, in pixels. */
const LARGE = 3_000_000;

export class StepsPanel {
  #session: Session;
  #cloud: Cloud;
  #steps: Steps | null = null;
  #costs: number[] = [];
  #timer = 0;
  #playing = false;
  #done = false;
  #stepping = false;
  #painted = false;
  /** The settings that these are the steps of. */
  #key = "";
  #seeding = find<HTMLSelectElement>("#seeding");

  constructor(session: Session, cloud: Cloud) {
    this.#session = session;
    this.#cloud = cloud;
    for (const [value, text] of Object.entries(SEEDINGS))
      this.#seeding.append(make("option", { value, text }));
    this.#seeding.addEventListener("change", () => this.#leave());
    find("#steps-play").addEventListener("click", () => this.#togglePlay());
    find("#steps-next").addEventListener("click", () => {
      this.#pause();
      void this.#next();
    });
    find("#steps-reset").addEventListener("click", () => {
      find("#steps-play").focus(); // as the button is about to be disabled
      this.#leave();
    });
    session.opened.on(() => this.#leave());
    session.changed.on(() => this.#leaveIfOther());
    this.#show();
  }

  /** Whether the cloud shows these steps, not the result. */
  get active(): boolean {
    return this.#steps !== null;
  }

  get #settingsKey(): string {
    const { k, space } = this.#session.settings;
    return `${k} ${space}`;
  }

  #leaveIfOther(): void {
    if (this.active && this.#settingsKey !== this.#key) this.#leave();
  }

  /** Back to the result. */
  #leave(): void {
    this.#pause();
    this.#steps?.stop();
    this.#steps = null;
    this.#costs = [];
    this.#done = false;
    this.#show();
    const { current } = this.#session;
    if (this.#painted) this.#session.repaint();
    else if (current) this.#session.shown.emit(current);
    this.#painted = false;
  }

  #togglePlay(): void {
    if (this.#playing) {
      this.#pause();
      return;
    }
    if (this.#done) this.#leave();
    this.#playing = true;
    this.#show();
    void this.#play();
  }

  async #play(): Promise<void> {
    await this.#next();
    if (!this.#playing) return;
    if (this.#done) {
      this.#pause();
      return;
    }
    const slow = this.#costs.length <= SLOW_PASSES || reducedMotion.matches;
    this.#timer = window.setTimeout(() => void this.#play(), slow ? PACE : QUICK_PACE);
  }

  #pause(): void {
    this.#playing = false;
    clearTimeout(this.#timer);
    this.#show();
  }

  async #next(): Promise<void> {
    if (this.#stepping || this.#done || !this.#session.picture) return;
    this.#stepping = true;
    try {
      const engine = await this.#session.side();
      if (!this.#steps) {
        const { k, space } = this.#session.settings;
        const seeding = this.#seeding.value as Seeding;
        this.#steps = engine.steps({ k, space, seed: SEED, seeding });
        this.#key = this.#settingsKey;
      }
      const steps = this.#steps;
      const step = await steps.next();
      if (steps === this.#steps) this.#took(step);
    } catch (error) {
      this.#leave();
      find("#steps-text").textContent = error instanceof Error ? error.message : String(error);
    } finally {
      this.#stepping = false;
    }
  }

  #took(step: Step): void {
    this.#costs.push(step.cost);
    this.#done = step.done;
    const total = step.counts.reduce((sum, n) => sum + n, 0) || 1;
    const shares = Float32Array.from(step.counts, (n) => n / total);
    this.#cloud.setCenters({ colors: step.centers, shares }, true);
    this.#show();
    void this.#paint(step);
  }

  /** Shows the picture in this pass's colours, where that is quick. */
  async #paint(step: Step): Promise<void> {
    const { picture, settings } = this.#session;
    if (!picture || picture.channels === 4 || picture.width * picture.height > LARGE) return;
    const steps = this.#steps;
    const engine = await this.#session.side();
    const palette = { colors: Uint8Array.from(step.centers, Math.round), channels: 3 as const };
    const options = { space: settings.space, dither: null, strength: 0 };
    const made = await engine.remap(palette, options, { deltaE: false }).catch(() => null);
    if (!made || steps === null || steps !== this.#steps) return;
    this.#painted = true;
    const label = step.pass ? `Pass ${step.pass}` : "Seeds";
    this.#session.lend(made, settings.dither ? `${label}, undithered` : label, step.pass);
  }

  #show(): void {
    find("#steps-play").textContent = this.#playing
      ? "Pause"
      : this.#done
        ? "Play again"
        : "Play k-means";
    find<HTMLButtonElement>("#steps-reset").disabled = !this.active;
    find<HTMLButtonElement>("#steps-next").disabled = this.#done;
    find("#steps-text").textContent = this.#told();
    const chart = find("#steps-chart");
    chart.toggleAttribute("hidden", this.#costs.length < 2);
    chart.querySelector("polyline")?.setAttribute("points", line(this.#costs));
  }

  #told(): string {
    const pass = this.#costs.length - 1;
    if (pass < 0) return "Watch the centres walk, pass by pass.";
    const cost = `cost ${figure(this.#costs[pass])}`;
    if (pass === 0) return `Seeds: ${cost}`;
    const fallen = 100 * (1 - this.#costs[pass] / this.#costs[pass - 1]);
    const by = this.#done ? "settled" : `−${fallen.toFixed(fallen < 9.95 ? 1 : 0)} %`;
    return `Pass ${pass}: ${cost}, ${by}`;
  }
}

/** A line through costs, in a field of 120 by 32. */
function line(costs: number[]): string {
  const [most, least] = [Math.max(...costs), Math.min(...costs)];
  const x = (i: number) => 2 + (116 * i) / Math.max(1, costs.length - 1);
  const y = (cost: number) => 30 - (28 * (cost - least)) / (most - least || 1);
  return costs.map((cost, i) => `${x(i).toFixed(1)},${y(cost).toFixed(1)}`).join(" ");
}
