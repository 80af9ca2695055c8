// Which frame of an animation is shown, and when the next one is.

import { find, reducedMotion } from "../dom";
import { shownFor } from "../picture/moving";
import { Signal } from "../signal";

export class Player {
  readonly moved = new Signal<number>();
  frame = 0;
  #durations: readonly number[] = [0];
  #playing = false;
  #timer = 0;
  #slider = find<HTMLInputElement>("#frame");
  #button = find("#frames-play");

  constructor() {
    this.#button.addEventListener("click", () => (this.#playing ? this.#pause() : this.#play()));
    this.#slider.addEventListener("input", () => {
      this.#pause();
      this.#show(Number(this.#slider.value) - 1);
    });
  }

  /** Begins with another picture; milliseconds of each frame, of which a still has one. */
  load(durations: readonly number[]): void {
    this.#pause();
    this.#durations = durations;
    this.frame = 0;
    find("#frames").hidden = durations.length < 2;
    this.#slider.max = String(durations.length);
    this.#show(0);
    if (durations.length > 1 && !reducedMotion.matches) this.#play();
  }

  #play(): void {
    this.#playing = true;
    this.#tell();
    this.#wait();
  }

  #pause(): void {
    this.#playing = false;
    clearTimeout(this.#timer);
    this.#tell();
  }

  #wait(): void {
    this.#timer = window.setTimeout(() => {
      this.#show((this.frame + 1) % this.#durations.length);
      this.#wait();
    }, shownFor(this.#durations[this.frame]));
  }

  #show(frame: number): void {
    this.frame = frame;
    this.#slider.value = String(frame + 1);
    const text = `${frame + 1} of ${this.#durations.length}`;
    this.#slider.setAttribute("aria-valuetext", text);
    find("#frame-text").textContent = text;
    this.moved.emit(frame);
  }

  #tell(): void {
    this.#button.textContent = this.#playing ? "Pause" : "Play";
  }
}
