// What the visitor chose: all that a picture's palette depends on, and how it is shown.

import type { Dither, Effort, Seeding, Space } from "kpalette";

export type Sort = "share" | "luminance" | "hue";
export type CloudSpace = "rgb" | "oklab";

export interface Settings {
  k: number;
  space: Space;
  effort: Effort;
  /** Whether salient pixels count more. */
  saliency: boolean;
  dither: Dither;
  /** The strength of the dither, 0 to 1. */
  strength: number;
  /** How much smaller to make the PNG, 0 to 3. Above 0, `dither` is null. */
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
/** How visible the loss of a smaller file is: at 0, and up to 1, 2 and 3. */
export const SMALLER = ["no loss", "not seen", "hardly seen", "seen close up"];
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

/** How many colours a theme has by default, as the library's. */
export const THEME_K = 6;

/** The seed, the same as the library's default. */
export const SEED = 0;
