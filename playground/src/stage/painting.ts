// What the page and the painter say to each other.

import type { ColorList } from "kpalette";
import type { Size, View } from "./view";

export type Mode = "compare" | "error";

export interface Scene {
  stage: Size;
  view: View;
  /** Where the original ends and the result begins, in device pixels. */
  divider: number;
  mode: Mode;
  /** Two greys, for what is transparent. */
  checks: [string, string];
  /** Device pixels per CSS pixel. */
  ratio: number;
  /** Of an animation, which one is shown. */
  frame: number;
}

/** Its size is that of all frames, one below the other. */
export interface Result extends Size {
  rgba: Uint8ClampedArray<ArrayBuffer>;
  indices: Uint8Array<ArrayBuffer>;
  palette: ColorList;
}

export type ToPainter =
  | { kind: "canvas"; canvas: OffscreenCanvas }
  | {
      kind: "original";
      pixels: Uint8ClampedArray<ArrayBuffer>;
      width: number;
      /** Of one frame. */
      height: number;
      frames: number;
    }
  | { kind: "result"; result: Result; turn: number }
  | { kind: "scene"; scene: Scene }
  | { kind: "copy"; id: number };

export type FromPainter =
  | { kind: "painted"; turn: number }
  | { kind: "copied"; id: number; pixels: Uint8ClampedArray<ArrayBuffer> }
  | { kind: "failed"; message: string };
