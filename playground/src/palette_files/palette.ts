// The types that all formats of palette files share.

import type { Counted } from "../palette/sorting";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A file without a readable palette: damaged, empty or of another format. */
export class PaletteReadError extends Error {
  override name = "PaletteReadError";
}

/** The levels of one colour: R, G, B and perhaps alpha. */
export type Levels = number[];

export interface Format {
  /** Returns the colours of a file, in its order; absent if the page only writes the format. */
  read?: (data: Bytes) => Levels[];
  /** `palette` has 3 channels unless the format has alpha; `title` is not empty. */
  write: (palette: Counted, title: string) => Bytes;
  alpha: boolean;
  type: string;
}

export const ascii = (text: string): Bytes => new TextEncoder().encode(text);
