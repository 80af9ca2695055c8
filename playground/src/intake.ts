// How pictures come in: dropped, pasted, chosen, or one of the samples.

import { find, make } from "./dom";
import { clearErrors, clearNotice, notice } from "./messages";
import { fixFile } from "./palette/fixed";
import { FORMATS } from "./palette_files/formats";
import { open, thumbnail } from "./picture/open";
import type { Opened } from "./picture/decode.worker";
import { PictureProblem } from "./picture/problem";
import type { Sample } from "./picture/samples";
import type { Session } from "./session";

const SAMPLES: Record<Sample, string> = {
  lake: "Lake at dusk",
  marbles: "Marbles",
  meadow: "Meadow with poppies",
  sticker: "Sticker with transparency",
};
/** Of thumbnails, in CSS pixels. */
const WIDTH = 54;
const HEIGHT = 36;

export class Intake {
  #session: Session;
  #turn = 0;
  #thumbnails = new Map<Sample, HTMLCanvasElement>();

  constructor(session: Session) {
    this.#session = session;
    const file = find<HTMLInputElement>("#file");
    find("#choose").addEventListener("click", () => file.click());
    file.addEventListener("change", () => {
      this.#takeFiles([...(file.files ?? [])]);
      file.value = ""; // so that the same file can be chosen again
    });
    document.addEventListener("paste", (event) => this.#paste(event));
    this.#listenToDrops();
    this.#offerSamples();
  }

  #offerSamples(): void {
    const ratio = Math.min(2, devicePixelRatio);
    for (const [sample, name] of Object.entries(SAMPLES) as [Sample, string][]) {
      const canvas = make("canvas", { width: WIDTH * ratio, height: HEIGHT * ratio });
      const button = make(
        "button",
        { type: "button", className: "sample", ariaLabel: name, title: name },
        canvas,
      );
      button.addEventListener("click", () => void this.openSample(sample));
      find("#samples").append(make("li", {}, button));
      this.#thumbnails.set(sample, canvas);
    }
  }

  /** Draws the samples on their buttons: when there is time. */
  async drawThumbnails(): Promise<void> {
    for (const [sample, canvas] of this.#thumbnails) {
      const bitmap = await thumbnail(sample, canvas.width, canvas.height);
      if (bitmap) canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    }
  }

  openSample(sample: Sample, drawn = open({ sample })): Promise<void> {
    return this.#open(drawn, `${sample}.png`, null);
  }

  #paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return; // text, for the field that has the focus
    event.preventDefault();
    this.#takeFiles(files);
  }

  #listenToDrops(): void {
    let depth = 0; // of elements entered and not left
    const hint = (on: boolean) => document.body.classList.toggle("dropping", on);
    document.addEventListener("dragenter", () => hint(++depth > 0));
    document.addEventListener("dragleave", () => hint(--depth > 0));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      depth = 0;
      hint(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length) this.#takeFiles(files);
      else notice("Nothing was dropped that is a file.", "error");
    });
  }

  #takeFiles(files: File[]): void {
    const [first] = files;
    if (!first) return;
    if (files.length === 1 && isPalette(first.name)) {
      void fixFile(this.#session, first);
      return;
    }
    const chosen = files.find(({ type }) => type.startsWith("image/")) ?? first;
    const others = files.length - 1;
    const said = others
      ? `${files.length} files came. This page takes one at a time: ${chosen.name}, and not the other ${others}. ` +
        "For many there is the command line."
      : "";
    void this.#open(open({ file: chosen }), chosen.name, chosen.size, said);
  }

  async #open(
    opened: Promise<Opened>,
    name: string,
    bytes: number | null,
    said = "",
  ): Promise<void> {
    const turn = ++this.#turn;
    clearNotice("picture");
    if (said) notice(said, "note", "files");
    else clearNotice("files");
    find("#stage").classList.add("opening");
    try {
      const picture = await opened;
      if (turn !== this.#turn) return;
      clearErrors(); // they are about what came before
      await this.#session.take(picture, name, bytes);
      if (picture.animated) {
        notice(`${name} is animated: this is its first frame. The command line keeps all frames.`);
      }
    } catch (error) {
      if (turn !== this.#turn) return;
      const why =
        error instanceof PictureProblem ? error.message : `cannot be opened: ${String(error)}`;
      const kept = this.#session.picture ? ` ${this.#session.picture.name} stays.` : "";
      notice(`${name} ${why}${kept}`, "error");
    } finally {
      if (turn === this.#turn) find("#stage").classList.remove("opening");
    }
  }
}

function isPalette(name: string): boolean {
  const ending = name.split(".").pop()?.toLowerCase() ?? "";
  return name.includes(".") && Object.hasOwn(FORMATS, ending);
}
