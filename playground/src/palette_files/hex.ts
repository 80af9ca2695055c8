// The .hex of palette collections such as Lospec's: rrggbb per line, or rrggbbaa with alpha.

import type { Counted } from "../palette/sorting";
import { namesOf } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { parseHex, shown, toLines, toText } from "./reading";

export function read(data: Bytes): Levels[] {
  const text = toText(data);
  const lines = toLines(text);
  const last = lines[lines.length - 1];
  if (last.replace(/^#/, "").length < 6 && last && !/[\r\n]$/.test(text)) {
    // a short form, or the beginning of a colour
    throw new PaletteReadError(
      `line ${lines.length}: expected rrggbb or rrggbbaa, got ${shown(last)} at the file's end, ` +
        "where it may be cut off; a line break after it says that it is whole",
    );
  }
  return lines.flatMap((line, i) => (line ? [parseHex(line, `line ${i + 1}`)] : []));
}

export function write(palette: Counted): Bytes {
  return ascii(
    namesOf(palette)
      .map((name) => `${name.slice(1)}\n`)
      .join(""),
  );
}
