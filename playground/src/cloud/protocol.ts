// The messages between the page and the cloud's worker.

import type { CloudSpace } from "../settings";

export interface Camera {
  /** Radians round the vertical, and up from the horizontal. */
  yaw: number;
  pitch: number;
  /** From the middle; the cloud is about 1 wide. */
  distance: number;
}

export interface Centers {
  /** (k, 3), sRGB from 0 to 255. */
  colors: Float32Array;
  /** (k,), the part of the pixels: 0 to 1. */
  shares: Float32Array;
}

export type ToCloud =
  | { kind: "canvas"; canvas: OffscreenCanvas }
  | { kind: "size"; width: number; height: number; ratio: number }
  | { kind: "points"; colors: Uint8Array; counts: Float64Array }
  /** Of all points, (n, 3), in place of their own colours; or null. */
  | { kind: "shades"; colors: Uint8Array | null }
  /** `ms` is how long they take to move there. */
  | { kind: "centers"; centers: Centers; ms: number }
  | { kind: "space"; space: CloudSpace; ms: number }
  | { kind: "camera"; camera: Camera }
  | { kind: "theme"; line: string; outline: string };

export type FromCloud = { kind: "ready" } | { kind: "failed"; message: string };
