// Undo and redo of all that changes a picture's palette or how it is shown.

import { find } from "./dom";
import type { Session, State } from "./session";

/** Changes within this time of each other, in ms, are undone together, as a slider's are. */
const REST = 400;
/** How many states are kept. */
const MOST = 200;

export class History {
  #session: Session;
  #states: State[] = [];
  /** The index of the current state. */
  #at = 0;
  #timer = 0;

  constructor(session: Session) {
    this.#session = session;
    this.#states = [session.state];
    session.changed.on(() => {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#note(), REST);
    });
    // The edits belonged to the picture before.
    session.opened.on(() => {
      clearTimeout(this.#timer);
      this.#states = [session.state];
      this.#at = 0;
      this.#show();
    });
    find("#undo").addEventListener("click", () => this.#go(-1));
    find("#redo").addEventListener("click", () => this.#go(1));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#show();
  }

  #note(): void {
    clearTimeout(this.#timer);
    const { state } = this.#session;
    if (same(state, this.#states[this.#at])) return;
    this.#states = [...this.#states.slice(0, this.#at + 1), state].slice(-MOST);
    this.#at = this.#states.length - 1;
    this.#show();
  }

  #go(by: number): void {
    this.#note(); // what was changed just now is the first to go
    const state = this.#states[this.#at + by];
    if (!state) return;
    this.#at += by;
    this.#session.restore(state);
    this.#show();
  }

  /** Text fields have an undo of their own. */
  #key(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    if ((event.target as Element).matches("input[type=text], input[type=number]")) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    this.#go(key === "y" || event.shiftKey ? 1 : -1);
  }

  #show(): void {
    find<HTMLButtonElement>("#undo").disabled = this.#at === 0;
    find<HTMLButtonElement>("#redo").disabled = this.#at === this.#states.length - 1;
  }
}

function same(one: State, other: State): boolean {
  const colors = ({ edited }: State) => edited?.colors.join();
  return (
    JSON.stringify(one.settings) === JSON.stringify(other.settings) && colors(one) === colors(other)
  );
}
