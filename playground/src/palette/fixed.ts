// The locked colours: typed, pasted, picked, or from a palette file or picture.

import { findColors, hexName, plainName } from "../colors";
import { find, make } from "../dom";
import { clearNotice, notice } from "../messages";
import { decode, MAX_BYTES, PaletteReadError } from "../palette_files/formats";
import type { Opened } from "../picture/decode.worker";
import { open } from "../picture/open";
import { PictureProblem } from "../picture/problem";
import { MOST } from "../scale";
import type { Session } from "../session";
import type { Settings } from "../settings";
import { counted } from "../text";

const TOPIC = "fixed";

export function connectFixed(session: Session): void {
  const color = find<HTMLInputElement>("#fixed-color");
  const text = find<HTMLInputElement>("#fixed-text");
  const file = find<HTMLInputElement>("#palette-file");
  color.addEventListener("input", () => {
    text.value = color.value;
  });
  find("#fixed-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { colors, others } = findColors(text.value || color.value);
    if (others.length) {
      const got = others[0].slice(0, 40);
      notice(`Expected colours such as #ff8800 or #ff880080, got “${got}”.`, "error", TOPIC);
      return;
    }
    clearNotice(TOPIC);
    text.value = "";
    fix(session, colors);
  });
  find("#fixed-file").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    const [chosen] = file.files ?? [];
    file.value = ""; // so that the same file can be chosen again
    if (chosen) void fixFile(session, chosen);
  });
  session.changed.on((settings) => show(session, settings));
  show(session, session.settings);
}

/** Locks the colours of a palette file, or says what is wrong with it. */
export async function fixFile(session: Session, file: File): Promise<void> {
  try {
    const colors = await colorsOf(file);
    clearNotice(TOPIC);
    fix(session, colors);
    notice(`${file.name}: ${counted(colors.length, "colour")} locked.`, "note", TOPIC);
  } catch (error) {
    const why = error instanceof PaletteReadError ? error.message : "it cannot be read";
    const what = error instanceof PictureProblem ? ` ${error.message}` : `: ${why}.`;
    notice(`${file.name}${what} No colour was locked.`, "error", TOPIC);
  }
}

async function colorsOf(file: File): Promise<string[]> {
  if (/\.png$/i.test(file.name)) return colorsOfPicture(await open({ file }));
  return decode(new Uint8Array(await file.slice(0, MAX_BYTES + 1).arrayBuffer()), file.name);
}

/** Returns the distinct colours of a picture of a palette, row by row. */
function colorsOfPicture({ pixels }: Opened): string[] {
  const names = new Map<number, string>();
  const view = new DataView(pixels.buffer);
  for (let at = 0; at < pixels.length && names.size <= MOST; at += 4) {
    const key = view.getUint32(at);
    if (!names.has(key)) names.set(key, plainName(hexName(pixels.subarray(at, at + 4))) as string);
  }
  if (names.size > MOST)
    throw new PaletteReadError(`expected at most ${MOST} colours in a palette's picture, got more`);
  return [...names.values()];
}

function fix(session: Session, colors: string[]): void {
  session.change({ fixed: [...new Set([...session.settings.fixed, ...colors])] });
}

let last: readonly string[] | null = null;

function show(session: Session, { fixed }: Settings): void {
  if (fixed === last) return;
  last = fixed;
  const list = find("#fixed-list");
  list.replaceChildren(...fixed.map((name) => chip(session, name)));
  list.hidden = !fixed.length;
}

function chip(session: Session, name: string): HTMLLIElement {
  const field = make("span", { className: "dot" });
  field.style.setProperty("--color", name);
  const remove = make(
    "button",
    { type: "button", className: "quiet icon", ariaLabel: `Unlock ${name}` },
    "×",
  );
  remove.addEventListener("click", () => {
    session.toggleFixed(name);
    find("#fixed-text").focus(); // the button is gone
  });
  return make("li", {}, field, make("code", { textContent: name }), remove);
}
