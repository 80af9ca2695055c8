// What the visitor chose: all that a picture's palette depends on, and how it is shown.

import type { Dither, Effort, Seeding, Space } from "kpalette";

export type Sort = "share" | "luminance" | "hue";
export type CloudSpace = "rgb" | "oklab";

export interface Settings {
  k: number;
  space: Space;
  effort: Effort;
  /** Whether what stands out matters more. */
  saliency: boolean;
  dither: Dither;
  /** Of dithering: 0 to 1. */
  strength: number;
  /** How many bytes of the PNG to save where that is not seen, 0 to 3: without a dither. */
  smaller: number;
  /** Plain names of distinct colours, at most k. */
  fixed: string[];
  sort: Sort;
  cloud: CloudSpace;
}

export const SPACES: Record<Space, string> = {
  oklab: "Oklab",
  srgb: "sRGB",
  linear: "Linear RGB",
  lab: "CIELAB",
};
export const EFFORTS: Record<Effort, string> = {
  fast: "Fast",
  balanced: "Balanced",
  best: "Best",
};
export const DITHERS: Record<string, string> = {
  none: "None",
  "floyd-steinberg": "Floyd–Steinberg",
  "blue-noise": "Blue noise",
  bayer: "Bayer",
  spatial: "Spatial",
};
/** What is seen of smaller files, at 0, and up to 1, 2 and 3. */
export const SMALLER = ["nothing is left out", "not seen", "hardly seen", "seen close up"];
export const SEEDINGS: Record<Seeding, string> = {
  random: "Random",
  "k-means++": "k-means++",
  maximin: "Maximin",
  wu: "Wu",
};
export const SORTS: Record<Sort, string> = {
  share: "Share",
  luminance: "Luminance",
  hue: "Hue",
};
export const CLOUDS: Record<CloudSpace, string> = { rgb: "RGB", oklab: "Oklab" };

export const DEFAULTS: Settings = {
  k: 16,
  space: "oklab",
  effort: "balanced",
  saliency: false,
  dither: null,
  strength: 1,
  smaller: 0,
  fixed: [],
  sort: "share",
  cloud: "oklab",
};

/** The library draws from the same numbers by default. */
export const SEED = 0;
