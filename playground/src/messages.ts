// What the page says: notices that stay until they are closed, toasts that go, and what only
// screen readers say.

import { find, make } from "./dom";

export type Tone = "error" | "note";

const TOAST_MS = 2600;
let toasting = 0;

/** Shows a sentence until it is closed, or another of its topic comes. */
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
}

export function clearNotice(topic: string): void {
  for (const box of document.querySelectorAll(`.notice[data-topic="${topic}"]`)) box.remove();
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
