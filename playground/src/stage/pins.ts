// Pins on the picture: where each colour of the theme is.

import { find, make, walkByArrows } from "../dom";
import { Signal } from "../signal";
import type { Size, View } from "./view";

export interface Pin {
  /** Of a pixel of the picture. */
  x: number;
  y: number;
  /** #rrggbb. */
  color: string;
  /** What a screen reader says. */
  label: string;
}

export class Pins {
  /** Says which pin is pointed at or has the focus; null if none. */
  readonly pointed = new Signal<number | null>();
  readonly chosen = new Signal<number>();
  #list = find("#pins");
  #pins: Pin[] = [];
  #hidden = false;

  constructor() {
    walkByArrows(this.#list);
    const at = ({ target }: Event) => this.#at(target as Node);
    this.#list.addEventListener("pointerover", (event) => this.pointed.emit(at(event)));
    this.#list.addEventListener("pointerout", () => this.pointed.emit(null));
    this.#list.addEventListener("focusin", (event) => this.pointed.emit(at(event)));
    this.#list.addEventListener("focusout", () => this.pointed.emit(null));
    this.#list.addEventListener("click", (event) => {
      const i = at(event);
      if (i !== null) this.chosen.emit(i);
    });
  }

  /** Sets other pins, in the theme's order. Until `place` they are at no place. */
  set(pins: Pin[]): void {
    this.#pins = pins;
    const items = pins.map(({ color, label }, i) => {
      const tabIndex = i ? -1 : 0;
      const button = make("button", { type: "button", className: "pin", title: label, tabIndex });
      button.setAttribute("aria-label", label);
      const item = make("li", { hidden: true }, button);
      item.style.setProperty("--color", color);
      return item;
    });
    this.#list.replaceChildren(...items);
  }

  /** Hides all pins, or shows them again. */
  hide(hidden: boolean): void {
    this.#hidden = hidden;
    this.#list.hidden = hidden;
  }

  /** Moves the pins to where the picture is; those outside the stage are hidden. */
  place({ scale, left, top }: View, stage: Size, ratio: number): void {
    if (this.#hidden) return;
    this.#pins.forEach(({ x, y }, i) => {
      const item = this.#list.children[i] as HTMLElement;
      const [across, down] = [left + scale * (x + 0.5), top + scale * (y + 0.5)];
      item.hidden = across < 0 || down < 0 || across > stage.width || down > stage.height;
      item.style.left = `${across / ratio}px`;
      item.style.top = `${down / ratio}px`;
    });
    const seen = [...this.#list.querySelectorAll<HTMLElement>("li:not([hidden]) button")];
    if (seen.length && !seen.some((button) => button.tabIndex === 0)) seen[0].tabIndex = 0;
  }

  /** Marks a pin, or none. */
  mark(entry: number | null): void {
    [...this.#list.children].forEach((item, i) => item.classList.toggle("marked", i === entry));
  }

  #at(node: Node): number | null {
    const at = [...this.#list.children].findIndex((item) => item.contains(node));
    return at < 0 ? null : at;
  }
}
