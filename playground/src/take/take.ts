// Downloads of pictures and palettes, and text to copy: the command, Python, a link.

import { toFragment } from "../address";
import { copyText, download, find, make } from "../dom";
import { toast } from "../messages";
import { encode, FORMATS, refusal, swatches } from "../palette_files/formats";
import { inOrder, orderOf } from "../palette/sorting";
import type { Session, Shown } from "../session";
import { stem } from "../text";
import { asCommand, asPython, resultName } from "./command";
import { encodeWebp, PICTURES, type PictureKind } from "./pictures";

const KINDS: Record<PictureKind, string> = { png: "PNG", gif: "GIF", webp: "WebP" };

export class TakePanel {
  #session: Session;
  #shown: Shown | null = null;
  #lent = false;
  #kind = find<HTMLSelectElement>("#save-kind");
  /** The buttons, one for each format of palette files. */
  #buttons = new Map<string, HTMLButtonElement>();

  constructor(session: Session) {
    this.#session = session;
    session.opened.on(() => this.#clear());
    session.opened.on(() => this.#offerKinds());
    session.shown.on((shown) => this.#show(shown));
    session.lent.on((lent) => {
      this.#lent = lent !== null;
      this.#tellKind();
    });
    this.#kind.addEventListener("change", () => this.#tellKind());
    find("#save-png").addEventListener("click", () => void this.#savePicture());
    for (const kind of [...Object.keys(FORMATS), "png"]) {
      const button = make("button", {
        type: "button",
        textContent: kind,
        ariaLabel: `Palette as .${kind}`,
      });
      button.addEventListener("click", () => void this.#savePalette(kind));
      this.#buttons.set(kind, button);
      find("#save-palette").append(button);
    }
    this.#connectCopy("#copy-command", asCommand, "Copied the command");
    this.#connectCopy("#copy-python", asPython, "Copied the Python");
    find("#copy-link").addEventListener("click", async () => {
      const { href } = new URL(toFragment(session.lasting), location.href);
      toast(
        (await copyText(href))
          ? "Copied the link: it has the settings, not the picture"
          : "The browser refused to copy",
      );
    });
  }

  #connectCopy(
    selector: string,
    write: (name: string, shown: Shown, moving: boolean) => string,
    said: string,
  ): void {
    find(selector).addEventListener("click", async () => {
      const { picture } = this.#session;
      if (!picture || !this.#shown) return;
      const copied = await copyText(write(picture.name, this.#shown, this.#session.isMoving));
      toast(copied ? said : "The browser refused to copy");
    });
  }

  /** An animation is taken as GIF, with all its frames. */
  #offerKinds(): void {
    const kinds = this.#session.isMoving ? (["gif"] as const) : (Object.keys(PICTURES) as PictureKind[]);
    const before = this.#kind.value;
    const options = kinds.map((value) => make("option", { value, text: KINDS[value] }));
    this.#kind.replaceChildren(...options);
    if (kinds.some((kind) => kind === before)) this.#kind.value = before;
    this.#tellKind();
  }

  #clear(): void {
    this.#shown = null;
    find("#command").textContent = "";
  }

  #show(shown: Shown): void {
    const { picture } = this.#session;
    if (!picture) return;
    this.#shown = shown;
    const words = asCommand(picture.name, shown, this.#session.isMoving).split(" ");
    const spans = words.map((word) => make("span", { textContent: word }));
    find("#command").replaceChildren(...spans.flatMap((span) => [span, " "]).slice(0, -1));
    this.#tellAlpha(shown);
  }

  /** Disables the formats that cannot hold the palette's alpha. Their buttons say why. */
  #tellAlpha(shown: Shown): void {
    for (const [kind, button] of this.#buttons) {
      const why = refusal(shown, kind);
      button.setAttribute("aria-disabled", String(why !== null));
      button.title = why ?? "";
    }
  }

  #tellKind(): void {
    const kind = KINDS[this.#kind.value as PictureKind];
    find("#save-png").textContent = `Download ${kind}${this.#lent ? " of the result" : ""}`;
  }

  async #savePicture(): Promise<void> {
    const { picture } = this.#session;
    const shown = this.#shown;
    if (!picture || !shown) return;
    if (!shown.exact) {
      toast("Please wait: the exact picture is being made");
      return;
    }
    const kind = this.#kind.value as PictureKind;
    const k = shown.edited ? shown.counts.length : shown.settings.k;
    try {
      const file = await (kind === "png" || this.#session.isMoving
        ? this.#session.file(shown)
        : kind === "gif"
          ? this.#session.gif(await this.#session.bare(), shown)
          : encodeWebp(shown));
      download(file, PICTURES[kind], resultName(picture.name, k, kind));
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
  }

  async #savePalette(kind: string): Promise<void> {
    const { picture } = this.#session;
    if (!picture || !this.#shown) return;
    const palette = inOrder(this.#shown, orderOf(this.#shown, this.#session.settings.sort));
    const name = resultName(picture.name, palette.counts.length, kind);
    try {
      if (kind === "png") {
        const engine = await this.#session.bare();
        const file = await engine.encodePng({ ...swatches(palette), ...palette, keepOrder: true });
        download(file, "image/png", `${stem(name)}-palette.png`);
      } else {
        download(encode(palette, kind, stem(name)), FORMATS[kind].type, name);
      }
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error));
    }
  }
}
