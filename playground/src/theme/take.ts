// The theme to take along: as text for a style sheet, and as a card.

import type { Theme, ThemeText } from "kpalette";
import { namesOf } from "../colors";
import { copyText, download, find, make } from "../dom";
import { toast } from "../messages";
import type { Session } from "../session";
import type { Stage } from "../stage/stage";
import { stem } from "../text";

type Kind = ThemeText | "hex";

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
  find("#theme-take").append(make("span", { textContent: "Copy as" }), ...buttons);
}

async function copy(kind: Kind, label: string, theme: Theme | null): Promise<void> {
  if (!theme) return;
  const text = kind === "hex" ? `${namesOf(theme).join("\n")}\n` : theme.texts[kind];
  toast((await copyText(text)) ? `Copied the ${label}` : "The browser refused to copy");
}
