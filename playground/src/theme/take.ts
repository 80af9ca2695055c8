// The theme to take along: as text for a style sheet, and as a card.

import type { Theme, ThemeText } from "kpalette";
import { namesOf } from "../colors";
import { copyText, download, find, make } from "../dom";
import { toast } from "../messages";
import type { Picture, Session } from "../session";
import type { Stage } from "../stage/stage";
import { stem } from "../text";

type Kind = ThemeText | "hex";

/** The longer side of a card's picture, in pixels. */
const SIDE = 1600;

const COPIES: Record<Kind, { button: string; label: string }> = {
  css: { button: "CSS", label: "CSS variables" },
  tailwind: { button: "Tailwind", label: "Tailwind theme" },
  tokens: { button: "Tokens", label: "design Tokens" },
  hex: { button: "Hex", label: "Hex list" },
};

/** Makes the buttons that copy and download the theme that the page has by then. */
export function connectTake(session: Session, stage: Stage, current: () => Theme | null): void {
  const buttons = Object.entries(COPIES).map(([kind, { button: textContent, label }]) => {
    const button = make("button", { type: "button", textContent, title: `Copy as ${label}` });
    button.setAttribute("aria-label", `Copy the theme as ${label}`);
    button.addEventListener("click", () => void copy(kind as Kind, label, current()));
    return button;
  });
  const card = make("button", { type: "button", textContent: "Card" });
  card.setAttribute("aria-label", "Download the theme as a Card, SVG");
  card.title = "Download the picture and its theme, as SVG";
  card.addEventListener("click", () => void save(session, stage, current()));
  find("#theme-take").append(make("span", { textContent: "Copy as" }), ...buttons, card);
}

async function copy(kind: Kind, label: string, theme: Theme | null): Promise<void> {
  if (!theme) return;
  const text = kind === "hex" ? `${namesOf(theme).join("\n")}\n` : theme.texts[kind];
  toast((await copyText(text)) ? `Copied the ${label}` : "The browser refused to copy");
}

async function save(session: Session, stage: Stage, theme: Theme | null): Promise<void> {
  const { picture } = session;
  if (!picture || !theme) return;
  const title = stem(picture.name);
  try {
    const shown = await smallPicture(await stage.copy(), picture);
    const card = await session.card(theme, { ...shown, title });
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
