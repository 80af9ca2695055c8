// JASC's .pal (Paint Shop Pro), a text. Microsoft's, a RIFF file, is told apart and not read here.

import type { Counted } from "../palette/sorting";
import { colorAt } from "../colors";
import { ascii, type Bytes, type Levels, PaletteReadError } from "./palette";
import { shown, toLevels, toLines, toText } from "./reading";

const MAGIC = "JASC-PAL";
const VERSION = "0100";

export function read(data: Bytes): Levels[] {
  if (data.length > 3 && String.fromCharCode(...data.subarray(0, 4)) === "RIFF") {
    throw new PaletteReadError("expected JASC's kind of .pal, got Microsoft's, a RIFF file");
  }
  const [magic, version = "", count = "", ...entries] = toLines(toText(data));
  if (magic !== MAGIC) {
    throw new PaletteReadError(`expected ${shown(MAGIC)} at the start, got ${shown(magic)}`);
  }
  if (version !== VERSION) {
    throw new PaletteReadError(`expected version ${shown(VERSION)}, got ${shown(version)}`);
  }
  if (!/^\d{1,6}$/.test(count) || Number(count) !== entries.length) {
    throw new PaletteReadError(
      `expected as many colours as line 3 says, ${shown(count)}, got ${entries.length}`,
    );
  }
  return entries.map((line, i) => toLevels(line, i + 4));
}

export function write(palette: Counted): Bytes {
  const colors = Array.from(palette.counts, (_, i) => colorAt(palette, i).join(" "));
  return ascii([MAGIC, VERSION, palette.counts.length, ...colors, ""].join("\r\n"));
}
