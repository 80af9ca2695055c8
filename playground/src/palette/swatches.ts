// The palette as swatches. The bar below copies, edits and locks the selected one.

import { colorAt, hexLevels, hexName, plainName } from "../colors";
import { copyText, find, make } from "../dom";
import { toast } from "../messages";
import type { Lent, Session } from "../session";
import { SORTS, type Sort } from "../settings";
import { count, share } from "../text";
import { type Counted, orderOf } from "./sorting";

/** The most colours for each size of swatches. Small ones have no labels. */
const SIZES: [number, string][] = [
  [8, "huge"],
  [16, "large"],
  [32, "medium"],
  [64, "small"],
  [128, "tiny"],
  [256, "least"],
];

/** A palette, and whether its entries correspond to those before. */
type Seen = Counted & { edited: boolean };

export class Swatches {
  #session: Session;
  #list = find("#swatches");
  #color = find<HTMLInputElement>("#detail-color");
  #hex = find<HTMLInputElement>("#detail-hex");
  #lock = find("#detail-lock");
  #sort = find<HTMLSelectElement>("#sort");
  #shown: Seen | null = null;
  /** The picture in place of the result, if any: its colours are moved, not locked. */
  #lent: Lent | null = null;
  /** The palette's entries as they stand on the page. */
  #order: number[] = [];
  /** The selected entry; it stays selected when the order changes. */
  #entry = 0;
  /** The entry that a pointer was pressed on; at the click another may be in its place. */
  #pressed: number | null = null;
  /** Whether the fields hold an edit that the palette does not have yet. */
  #typing = false;
  #picking = false;

  constructor(session: Session) {
    this.#session = session;
    for (const [value, text] of Object.entries(SORTS))
      this.#sort.append(make("option", { value, text }));
    this.#sort.value = session.settings.sort;
    this.#sort.addEventListener("change", () => session.change({ sort: this.#sort.value as Sort }));
    session.shown.on((shown) => this.#show(shown));
    session.lent.on((lent) => {
      this.#lent = lent;
      if (lent) this.#show({ ...lent.palette, edited: true });
    });
    session.changed.on(({ sort }) => {
      this.#sort.value = sort;
      if (this.#shown) this.#show(this.#shown);
    });
    this.#listen();
  }

  #listen(): void {
    this.#list.addEventListener("pointerdown", (event) => {
      this.#pressed = this.#order[this.#at(event.target as Node)] ?? null;
    });
    this.#list.addEventListener("click", (event) => {
      const button = (event.target as Element).closest("button");
      if (!button) return;
      const pressed = event.detail ? this.#pressed : null; // of keys there are no details
      this.#select(pressed === null ? this.#at(button) : this.#order.indexOf(pressed), false);
      if (button.classList.contains("lock")) this.#toggle();
    });
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("focusin", (event) => {
      const at = this.#at(event.target as Node);
      if (at !== this.#selected) this.#select(at, false);
    });
    this.#color.addEventListener("input", () => {
      this.#picking = true;
      this.#edit(this.#color.value, true);
    });
    this.#color.addEventListener("change", () => this.#edit(this.#color.value, false));
    this.#hex.addEventListener("input", () => (this.#typing = true));
    this.#hex.addEventListener("change", () => this.#typed());
    this.#hex.addEventListener("keydown", ({ key }) => key === "Escape" && this.#letGo());
    for (const field of [this.#color, this.#hex])
      field.addEventListener("blur", () => this.#letGo());
    find("#detail-copy").addEventListener("click", () => void this.#copy());
    this.#lock.addEventListener("click", () => this.#toggle());
    find("#refit").addEventListener("click", () => this.#session.refit());
  }

  /** Returns the index of the item that contains a node; -1 if none does. */
  #at(node: Node): number {
    return [...this.#list.children].findIndex((item) => item.contains(node));
  }

  /** The place of the selected entry. */
  get #selected(): number {
    return this.#order.indexOf(this.#entry);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const perRow = this.#perRow();
    const moves: Record<string, number> = {
      ArrowRight: this.#selected + 1,
      ArrowLeft: this.#selected - 1,
      ArrowDown: this.#selected + perRow,
      ArrowUp: this.#selected - perRow,
      Home: 0,
      End: this.#order.length - 1,
    };
    const key = event.key.toLowerCase();
    if (event.key in moves) this.#select(moves[event.key], true);
    else if (event.key === "Enter") void this.#copy();
    else if (key === "l") this.#toggle();
    else if (key === "e") this.#hex.select();
    else return;
    event.preventDefault();
  }

  #perRow(): number {
    const items = [...this.#list.children] as HTMLElement[];
    const next = items.findIndex((item) => item.offsetTop > items[0].offsetTop);
    return next < 0 ? items.length : next;
  }

  #show(shown: Seen): void {
    const { settings } = this.#session;
    const focused = this.#list.contains(document.activeElement);
    const [place, name] = [this.#selected, this.#name];
    // Editing leaves entries where they are; a fit makes others.
    const others = shown !== this.#shown && !shown.edited;
    this.#shown = shown;
    this.#order = orderOf(shown, settings.sort);
    if (others) this.#follow(name, place);
    const k = this.#order.length;
    const total = shown.counts.reduce((sum, n) => sum + n, 0) || 1;
    const fixed = new Set(settings.fixed);
    const title = this.#lent ? `${this.#lent.label}: centres` : "Palette";
    find("#palette-title").textContent = `${title}, ${k} colour${k === 1 ? "" : "s"}`;
    find("#edited").hidden = !shown.edited || this.#lent !== null;
    this.#list.dataset.size = SIZES.find(([most]) => k <= most)?.[1];
    while (this.#list.children.length > k) this.#list.lastChild?.remove();
    while (this.#list.children.length < k) this.#list.append(item());
    this.#order.forEach((entry, at) => {
      const name = this.#nameOf(entry);
      const part = share(shown.counts[entry] / total);
      fill(this.#list.children[at] as HTMLLIElement, name, part, fixed.has(name));
    });
    this.#drawShares(shown, total);
    this.#select(this.#selected, focused);
  }

  /** Selects the same colour if it is still there, otherwise the one in its place. */
  #follow(name: string, place: number): void {
    const same = this.#order.find((entry) => this.#nameOf(entry) === name);
    const last = this.#order.length - 1;
    this.#entry = same ?? this.#order[Math.min(last, Math.max(0, place))];
    this.#pressed = null;
    if (same === undefined) this.#typing = this.#picking = false; // of a colour that is gone
  }

  #drawShares(shown: Seen, total: number): void {
    let at = 0;
    const stops = this.#order.map((entry) => {
      const from = at;
      at += (100 * shown.counts[entry]) / total;
      return `${this.#nameOf(entry)} ${from.toFixed(2)}% ${at.toFixed(2)}%`;
    });
    const colors = stops.length > 1 ? stops : [...stops, ...stops];
    find("#shares").style.setProperty(
      "--shares",
      `linear-gradient(to right, ${colors.join(", ")})`,
    );
  }

  #nameOf(entry: number): string {
    return this.#shown ? (plainName(hexName(colorAt(this.#shown, entry))) as string) : "";
  }

  get #name(): string {
    return this.#nameOf(this.#entry);
  }

  #select(at: number, focus: boolean): void {
    if (!this.#shown) return;
    const place = Math.min(this.#order.length - 1, Math.max(0, at));
    this.#entry = this.#order[place];
    [...this.#list.children].forEach((item, i) => {
      const button = item.firstElementChild as HTMLButtonElement;
      const chosen = i === place;
      if (button.tabIndex !== (chosen ? 0 : -1)) button.tabIndex = chosen ? 0 : -1;
      item.classList.toggle("selected", chosen);
      if (chosen && focus) button.focus();
    });
    const name = this.#name;
    const pixels = this.#shown.counts[this.#entry];
    const total = this.#shown.counts.reduce((sum, n) => sum + n, 0) || 1;
    const fixed = this.#session.settings.fixed.includes(name);
    const alpha = colorAt(this.#shown, this.#entry)[3] ?? 255;
    if (!this.#picking) this.#color.value = name.slice(0, 7);
    this.#color.disabled = alpha === 0;
    this.#color.title = alpha ? "Edit the colour" : "Transparent: there is no colour to see";
    if (!this.#typing) this.#hex.value = name;
    const seen = alpha === 255 ? "" : alpha ? `, ${share(alpha / 255)} opaque` : ", transparent";
    find("#detail-share").textContent = `${share(pixels / total)}, ${count(pixels)} pixels${seen}`;
    this.#lock.toggleAttribute("disabled", this.#lent !== null);
    this.#lock.textContent = fixed ? "Unlock" : "Lock";
  }

  async #copy(): Promise<void> {
    const name = this.#name;
    toast((await copyText(name)) ? `Copied ${name}` : `The browser refused to copy ${name}`);
  }

  #toggle(): void {
    const name = this.#name;
    if (name && !this.#lent) this.#session.toggleFixed(name);
  }

  #typed(): void {
    const text = this.#hex.value;
    const levels = hexLevels(text.trim());
    const channels = this.#shown?.channels ?? 3;
    if (levels && (channels === 4 || (levels[3] ?? 255) === 255)) {
      this.#edit(hexName([...levels, 255].slice(0, channels)), false);
      return;
    }
    const expected = channels === 4 ? "#ff8800 or #ff880080" : "#ff8800, of six digits";
    toast(`Expected a colour such as ${expected}, got “${text.slice(0, 20)}”`);
    this.#letGo();
  }

  #edit(name: string, live: boolean): void {
    if (this.#lent) {
      if (live) return;
      this.#lent.edit(this.#entry, hexLevels(name) as number[]);
      this.#letGo();
      return;
    }
    const wrong = this.#session.edit(this.#entry, name, live);
    if (wrong) toast(wrong);
    if (!live) this.#letGo();
  }

  /** Fills the fields with the selected colour. */
  #letGo(): void {
    this.#typing = this.#picking = false;
    this.#select(this.#selected, false);
  }
}

function item(): HTMLLIElement {
  const swatch = make(
    "button",
    { type: "button", className: "swatch", tabIndex: -1 },
    make("span", { className: "field" }),
    make("span", { className: "hex" }),
    " ",
    make("span", { className: "share" }),
  );
  return make(
    "li",
    {},
    swatch,
    make("button", { type: "button", className: "lock", tabIndex: -1 }),
  );
}

function fill(item: HTMLLIElement, name: string, part: string, fixed: boolean): void {
  const [swatch, lock] = item.children as unknown as HTMLButtonElement[];
  const [, hex, shareText] = swatch.children;
  item.classList.toggle("fixed", fixed);
  item.style.setProperty("--color", name);
  swatch.setAttribute("aria-label", `${name} ${part}${fixed ? ", locked" : ""}`);
  swatch.title = `${name}, ${part} of the pixels`;
  hex.textContent = name.slice(1);
  shareText.textContent = part;
  lock.setAttribute("aria-label", `${fixed ? "Unlock" : "Lock"} ${name}`);
  lock.title = fixed ? "Locked: every palette has it. Click to unlock" : "Lock: keep this colour";
}
