// The .hex of palette collections such as Lospec's: rrggbb per line, or rrggbbaa with alpha.

import type { Counted } from "../palette/sorting";
import { namesOf } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { parseHex, shown, toLines, toText } from "./reading";

export function read(data: Bytes): Levels[] {
  const found: Levels[] = [];
  toLines(toText(data)).forEach((line, i) => {
    const { length } = line.replace(/^#/, "");
    if (length === 3 || length === 4) {
      // not short, but of a file that was cut short
      throw new PaletteReadError(`line ${i + 1}: expected rrggbb or rrggbbaa, got ${shown(line)}`);
    }
    if (line) found.push(parseHex(line, `line ${i + 1}`));
  });
  return found;
}

export function write(palette: Counted): Bytes {
  return ascii(
    namesOf(palette)
      .map((name) => `${name.slice(1)}\n`)
      .join(""),
  );
}
