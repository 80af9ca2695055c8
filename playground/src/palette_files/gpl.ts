// GIMP's .gpl: a line of text per colour, R, G and B in decimal and a name, which is the hex.

import type { Counted } from "../palette/sorting";
import { colorAt, namesOf } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { shown, toLevels, toLines } from "./reading";

const MAGIC = "GIMP Palette";

export function read(data: Bytes): Levels[] {
  const lines = toLines(new TextDecoder().decode(data)); // names may be in whatever encoding
  if (lines[0] !== MAGIC) {
    throw new PaletteReadError(
      `expected ${shown(MAGIC)} in the first line, got ${shown(lines[0])}`,
    );
  }
  let width = 3;
  const found: Levels[] = [];
  lines.slice(1).forEach((line, i) => {
    const field = /^([A-Za-z]+):\s*(.*)/.exec(line);
    // A name may be a number too, so only the header tells what a fourth one is.
    if (field) width = field[1] === "Channels" ? (field[2] === "RGBA" ? 4 : 3) : width;
    else if (line && !line.startsWith("#")) {
      found.push(toLevels(line.split(/\s+/).slice(0, width).join(" "), i + 2));
    }
  });
  return found;
}

export function write(palette: Counted, title: string): Bytes {
  // Three lines before the first colour: Pillow reads no more before 256 of them.
  const lines = [MAGIC, `Name: ${title}`, "Columns: 0", "#"];
  namesOf(palette).forEach((name, i) => {
    const levels = [...colorAt(palette, i)].map((level) => String(level).padStart(3));
    lines.push(`${levels.join(" ")}\t${name}`);
  });
  return ascii([...lines, ""].join("\n"));
}
