// Many pictures at once: a list, what each saves, and all of them as one zip.

import { Engine } from "kpalette";
import { makeChoice } from "../controls";
import { download, find, make } from "../dom";
import { open } from "../picture/open";
import { PictureProblem } from "../picture/problem";
import { MOST } from "../scale";
import type { Session } from "../session";
import { resultName } from "../take/command";
import { bytes, counted, share } from "../text";
import { type Reduced, reduce } from "./reduce";

/** A file, and where it was in its folder. */
export interface Found {
  file: File;
  path: string;
}

interface Item extends Found {
  row: HTMLTableRowElement;
  reduced: Reduced | null;
}

const BY = { k: "A number of colours", looks: "The fewest that look good" };
type By = keyof typeof BY;

export class Batch {
  #session: Session;
  #items: Item[] = [];
  #by: By = "k";
  #abort: AbortController | null = null;
  #dialog = find<HTMLDialogElement>("#batch");
  #k = find<HTMLInputElement>("#batch-k");
  #looks = find<HTMLInputElement>("#batch-looks");
  #only = find<HTMLInputElement>("#batch-only");

  constructor(session: Session) {
    this.#session = session;
    const show = makeChoice("#batch-by", BY, (by) => this.#choose(by));
    show("k");
    this.#choose("k");
    find("#batch-close").addEventListener("click", () => this.#dialog.close());
    find("#batch-open").addEventListener("click", () => this.#open());
    find("#batch-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#abort) this.#abort.abort();
      else void this.#run();
    });
    this.#only.addEventListener("change", () => this.#show());
    find("#batch-save").addEventListener("click", () => void this.#save());
  }

  /** Lists some files, in place of those before. */
  take(files: Found[]): void {
    this.#abort?.abort();
    const body = find<HTMLTableElement>("#batch-table").tBodies[0];
    this.#items = files.map(({ file, path }) => {
      const row = make("tr", {}, make("th", { scope: "row", textContent: path, title: path }));
      for (const text of [bytes(file.size), "", "", ""]) {
        row.append(make("td", { textContent: text }));
      }
      return { file, path, row, reduced: null };
    });
    body.replaceChildren(...this.#items.map(({ row }) => row));
    const button = find("#batch-open");
    button.hidden = false;
    button.textContent = counted(files.length, "picture");
    this.#show();
    this.#open();
  }

  #open(): void {
    this.#k.value = String(this.#session.lasting.k);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #choose(by: By): void {
    this.#by = by;
    find("#batch-k-field").hidden = by !== "k";
    find("#batch-looks-field").hidden = by !== "looks";
  }

  async #run(): Promise<void> {
    const abort = (this.#abort = new AbortController());
    const { signal } = abort;
    const items = this.#items;
    const fixed = this.#session.lasting.fixed;
    const k = Math.max(fixed.length, Number(this.#k.value));
    const settings = { ...this.#session.lasting, k: Math.min(MOST, k) };
    const looks = this.#by === "looks" ? Number(this.#looks.value) : null;
    for (const item of items) {
      item.reduced = null;
      tell(item, "", "", "");
    }
    this.#show();
    const engine = await Engine.start();
    for (const item of items) {
      if (signal.aborted) break;
      tell(item, "Working …", "", "");
      try {
        const opened = await open({ file: item.file, firstFrame: true });
        if (signal.aborted) break;
        item.reduced = await reduce(engine, opened, settings, looks, signal);
        this.#tell(item, looks, opened.still !== null);
      } catch (error) {
        if (signal.aborted) tell(item, "", "", "");
        else tell(item, why(error), "", "");
      }
      if (!signal.aborted) this.#show();
    }
    engine.terminate();
    if (this.#abort === abort) this.#abort = null;
    this.#show();
  }

  #tell(item: Item, looks: number | null, first: boolean): void {
    const { file, k } = item.reduced as Reduced;
    const saved = 1 - file.length / item.file.size;
    const short = looks !== null && (item.reduced?.looks ?? looks) < looks;
    const colors = [String(k)];
    if (short) colors.push(`looks ${item.reduced?.looks?.toFixed(0)}`);
    if (first) colors.push("first frame");
    const text = saved >= 0 ? `−${share(saved)}` : `+${share(-saved)}`;
    tell(item, bytes(file.length), text, colors.join(", "));
  }

  /** Returns the files for the zip. */
  get #kept(): Item[] {
    return this.#items.filter(
      ({ reduced, file }) => reduced && !(this.#only.checked && reduced.file.length >= file.size),
    );
  }

  #show(): void {
    const kept = this.#kept;
    for (const item of this.#items) {
      item.row.classList.toggle("left-out", item.reduced !== null && !kept.includes(item));
    }
    const running = this.#abort !== null && !this.#abort.signal.aborted;
    const done = this.#items.filter(({ reduced }) => reduced).length;
    find("#batch-start").textContent = running ? "Stop" : done ? "Reduce again" : "Reduce all";
    find<HTMLButtonElement>("#batch-save").disabled = running || !kept.length;
    find("#batch-text").textContent = running
      ? `${done} of ${this.#items.length} done.`
      : done
        ? summary(kept, done - kept.length)
        : "The page’s other settings apply to all. Nothing is uploaded.";
  }

  async #save(): Promise<void> {
    const { zipSync } = await import("fflate");
    const files: Record<string, Uint8Array> = {};
    for (const { path, reduced } of this.#kept) {
      const name = resultName(path, (reduced as Reduced).k, "png");
      let unique = name;
      for (let n = 2; unique in files; n++) unique = name.replace(/\.png$/, ` (${n}).png`);
      files[unique] = (reduced as Reduced).file;
    }
    // PNG files are compressed already.
    const zip = zipSync(files, { level: 0 }) as Uint8Array<ArrayBuffer>;
    download(zip, "application/zip", "kpalette.zip");
  }
}

function summary(kept: Item[], left: number): string {
  const before = kept.reduce((sum, { file }) => sum + file.size, 0);
  const after = kept.reduce((sum, { reduced }) => sum + (reduced as Reduced).file.length, 0);
  const verb = left === 1 ? "is" : "are";
  const out = left ? ` ${counted(left, "picture")} would grow, and ${verb} left out.` : "";
  if (!kept.length) return `Nothing to save.${out}`;
  const change =
    after <= before ? `${share(1 - after / before)} saved` : `${share(after / before - 1)} more`;
  return `${counted(kept.length, "picture")}: ${bytes(before)} to ${bytes(after)}, ${change}.${out}`;
}

function tell({ row }: Item, after: string, saved: string, colors: string): void {
  [after, saved, colors].forEach((text, i) => (row.cells[i + 2].textContent = text));
}

function why(error: unknown): string {
  if (error instanceof PictureProblem) return error.message;
  return error instanceof Error ? error.message : String(error);
}
