// The theme: the colours that someone would pick from the picture, with their names, roles and pins.

import type { Theme } from "kpalette";
import { namesOf } from "../colors";
import { copyText, find, make, walkByArrows } from "../dom";
import { toast } from "../messages";
import type { Session } from "../session";
import { THEME_K } from "../settings";
import type { Stage } from "../stage/stage";
import { share, stem } from "../text";
import { columnsFor } from "./rows";
import { connectTake, type Made } from "./take";

/** How many colours can be asked for. */
const KS = ["auto", ...Array.from({ length: 11 }, (_, i) => String(i + 2))];
const WHITE = "#ffffff";
/** Of a swatch, and between two, in pixels. */
const MIN_WIDTH = 92;
const GAP = 8;

export class ThemePanel {
  #session: Session;
  #stage: Stage;
  #card = find("#theme-card");
  #list = find("#theme-swatches");
  #roles = find("#theme-roles");
  #k = find<HTMLSelectElement>("#theme-k");
  #white = find<HTMLInputElement>("#theme-white");
  #pins = find<HTMLInputElement>("#theme-pins");
  #made: Made | null = null;
  #turn = 0;

  constructor(session: Session, stage: Stage) {
    this.#session = session;
    this.#stage = stage;
    const text = (k: string) => (k === "auto" ? "Auto" : k);
    this.#k.append(...KS.map((value) => make("option", { value, text: text(value) })));
    this.#k.value = String(THEME_K);
    connectTake(session, stage, () => this.#made);
    // A frame later, for it changes the list's height.
    new ResizeObserver(() => requestAnimationFrame(() => this.#arrange())).observe(this.#list);
    session.opened.on(() => {
      this.#made = null;
      void this.#make();
    });
    this.#k.addEventListener("change", () => void this.#make());
    this.#white.addEventListener("change", () => void this.#make());
    this.#pins.addEventListener("change", () => this.#showPins());
    this.#connectMarks();
    for (const list of [this.#list, this.#roles]) {
      walkByArrows(list);
      list.addEventListener("click", ({ target }) => {
        const button = (target as Element).closest("button");
        if (button) void copyColor(button.value);
      });
    }
  }

  /** What is pointed at, or has the focus, is marked in both places. */
  #connectMarks(): void {
    const { pins } = this.#stage;
    const mark = (entry: number | null) => {
      pins.mark(entry);
      [...this.#list.children].forEach((item, i) => item.classList.toggle("marked", i === entry));
    };
    pins.pointed.on(mark);
    pins.chosen.on((i) => this.#list.children[i]?.querySelector("button")?.focus());
    const at = ({ target }: Event) => {
      const i = [...this.#list.children].findIndex((item) => item.contains(target as Node));
      return i < 0 ? null : i;
    };
    for (const kind of ["pointerover", "focusin"]) {
      this.#list.addEventListener(kind, (event) => mark(at(event)));
    }
    for (const kind of ["pointerout", "focusout"]) {
      this.#list.addEventListener(kind, () => mark(null));
    }
  }

  async #make(): Promise<void> {
    const turn = ++this.#turn;
    this.#card.setAttribute("aria-busy", "true");
    const k = this.#k.value === "auto" ? "auto" : Number(this.#k.value);
    const ignore = this.#white.checked ? [WHITE] : [];
    // The names in its texts begin as those that the command writes.
    const options = { k, ignore, name: stem(this.#session.picture?.name ?? "") } as const;
    try {
      const theme = await this.#session.theme(options);
      if (turn === this.#turn) this.#show({ theme, options }, "");
    } catch (error) {
      if (turn !== this.#turn) return; // given up for this newer one
      this.#show(null, whyNot(error, ignore.length > 0));
    }
    this.#card.setAttribute("aria-busy", "false");
  }

  /** Shows a theme, or says why there is none. */
  #show(made: Made | null, why: string): void {
    this.#made = made;
    const theme = made?.theme ?? null;
    this.#card.classList.toggle("empty", theme === null);
    const note = find("#theme-note");
    note.hidden = theme !== null;
    note.textContent = why;
    const hexes = theme ? namesOf(theme) : [];
    const total = theme?.counts.reduce((sum, n) => sum + n, 0) || 1;
    const roles = Object.entries(theme?.roles ?? {});
    this.#list.replaceChildren(
      ...hexes.map((hex, i) => {
        const own = roles.filter(([, color]) => color === hex).map(([role]) => titleOf(role));
        const { names, text, counts } = theme as Theme;
        return swatch(hex, names[i], share(counts[i] / total), own, text[i], i === 0);
      }),
    );
    this.#arrange();
    const others = roles.filter(([, color]) => !hexes.includes(color));
    this.#roles.replaceChildren(
      ...others.map(([role, color], i) => chip(color, titleOf(role), i === 0)),
    );
    this.#roles.hidden = others.length === 0;
    this.#pins.disabled = theme?.places === null;
    this.#pins.parentElement!.title = this.#pins.disabled ? "For stills, not for animations" : "";
    const places = theme?.places ?? [];
    this.#stage.pins.set(
      places.map(([x, y], i) => ({ x, y, color: hexes[i], label: `${theme?.names[i]}, ${hexes[i]}` })),
    );
    this.#showPins();
  }

  /** Puts the swatches in even rows. */
  #arrange(): void {
    const n = this.#list.children.length;
    const columns = columnsFor(n, this.#list.clientWidth, MIN_WIDTH, GAP);
    this.#list.style.setProperty("--columns", String(columns));
  }

  #showPins(): void {
    this.#stage.pins.hide(!this.#pins.checked);
    this.#stage.placePins();
  }
}

/** The picture is at fault where the engine finds something out of range: all else is chosen here. */
function whyNot(error: unknown, withoutWhite: boolean): string {
  if (error instanceof Error && error.name === "RangeError") {
    const all = withoutWhite ? "white or transparent" : "transparent";
    return `There is no theme: all of the picture is ${all}.`;
  }
  return `The theme could not be made: ${error instanceof Error ? error.message : String(error)}`;
}

/** "Light vibrant" for "light-vibrant". */
function titleOf(role: string): string {
  return role[0].toUpperCase() + role.slice(1).replace("-", " ");
}

function swatch(
  hex: string,
  name: string,
  part: string,
  roles: string[],
  text: string,
  first: boolean,
): HTMLLIElement {
  const line = (className: string, textContent: string) => make("span", { className, textContent });
  const size = make("span", { className: "size" }, line("hex", hex), " ", part);
  const lines = [line("name", name), " ", size];
  if (roles.length) lines.push(" ", line("roles", roles.join(", ")));
  const title = `Copy ${hex}`;
  const button = make(
    "button",
    { type: "button", value: hex, title, tabIndex: first ? 0 : -1 },
    ...lines,
  );
  const item = make("li", {}, button);
  item.style.setProperty("--color", hex);
  item.style.setProperty("--text", text);
  return item;
}

function chip(hex: string, role: string, first: boolean): HTMLLIElement {
  const title = `Copy ${hex}`;
  const button = make(
    "button",
    { type: "button", value: hex, title, tabIndex: first ? 0 : -1 },
    make("span", { className: "dot" }),
    `${role} `,
    make("span", { className: "hex", textContent: hex }),
  );
  const item = make("li", {}, button);
  item.style.setProperty("--color", hex);
  return item;
}

async function copyColor(hex: string): Promise<void> {
  toast((await copyText(hex)) ? `Copied ${hex}` : `The browser refused to copy ${hex}`);
}
