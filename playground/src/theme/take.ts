// The theme to take along: as text, as the command that lists it, and as a card.

import type { Theme, ThemeOptions, ThemeText } from "kpalette";
import { namesOf } from "../colors";
import { copyText, download, find, make } from "../dom";
import { toast } from "../messages";
import type { Picture, Session } from "../session";
import type { Stage } from "../stage/stage";
import { asThemeCommand } from "../take/command";
import { stem } from "../text";

type Kind = ThemeText | "hex" | "command";

/** A theme, and what it was asked for with. */
export interface Made {
  theme: Theme;
  options: ThemeOptions;
}

/** The longer side of a card's picture, in pixels. */
const SIDE = 1600;

const COPIES: Record<Kind, { button: string; label: string }> = {
  css: { button: "CSS", label: "CSS variables" },
  tailwind: { button: "Tailwind", label: "Tailwind theme" },
  tokens: { button: "Tokens", label: "design Tokens" },
  hex: { button: "Hex", label: "Hex list" },
  command: { button: "Command", label: "Command" },
};

/** Makes the buttons that copy and download the theme that the page has by then. */
export function connectTake(session: Session, stage: Stage, current: () => Made | null): void {
  const buttons = Object.entries(COPIES).map(([kind, { button: textContent, label }]) => {
    const button = make("button", { type: "button", textContent, title: `Copy as ${label}` });
    button.setAttribute("aria-label", `Copy the theme as ${label}`);
    button.addEventListener("click", () => void copy(session, kind as Kind, label, current()));
    return button;
  });
  find("#theme-copies").append(...buttons);
  find("#theme-save").addEventListener("click", () => void save(session, stage, current()));
}

async function copy(session: Session, kind: Kind, label: string, made: Made | null): Promise<void> {
  const { picture } = session;
  if (!picture || !made) return;
  const { theme, options } = made;
  const text =
    kind === "command"
      ? asThemeCommand(picture.name, options)
      : kind === "hex"
        ? `${namesOf(theme).join("\n")}\n`
        : theme.texts[kind];
  toast((await copyText(text)) ? `Copied the ${label}` : "The browser refused to copy");
}

async function save(session: Session, stage: Stage, made: Made | null): Promise<void> {
  const { picture } = session;
  if (!picture || !made) return;
  const title = stem(picture.name);
  try {
    const shown = await smallPicture(await stage.copy(), picture);
    const card = await session.card(made.theme, { ...shown, title });
    download(card, "image/svg+xml", `${title}-theme.svg`);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
  }
}

/** The picture, or its first frame, of at most so many pixels a side: as the library's cards have it. */
async function smallPicture(
  pixels: Uint8ClampedArray<ArrayBuffer>,
  { width, height: all, channels, timing }: Picture,
): Promise<{ width: number; height: number; uri: string }> {
  const height = all / timing.durations.length;
  const first = new ImageData(pixels.subarray(0, 4 * width * height), width, height);
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const [across, down] = [width, height].map((side) => Math.max(1, Math.round(scale * side)));
  const bitmap = await createImageBitmap(first);
  const canvas = new OffscreenCanvas(across, down);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, across, down);
  bitmap.close();
  const type = channels === 4 ? "image/png" : "image/jpeg";
  const file = await canvas.convertToBlob({ type, quality: 0.85 });
  return { width: across, height: down, uri: await uriOf(file) };
}

function uriOf(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error as Error);
    reader.readAsDataURL(file);
  });
}
