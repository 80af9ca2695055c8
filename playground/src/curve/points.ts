// The points of the curve.

import type { Space } from "kpalette";
import { SPACES } from "../settings";

/** The library's `sweep` and the elbow's rule take these; a fit starts from the one before. */
export const RANGE = Array.from({ length: 32 }, (_, i) => 2 * (i + 1));
/** More values, up to the slider's end. */
export const KS = [...RANGE, 80, 96, 112, 128, 160, 192, 224, 256];
/** The values for which the file's size is measured on request. */
export const SIZED = [2, 4, 8, 16, 32, 64, 128, 256];

export type Measure = "cost" | "mse" | "size";

export const MEASURES: Record<Measure, string> = { cost: "Cost", mse: "MSE", size: "File size" };

/** The measures that the curve can show. */
export function unitOf(measure: Measure, space: Space): string {
  if (measure === "size") return "bytes";
  if (measure === "mse") return "squared error in 8-bit sRGB, mean over pixels";
  return `squared distance in ${SPACES[space]}, sum over pixels`;
}
