// How pictures come in: dropped, pasted, chosen, or one of the samples.

import { Batch, type Found } from "./batch/batch";
import { droppedFiles } from "./batch/dropped";
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
/** The size of thumbnails, in CSS pixels. */
const WIDTH = 54;
const HEIGHT = 36;

export class Intake {
  #session: Session;
  #batch: Batch;
  #turn = 0;
  #thumbnails = new Map<Sample, HTMLCanvasElement>();

  constructor(session: Session) {
    this.#session = session;
    this.#batch = new Batch(session);
    for (const kind of ["file", "folder"]) {
      const input = find<HTMLInputElement>(`#${kind}`);
      find(kind === "file" ? "#choose" : "#choose-folder").addEventListener("click", () =>
        input.click(),
      );
      input.addEventListener("change", () => {
        const files = [...(input.files ?? [])];
        this.#takeFiles(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
        input.value = ""; // so that the same file can be chosen again
      });
    }
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

  /** Draws the samples on their buttons, when the browser is idle. */
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
    this.#takeFiles(files.map((file) => ({ file, path: file.name })));
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
      const { dataTransfer } = event;
      if (dataTransfer) void droppedFiles(dataTransfer).then((files) => this.#takeFiles(files));
    });
  }

  #takeFiles(found: Found[]): void {
    const [first] = found;
    if (!first) {
      notice("That was no file. Drop or paste an image file.", "error");
      return;
    }
    if (found.length === 1 && isPalette(first.path)) {
      void fixFile(this.#session, first.file);
      return;
    }
    const pictures = found.filter(({ file }) => file.type.startsWith("image/"));
    const { file } = pictures[0] ?? first;
    void this.#open(open({ file }), file.name, file.size);
    if (pictures.length > 1) this.#batch.take(pictures);
  }

  async #open(
    opened: Promise<Opened>,
    name: string,
    bytes: number | null,
  ): Promise<void> {
    const turn = ++this.#turn;
    clearNotice("picture");
    find("#stage").classList.add("opening");
    try {
      const picture = await opened;
      if (turn !== this.#turn) return;
      clearErrors(); // they are about what came before
      await this.#session.take(picture, name, bytes);
      if (picture.still !== null) {
        const why = `this is its first frame, because ${picture.still}`;
        notice(`${name} is animated: ${why}. The command line takes all frames.`);
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
