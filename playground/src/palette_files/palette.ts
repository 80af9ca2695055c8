// What the formats take and give.

import type { Counted } from "../palette/sorting";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A file that holds no palette that can be read: damaged, empty or of another kind. */
export class PaletteReadError extends Error {
  override name = "PaletteReadError";
}

/** The levels of one colour: R, G, B and perhaps alpha. */
export type Levels = number[];

export interface Format {
  /** Gives the colours of a file, in its order; absent where this page only writes. */
  read?: (data: Bytes) => Levels[];
  /** `palette` has 3 channels unless the format has alpha; `title` is not empty. */
  write: (palette: Counted, title: string) => Bytes;
  alpha: boolean;
  type: string;
}

export const ascii = (text: string): Bytes => new TextEncoder().encode(text);
