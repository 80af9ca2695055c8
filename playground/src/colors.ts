// Colours as people write them, and as bytes.

import type { ColorList } from "kpalette";

/** Reads rrggbb, rrggbbaa, rgb or rgba, with or without a # before it; null if it is none. */
export function hexLevels(text: string): number[] | null {
  let digits = text.startsWith("#") ? text.slice(1) : text;
  if (!/^(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(digits)) return null;
  if (digits.length <= 4) digits = [...digits].map((digit) => digit + digit).join("");
  return Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

/** Writes levels as #rrggbb or #rrggbbaa. */
export function hexName(levels: Iterable<number>): string {
  return `#${[...levels].map((level) => level.toString(16).padStart(2, "0")).join("")}`;
}

/** Gives a colour one name however it was written: lower case, long, without alpha if opaque. */
export function plainName(text: string): string | null {
  const levels = hexLevels(text.trim());
  if (levels === null) return null;
  return hexName(levels.length === 4 && levels[3] === 255 ? levels.slice(0, 3) : levels);
}

export function colorAt({ colors, channels }: ColorList, i: number): Uint8Array {
  return colors.subarray(channels * i, channels * (i + 1));
}

/** The names of all colours; #rrggbbaa for each if the palette has alpha. */
export function namesOf(palette: ColorList): string[] {
  const k = palette.colors.length / palette.channels;
  return Array.from({ length: k }, (_, i) => hexName(colorAt(palette, i)));
}

export interface Found {
  /** Distinct, plain names, in their order. */
  colors: string[];
  /** What is no colour, as it was written. */
  others: string[];
}

/** Finds colours in what was typed or pasted, between spaces, commas, semicolons or lines. */
export function findColors(text: string): Found {
  const colors = new Set<string>();
  const others: string[] = [];
  for (const word of text.split(/[\s,;]+/).map((part) => part.replace(/^["']|["']$/g, ""))) {
    const name = plainName(word);
    if (name) colors.add(name);
    else if (word) others.push(word);
  }
  return { colors: [...colors], others };
}
