// Functions that the readers of several formats share.

import { hexLevels } from "../colors";
import { type Bytes, type Levels, PaletteReadError } from "./palette";

/** Returns the beginning of a text, quoted for an error. */
export function shown(got: string): string {
  return `“${got.length > 40 ? `${got.slice(0, 38)}…` : got}”`;
}

/** Decodes UTF-8, with or without a byte order mark. */
export function toText(data: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw new PaletteReadError("expected text in UTF-8, got other bytes");
  }
}

/** The lines of a text, without spaces around them and without empty ones at the end. */
export function toLines(text: string): string[] {
  return text
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim());
}

/** Reads R, G, B and perhaps alpha, each 0 to 255, from the start of a line. */
export function toLevels(line: string, number: number): Levels {
  const match = /^(\d+)\s+(\d+)\s+(\d+)(?:\s+(\d+))?(?=\s|$)/.exec(line);
  const levels = match ? match.slice(1).filter(Boolean).map(Number) : [];
  if (!levels.length || Math.max(...levels) > 255) {
    throw new PaletteReadError(
      `line ${number}: expected three levels from 0 to 255, got ${shown(line)}`,
    );
  }
  return levels;
}

export function parseHex(text: string, where: string): Levels {
  const levels = hexLevels(text);
  if (!levels)
    throw new PaletteReadError(`${where}: expected rrggbb or rrggbbaa, got ${shown(text)}`);
  return levels;
}
