// What the page says: errors that stay until they are closed, notes that go once they can have been
// read, toasts that go soon, and what only screen readers say.

import { find, make } from "./dom";

export type Tone = "error" | "note";

const TOAST_MS = 2600;
/** A note stays so long, and for each of its letters; a slow reader takes half of that. */
const NOTE_MS = 4000;
const LETTER_MS = 120;
let toasting = 0;

/** Shows a sentence until it is closed, another of its topic comes, or a note's time is over. */
export function notice(text: string, tone: Tone = "note", topic = "picture"): void {
  clearNotice(topic);
  const close = make(
    "button",
    { type: "button", className: "quiet icon", ariaLabel: "Close" },
    "×",
  );
  const box = make("div", { className: `notice ${tone}` }, make("p", { textContent: text }), close);
  box.dataset.topic = topic;
  close.addEventListener("click", () => box.remove());
  find(tone === "error" ? "#alerts" : "#notes").append(box);
  if (tone === "note") removeOnceRead(box, NOTE_MS + LETTER_MS * text.length);
}

/** Removes a note that was in sight for long enough, and that nobody points at or is in. */
function removeOnceRead(box: HTMLElement, ms: number): void {
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    if (document.hidden || box.matches(":hover, :focus-within")) return;
    timer = window.setTimeout(() => {
      box.remove();
      document.removeEventListener("visibilitychange", wait);
    }, ms);
  };
  for (const event of ["pointerenter", "pointerleave", "focusin"]) box.addEventListener(event, wait);
  // While it is told, the focus is still within.
  box.addEventListener("focusout", () => setTimeout(wait));
  document.addEventListener("visibilitychange", wait);
  wait();
}

export function clearNotice(topic: string): void {
  for (const box of document.querySelectorAll(`.notice[data-topic="${topic}"]`)) box.remove();
}

export function clearErrors(): void {
  find("#alerts").replaceChildren();
}

/** Shows a few words for a moment. */
export function toast(text: string): void {
  const box = find("#toast");
  box.textContent = text;
  box.classList.add("on");
  clearTimeout(toasting);
  toasting = window.setTimeout(() => box.classList.remove("on"), TOAST_MS);
}

/** Lets screen readers say something once they are done. */
export function announce(text: string): void {
  find("#announcer").textContent = text;
}
