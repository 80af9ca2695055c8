// JSON with a palette's colours as hex, their counts, and their shares for people.

import type { Counted } from "../palette/sorting";
import { namesOf } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { parseHex, shown, toText } from "./reading";

export function read(data: Bytes): Levels[] {
  const text = toText(data);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new PaletteReadError(`expected JSON, got ${shown(text)}`);
  }
  const names = Array.isArray(content) ? content : (content as { colors?: unknown } | null)?.colors;
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new PaletteReadError(
      `colors: expected a list of strings, got ${shown(String(JSON.stringify(names)))}`,
    );
  }
  return names.map((name, i) => parseHex(name, `colour ${i + 1}`));
}

/** Writes colours, counts and shares, with a line for each, as the library does. */
export function write(palette: Counted): Bytes {
  const counts = [...palette.counts];
  const total = counts.reduce((sum, count) => sum + count, 0);
  const lists = {
    colors: namesOf(palette).map((name) => `"${name}"`),
    counts: counts.map(String),
    shares: counts.map((count) => float(total ? count / total : 0)),
  };
  const parts = Object.entries(lists).map(
    ([name, values]) => ` "${name}": [\n${values.map((value) => `  ${value}`).join(",\n")}\n ]`,
  );
  return ascii(`{\n${parts.join(",\n")}\n}\n`);
}

/** Writes 0 to 1 as Python does: always with a point or an exponent, which has two digits. */
function float(value: number): string {
  if (value === 0 || value === 1) return value.toFixed(1);
  return value < 1e-4 ? value.toExponential().replace(/-(\d)$/, "-0$1") : String(value);
}
