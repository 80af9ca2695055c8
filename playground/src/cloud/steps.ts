// k-means step by step: points go to the nearest centre, centres to the mean of their points, and
// the whole page shows it, while the cost falls.

import type { Frame, Seeding, Step, Steps } from "kpalette";
import { download, find, make, reducedMotion } from "../dom";
import { SEED, SEEDINGS } from "../settings";
import type { Painted, Session } from "../session";
import { resultName } from "../take/command";
import { PICTURES } from "../take/pictures";
import { figure } from "../text";
import type { Cloud } from "./cloud";

/** The time between two steps, in ms; shorter once little changes. */
const PACE = 700;
const QUICK_PACE = 180;
/** How many passes come at the slow pace. */
const SLOW_PASSES = 6;
/** For pictures of more pixels than this, the stage keeps the result during steps. */
const LARGE = 3_000_000;

type Assigned = Omit<Painted, "rgba">;

/** The starts that depend on a seed. */
const VARIED: Seeding[] = ["random", "k-means++"];

export class StepsPanel {
  #session: Session;
  #cloud: Cloud;
  #steps: Steps | null = null;
  /** The pass whose centres are shown. */
  #step: Step | null = null;
  /** Whether the centres have moved since the last assignment. */
  #moved = false;
  /** The picture of the last assignment. */
  #painted: Assigned | null = null;
  #costs: number[] = [];
  /** The picture after each assignment. */
  #frames: Frame[] = [];
  #timer = 0;
  #playing = false;
  #stepping = false;
  #seed = SEED;
  /** Centres that were placed by hand. */
  #placed: Uint8Array | null = null;
  /** The settings that these are the steps of. */
  #key = "";
  #seeding = find<HTMLSelectElement>("#seeding");

  constructor(session: Session, cloud: Cloud) {
    this.#session = session;
    this.#cloud = cloud;
    for (const [value, text] of Object.entries(SEEDINGS))
      this.#seeding.append(make("option", { value, text }));
    this.#seeding.addEventListener("change", () => {
      this.#leave();
      find<HTMLButtonElement>("#steps-again").disabled = !this.#varies;
    });
    find("#steps-play").addEventListener("click", () => this.#togglePlay());
    find("#steps-next").addEventListener("click", () => {
      this.#pause();
      void this.#next();
    });
    find("#steps-again").addEventListener("click", () => {
      this.#stop(); // without a return to the result, which could come after the seeds
      ++this.#seed;
      void this.#next();
    });
    find("#steps-reset").addEventListener("click", () => {
      find("#steps-play").focus(); // as the button is about to be disabled
      this.#leave();
    });
    find("#steps-save").addEventListener("click", () => void this.#save());
    session.opened.on(() => this.#leave());
    session.changed.on(() => this.#leaveIfOther());
    this.#show();
  }

  /** Whether the page shows these steps, not the result. */
  get active(): boolean {
    return this.#steps !== null;
  }

  get #varies(): boolean {
    return VARIED.includes(this.#seeding.value as Seeding);
  }

  /** Whether another assignment would change nothing. */
  get #done(): boolean {
    return this.#step !== null && this.#step.done && !this.#moved;
  }

  get #settingsKey(): string {
    const { k, space } = this.#session.settings;
    return `${k} ${space}`;
  }

  #leaveIfOther(): void {
    if (this.active && this.#settingsKey !== this.#key) this.#leave();
  }

  /** Returns to the result. */
  #leave(): void {
    const { active } = this;
    const painted = this.#painted !== null;
    this.#stop();
    this.#seed = SEED;
    this.#cloud.drag = null;
    this.#cloud.setShades(null);
    this.#show();
    if (active) this.#session.reclaim();
    if (painted) this.#session.repaint();
  }

  #stop(): void {
    this.#pause();
    this.#steps?.stop();
    this.#steps = this.#step = this.#painted = this.#placed = null;
    this.#moved = false;
    this.#costs = [];
    this.#frames = [];
  }

  async #save(): Promise<void> {
    const { picture, settings } = this.#session;
    if (!picture) return;
    const { width, timing } = picture;
    const height = picture.height / timing.durations.length; // of an animation, the first frame
    const name = resultName(picture.name, settings.k, "gif");
    const engine = await this.#session.bare();
    const file = await engine.encodeGif({ frames: this.#frames, width, height });
    download(file, PICTURES.gif, name.replace(/\.gif$/, "-steps.gif"));
  }

  #togglePlay(): void {
    if (this.#playing) {
      this.#pause();
      return;
    }
    if (this.#done) this.#stop();
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
      if (this.#moved) await this.#assign();
      else await this.#update();
    } catch (error) {
      this.#leave();
      find("#steps-text").textContent = error instanceof Error ? error.message : String(error);
    } finally {
      this.#stepping = false;
    }
  }

  /** Moves the centres. The first step shows the start and assigns points at once. */
  async #update(): Promise<void> {
    const engine = await this.#session.side();
    const first = this.#steps === null;
    if (!this.#steps) {
      const { k, space } = this.#session.settings;
      const seeding = this.#seeding.value as Seeding;
      const centers = this.#placed ?? undefined;
      this.#steps = engine.steps({ k, space, seed: this.#seed, seeding, centers });
      this.#key = this.#settingsKey;
    }
    const steps = this.#steps;
    const before = this.#step;
    const step = await steps.next();
    if (steps !== this.#steps) return;
    this.#step = step;
    this.#moved = true;
    if (first || !before) {
      await this.#assign();
      return;
    }
    this.#lay(step, before);
    this.#lend(step, before, null);
  }

  /** Gives each point to the nearest centre. */
  async #assign(): Promise<void> {
    const steps = this.#steps;
    const step = this.#step as Step;
    this.#moved = false;
    this.#costs.push(step.cost);
    this.#lay(step, step);
    const { picture, settings } = this.#session;
    const small = picture && picture.channels === 3 && picture.width * picture.height <= LARGE;
    if (!small) {
      this.#lend(step, step, null);
      return;
    }
    const engine = await this.#session.side();
    const palette = { colors: Uint8Array.from(step.centers, Math.round), channels: 3 as const };
    const options = { space: settings.space, dither: null, strength: 0 };
    const made = await engine.remap(palette, options, { deltaE: false }).catch(() => null);
    if (steps !== this.#steps) return;
    this.#painted = made;
    if (made) {
      const first = made.indices.slice(0, made.indices.length / picture.timing.durations.length);
      this.#frames.push({ ...palette, indices: first, duration: PACE });
    }
    this.#lend(step, step, made);
    this.#show();
  }

  /** Shows the centres in the cloud, and each point in the colour of its cluster. */
  #lay(step: Step, assigned: Step): void {
    const total = assigned.counts.reduce((sum, n) => sum + n, 0) || 1;
    const shares = Float32Array.from(assigned.counts, (n) => n / total);
    this.#cloud.setCenters({ colors: step.centers, shares }, true);
    const shades = new Uint8Array(3 * assigned.labels.length);
    assigned.labels.forEach((label, i) => {
      shades.set(step.centers.subarray(3 * label, 3 * label + 3), 3 * i);
    });
    this.#cloud.setShades(shades);
    this.#cloud.drag = (center, color, done) => {
      this.#pause();
      if (done) this.#place(center, color);
    };
    this.#show();
  }

  /** Shows the centres as the palette, with their shares, and the picture in their colours. */
  #lend(
    step: Step,
    assigned: Step,
    made: (Painted & { mse: number; psnr: number }) | null,
  ): void {
    const { dither } = this.#session.settings;
    const colors = Uint8Array.from(step.centers, Math.round);
    const label = this.#label + (dither ? ", undithered" : "");
    this.#session.lend(
      {
        label,
        mse: made?.mse ?? null,
        psnr: made?.psnr ?? null,
        cost: this.#costs[this.#costs.length - 1],
        passes: step.pass,
        palette: { colors, channels: 3, counts: assigned.counts },
        edit: (i, color) => this.#place(i, color),
      },
      made ?? recolored(this.#painted, colors),
    );
  }

  /** Starts again from these centres, with one of them moved. */
  #place(center: number, color: ArrayLike<number>): void {
    if (!this.#step) return;
    const placed = Uint8Array.from(this.#step.centers, Math.round);
    placed.set(Array.from(color).slice(0, 3).map(Math.round), 3 * center);
    this.#stop();
    this.#placed = placed;
    void this.#next();
  }

  get #label(): string {
    const { pass } = this.#step as Step;
    if (this.#moved) return `Update ${pass}`;
    return pass ? `Assign ${pass}` : "Start";
  }

  #show(): void {
    const state = this.#done ? "Play again" : "Play";
    find("#steps-play").textContent = this.#playing ? "Pause" : state;
    find<HTMLButtonElement>("#steps-reset").disabled = !this.active;
    find<HTMLButtonElement>("#steps-next").disabled = this.#done;
    find("#steps-text").textContent = this.#told();
    find("#steps-save").hidden = !this.#done || this.#frames.length < 2;
    const chart = find("#steps-chart");
    chart.classList.toggle("empty", this.#costs.length < 2); // its room stays, so that none jumps
    chart.querySelector("polyline")?.setAttribute("points", line(this.#costs));
  }

  #told(): string {
    if (!this.#step) return "Watch k-means: points go to the nearest centre, centres to their mean.";
    if (this.#moved) return `${this.#label}: each centre moves to the mean of its points.`;
    const [before, cost] = [NaN, ...this.#costs].slice(-2);
    const told = `${this.#label}: each point goes to the nearest centre. Cost ${figure(cost)}`;
    if (this.#done) return `${told}: nothing changes any more, so it has converged.`;
    if (!this.#step.pass) {
      const from = this.#placed ? "your centres" : "the seeds";
      return `Start from ${from}: each point goes to the nearest. Cost ${figure(cost)}. Drag a centre.`;
    }
    const fallen = 100 * (1 - cost / before);
    return `${told}, −${fallen.toFixed(fallen < 9.95 ? 1 : 0)} %.`;
  }
}

/** Returns the same picture with other colours (k, 3) for its entries. */
function recolored(picture: Assigned | null, colors: Uint8Array): Painted | null {
  if (!picture) return null;
  const { indices, width, height } = picture;
  const words = new Uint32Array(256);
  const bytes = new Uint8Array(words.buffer);
  for (let i = 0; 3 * i < colors.length; i++) {
    bytes.set(colors.subarray(3 * i, 3 * i + 3), 4 * i);
    bytes[4 * i + 3] = 255;
  }
  const rgba = new Uint8ClampedArray(Uint32Array.from(indices, (entry) => words[entry]).buffer);
  return { rgba, indices, width, height };
}

/** Returns the points of a line through costs, in a field of 336 by 64. */
function line(costs: number[]): string {
  const [most, least] = [Math.max(...costs), Math.min(...costs)];
  const x = (i: number) => 2 + (332 * i) / Math.max(1, costs.length - 1);
  const y = (cost: number) => 61 - (58 * (cost - least)) / (most - least || 1);
  return costs.map((cost, i) => `${x(i).toFixed(1)},${y(cost).toFixed(1)}`).join(" ");
}
