// What the visitor leaves with: figures, files, and words to do the same elsewhere.

import { copyText, download, find, make } from "../dom";
import { toast } from "../messages";
import { encode, FORMATS, swatches } from "../palette_files/formats";
import { type Counted, orderOf } from "../palette/sorting";
import { colorAt } from "../colors";
import type { Session, Shown } from "../session";
import { bytes, count, figure, stem } from "../text";
import { asCommand, asPython, resultName } from "./command";

/** After the last change, in ms, comes what takes longer than a fit. */
const REST = 350;

export class TakePanel {
  #session: Session;
  #shown: Shown | null = null;
  #file: Promise<Uint8Array<ArrayBuffer>> | null = null;
  #timer = 0;

  constructor(session: Session) {
    this.#session = session;
    session.opened.on(() => this.#clear());
    session.shown.on((shown) => this.#show(shown));
    find("#save-png").addEventListener("click", () => void this.#savePng());
    for (const kind of [...Object.keys(FORMATS), "png"]) {
      const button = make("button", {
        type: "button",
        textContent: kind,
        ariaLabel: `Palette as .${kind}`,
      });
      button.addEventListener("click", () => void this.#savePalette(kind));
      find("#save-palette").append(button);
    }
    this.#connectCopy("#copy-command", asCommand, "Copied the command");
    this.#connectCopy("#copy-python", asPython, "Copied the Python");
    find("#copy-link").addEventListener("click", async () => {
      toast(
        (await copyText(location.href))
          ? "Copied the link: it has the settings"
          : "The browser refused to copy",
      );
    });
  }

  #connectCopy(
    selector: string,
    write: (name: string, shown: Shown) => string,
    said: string,
  ): void {
    find(selector).addEventListener("click", async () => {
      const { picture } = this.#session;
      if (!picture || !this.#shown) return;
      const copied = await copyText(write(picture.name, this.#shown));
      const needs =
        this.#shown.edited && write === asCommand ? ": it needs the palette as .hex" : "";
      toast(copied ? said + needs : "The browser refused to copy");
    });
  }

  /** Of another picture nothing is known yet. */
  #clear(): void {
    this.#shown = null;
    clearTimeout(this.#timer);
    for (const figure of document.querySelectorAll("#figures dd")) figure.textContent = "–";
    find("#bytes-part").textContent = "";
    find("#command").textContent = "";
  }

  #show(shown: Shown): void {
    const { picture } = this.#session;
    if (!picture || shown === this.#shown) return;
    this.#shown = shown;
    this.#file = null;
    const about = shown.exact ? "" : "≈ ";
    find("#mse").textContent = about + figure(shown.mse);
    find("#psnr").textContent = Number.isFinite(shown.psnr)
      ? `${about}${shown.psnr.toFixed(2)} dB`
      : "lossless";
    find("#delta-e").classList.add("old");
    find("#time").textContent = `${shown.ms < 10 ? shown.ms.toFixed(1) : Math.round(shown.ms)} ms`;
    find("#passes").textContent = count(shown.passes);
    find("#command").textContent = asCommand(picture.name, shown);
    find("#bytes").classList.add("old");
    clearTimeout(this.#timer);
    if (shown.exact)
      this.#timer = window.setTimeout(() => this.#measure(shown).catch(() => {}), REST);
  }

  #png(shown: Shown): Promise<Uint8Array<ArrayBuffer>> {
    return (this.#file ??= this.#session.png(shown));
  }

  async #measure(shown: Shown): Promise<void> {
    const deltaE = await this.#session.deltaE(shown);
    find("#delta-e").textContent = deltaE.toFixed(2);
    find("#delta-e").classList.remove("old");
    const file = await this.#png(shown);
    if (shown !== this.#shown) return;
    const { picture } = this.#session;
    const part = picture?.bytes ? Math.round((100 * file.length) / picture.bytes) : 0;
    find("#bytes-part").textContent = part ? `${part} % of file` : "";
    find("#bytes").textContent = bytes(file.length);
    find("#bytes").classList.remove("old");
  }

  async #savePng(): Promise<void> {
    const { picture } = this.#session;
    const shown = this.#shown;
    if (!picture || !shown) return;
    if (!shown.exact) {
      toast("One moment: the picture is being made exact");
      return;
    }
    const name = resultName(
      picture.name,
      shown.edited ? shown.counts.length : shown.settings.k,
      "png",
    );
    download(await this.#png(shown), "image/png", name);
  }

  async #savePalette(kind: string): Promise<void> {
    const { picture } = this.#session;
    if (!picture || !this.#shown) return;
    const palette = ordered(this.#shown, orderOf(this.#shown, this.#session.settings.sort));
    const name = resultName(picture.name, palette.counts.length, kind);
    try {
      if (kind === "png") {
        const engine = await this.#session.bare();
        const file = await engine.encodePng({ ...swatches(palette), ...palette });
        download(file, "image/png", `${stem(name)}-palette.png`);
      } else {
        download(encode(palette, kind, stem(name)), FORMATS[kind].type, name);
      }
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
  }
}

function ordered(palette: Counted, order: number[]): Counted {
  const { channels } = palette;
  const colors = new Uint8Array(order.length * channels);
  order.forEach((entry, at) => colors.set(colorAt(palette, entry), at * channels));
  return { colors, channels, counts: Float64Array.from(order, (entry) => palette.counts[entry]) };
}
