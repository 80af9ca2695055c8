// CSS custom properties: --brand-1: #rrggbb; and so on for every colour, in :root.

import type { Counted } from "../palette/sorting";
import { namesOf } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { parseHex, toText } from "./reading";

/** Reads the custom properties that are hex colours; of a theme's file, only its own colours. */
export function read(data: Bytes): Levels[] {
  const text = toText(data).replace(/\/\*[^]*?(?:\*\/|$)/g, " ");
  const found: [string, Levels][] = [];
  for (const [, name, value, end] of text.matchAll(
    /(?<![\w-])(--[\w-]+)\s*:\s*([^;{}]*)([;{}]?)/g,
  )) {
    if (!end) {
      throw new PaletteReadError(`${name}: expected “;” or “}” after its value, got the file's end`);
    }
    if (value.startsWith("#")) found.push([name, parseHex(value.trim(), name)]);
  }
  if (!found.length) {
    throw new PaletteReadError("expected at least one colour such as “--a: #ff8800;”, got none");
  }
  const names = new Set(found.map(([name]) => name));
  const ofTheme = found.filter(([name]) => isOfTheme(name, names));
  return (ofTheme.length ? ofTheme : found).map(([, levels]) => levels);
}

/** Whether a property is a numbered colour of a theme, beside which it has its text and a page's. */
function isOfTheme(name: string, names: Set<string>): boolean {
  const [, title, number] = /^(.*)-(\d+)$/.exec(name) ?? [];
  return names.has(`${title}-on-${number}`) && names.has(`${title}-page-background`);
}

export function write(palette: Counted, title: string): Bytes {
  const name =
    title
      .toLowerCase()
      .replace(/[^a-z0-9_]+/g, "-")
      .replace(/^-+|-+$/g, "") || "color";
  const lines = namesOf(palette).map((color, i) => `  --${name}-${i + 1}: ${color};`);
  return ascii([":root {", ...lines, "}", ""].join("\n"));
}
