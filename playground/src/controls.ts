// The settings, both ways between the form and the session.

import { find, make } from "./dom";
import { fromPosition, keyed, LEAST, MOST, POSITIONS, toPosition } from "./scale";
import type { Session } from "./session";
import { counted } from "./text";
import { DITHERS, EFFORTS, SMALLER, SPACES, type Settings } from "./settings";

const MARKS = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export function connectControls(session: Session): void {
  connectK(session);
  const showSpace = makeChoice("#space", SPACES, (space) => session.change({ space }));
  const showEffort = makeChoice("#effort", EFFORTS, (effort) => session.change({ effort }));
  const saliency = find<HTMLInputElement>("#saliency");
  saliency.addEventListener("change", () => session.change({ saliency: saliency.checked }));
  session.opened.on(() => {
    saliency.disabled = session.isMoving;
    saliency.parentElement!.title = session.isMoving ? "For stills, not for animations" : "";
  });
  const dither = find<HTMLSelectElement>("#dither");
  for (const [value, text] of Object.entries(DITHERS))
    dither.append(make("option", { value, text }));
  dither.addEventListener("change", () => {
    session.change({
      dither: dither.value === "none" ? null : (dither.value as Settings["dither"]),
    });
  });
  const strength = find<HTMLInputElement>("#strength");
  const setStrength = (live: boolean) => session.change({ strength: Number(strength.value) }, live);
  strength.addEventListener("input", () => setStrength(true));
  strength.addEventListener("change", () => setStrength(false));
  connectSmaller(session);
  const show = (settings: Settings) => {
    showSpace(settings.space);
    showEffort(settings.effort);
    saliency.checked = settings.saliency;
    dither.value = settings.dither ?? "none";
    strength.value = String(settings.strength);
    strength.disabled = settings.dither === null && !settings.smaller;
    (dither.options[0] as HTMLOptionElement).text = settings.smaller ? "Its own" : DITHERS.none;
    find("#strength-value").textContent = `${Math.round(100 * settings.strength)} %`;
  };
  session.changed.on(show);
  show(session.settings);
}

function connectSmaller(session: Session): void {
  const slider = find<HTMLInputElement>("#smaller");
  const set = (live: boolean) => session.change({ smaller: Number(slider.value) }, live);
  slider.addEventListener("input", () => set(true));
  slider.addEventListener("change", () => set(false));
  const show = ({ smaller }: Settings) => {
    slider.value = String(smaller);
    const words = SMALLER[Math.ceil(smaller)];
    slider.setAttribute("aria-valuetext", `${smaller}: ${words}`);
    find("#smaller-value").textContent = words;
  };
  session.changed.on(show);
  show(session.settings);
}

function connectK(session: Session): void {
  const slider = find<HTMLInputElement>("#k");
  const number = find<HTMLInputElement>("#k-number");
  const slide = (live: boolean) => session.change({ k: fromPosition(Number(slider.value)) }, live);
  slider.addEventListener("input", () => slide(true));
  slider.addEventListener("change", () => slide(false));
  slider.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const k = keyed(event.key, session.settings.k);
    if (k === null) return;
    event.preventDefault();
    session.change({ k }, true); // a key that is held moves on and on
  });
  number.addEventListener("input", () => {
    const k = Number(number.value);
    const least = Math.max(LEAST, session.settings.fixed.length); // less may be a first digit
    if (Number.isInteger(k) && k >= least && k <= MOST) session.change({ k });
  });
  number.addEventListener("change", () => {
    const k = Number(number.value);
    if (number.value !== "" && Number.isFinite(k)) session.change({ k });
    number.value = String(session.settings.k);
  });
  for (const k of MARKS) {
    const mark = make("span", { textContent: String(k) });
    mark.style.setProperty("--at", String(toPosition(k) / POSITIONS));
    find("#k-marks").append(mark);
  }
  const show = ({ k }: Settings) => {
    // The slider stays where the hand is, if that is the same k.
    if (fromPosition(Number(slider.value)) !== k) slider.value = String(toPosition(k));
    slider.setAttribute("aria-valuetext", counted(k, "colour"));
    slider.style.setProperty("--filled", `${(100 * toPosition(k)) / POSITIONS}%`);
    if (document.activeElement !== number || Number(number.value) !== k) number.value = String(k);
  };
  session.changed.on(show);
  show(session.settings);
}

/** Fills a fieldset with a button for each choice; what it returns shows one as chosen. */
export function makeChoice<T extends string>(
  selector: string,
  choices: Record<T, string>,
  choose: (value: T) => void,
): (value: T) => void {
  const inputs = new Map<T, HTMLInputElement>();
  const row = make("div", { className: "options" });
  for (const [value, text] of Object.entries(choices) as [T, string][]) {
    const input = make("input", { type: "radio", name: selector.slice(1), value });
    input.addEventListener("change", () => choose(value));
    inputs.set(value, input);
    row.append(make("label", {}, input, make("span", { textContent: text })));
  }
  find(selector).append(row);
  return (value) => {
    const input = inputs.get(value);
    if (input) input.checked = true;
  };
}
