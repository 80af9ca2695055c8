// The figures of the picture on the stage: the result, or a pass of k-means.

import type { Looked } from "kpalette";
import { find } from "../dom";
import type { Lent, Session, Shown } from "../session";
import { bytes, count, figure } from "../text";

/** How long after the last change, in ms, the slow figures are measured. */
const REST = 350;

/** The figures that are measured then. */
const MEASURED = ["#delta-e", "#looks", "#worst"];

export class FiguresPanel {
  #session: Session;
  #shown: Shown | null = null;
  #timer = 0;

  constructor(session: Session) {
    this.#session = session;
    session.opened.on(() => this.#clear());
    session.shown.on((shown) => this.#show(shown));
    session.lent.on((lent) => this.#lend(lent));
  }

  /** Clears the figures, as those of a new picture are not known yet. */
  #clear(): void {
    this.#shown = null;
    clearTimeout(this.#timer);
    this.#empty();
    this.#name("");
    find("#bytes-kind").textContent = this.#session.isMoving ? "GIF" : "PNG";
  }

  #show(shown: Shown): void {
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#tellError(shown, shown.exact ? "" : "≈ ");
    for (const name of MEASURED) find(name).classList.add("old");
    this.#session.mark(null);
    find("#time").textContent = `${shown.ms < 10 ? shown.ms.toFixed(1) : Math.round(shown.ms)} ms`;
    this.#wait(shown);
  }

  #wait(shown: Shown): void {
    find("#bytes").classList.add("old");
    clearTimeout(this.#timer);
    if (!shown.exact || shown.file) this.#measureFile(shown).catch(() => {});
    if (shown.exact)
      this.#timer = window.setTimeout(() => this.#measure(shown).catch(() => {}), REST);
  }

  #lend(lent: Lent | null): void {
    this.#name(lent?.label ?? "");
    if (!lent) return;
    this.#shown = null; // what is being measured is of the result
    clearTimeout(this.#timer);
    this.#empty();
    this.#tellError(lent);
  }

  #empty(): void {
    this.#session.mark(null);
    for (const figure of document.querySelectorAll("#figures dd")) {
      figure.textContent = "–";
      figure.classList.remove("old");
    }
    find("#bytes-part").textContent = find("#smaller-bytes").textContent = "";
  }

  #name(label: string): void {
    find("#figures-of").textContent = label;
  }

  #tellError({ mse, psnr, passes }: Lent | Shown, about = ""): void {
    find("#mse").textContent = mse === null ? "–" : about + figure(mse);
    const decibels = Number.isFinite(psnr) ? `${about}${psnr?.toFixed(2)} dB` : "lossless";
    find("#psnr").textContent = psnr === null ? "–" : decibels;
    find("#passes").textContent = count(passes);
  }

  async #measure(shown: Shown): Promise<void> {
    const { looks, worst } = await this.#session.looks(shown);
    if (shown !== this.#shown) return;
    this.#session.mark(worst);
    find("#looks").textContent = looks.toFixed(1);
    find("#worst").textContent = worst ? this.#placeOf(worst) : "nowhere";
    const deltaE = await this.#session.deltaE(shown);
    if (shown !== this.#shown) return;
    find("#delta-e").textContent = deltaE.toFixed(2);
    for (const name of MEASURED) find(name).classList.remove("old");
    await this.#measureFile(shown);
  }

  #placeOf({ left, top, width, height }: NonNullable<Looked["worst"]>): string {
    const { picture } = this.#session;
    const n = picture?.timing.durations.length ?? 1;
    const tall = picture ? picture.height / n : 1;
    const place = `${left},${top % tall}`;
    return n > 1
      ? `${place} of frame ${Math.floor(top / tall) + 1}`
      : `${width}×${height} at ${place}`;
  }

  /** Hides the file's size during a move, as a smaller copy then stands for a large picture. */
  async #measureFile(shown: Shown): Promise<void> {
    const { picture } = this.#session;
    if (!picture || shown.width !== picture.width || shown.height !== picture.height) return;
    const file = await this.#session.file(shown);
    if (shown !== this.#shown) return;
    const part = picture.bytes ? Math.round((100 * file.length) / picture.bytes) : 0;
    find("#bytes-part").textContent = part ? `${part} % of file` : "";
    const told = (shown.exact ? "" : "≈ ") + bytes(file.length);
    find("#bytes").textContent = find("#smaller-bytes").textContent = told;
    find("#bytes").classList.toggle("old", !shown.exact);
  }
}
