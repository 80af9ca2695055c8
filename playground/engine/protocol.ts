// The messages between the page and the worker.

// These are written out for their types; a test compares them with the core's tables.
export const SPACES = ["oklab", "srgb", "linear", "lab"] as const;
export const EFFORTS = ["fast", "balanced", "best"] as const;
export const DITHERS = ["floyd-steinberg", "blue-noise", "bayer", "spatial"] as const;
export const SEEDINGS = ["random", "k-means++", "maximin", "wu"] as const;
export const ROLES = [
  "dominant", "background", "accent",
  "vibrant", "light-vibrant", "dark-vibrant", "muted", "light-muted", "dark-muted",
] as const;
export const THEME_TEXTS = ["css", "tailwind", "tokens"] as const;

/** The most that `smaller` can be. */
export const MOST_SMALLER = 3;

export type Space = (typeof SPACES)[number];
export type Effort = (typeof EFFORTS)[number];
export type Dither = null | (typeof DITHERS)[number];
export type Seeding = (typeof SEEDINGS)[number];
export type Role = (typeof ROLES)[number];
export type ThemeText = (typeof THEME_TEXTS)[number];

/** RGBA, 8-bit sRGB: (height, width, 4), as ImageData has them. */
export type Pixels = Uint8ClampedArray | Uint8Array;

export interface Size {
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
}

export interface Loaded {
  width: number;
  height: number;
  distinct: number;
  /** 4 where some pixel is not opaque. */
  channels: 3 | 4;
  /** At most 20,000 colours that stand for all: (n, 3), and the pixels of each. */
  cloud: { colors: Uint8Array; counts: Float64Array };
}

/** How the frames of an animation follow each other. */
export interface Timing {
  /** Of each frame, in milliseconds. */
  durations: readonly number[];
  /** How often they play; 0 for ever. */
  loop: number;
}

export interface MapOptions {
  /** Where colours are compared: "oklab" as eyes do; "srgb" makes the squared error least. */
  space: Space;
  /** How neighbouring pixels are mixed: "spatial" also chooses the palette for it; null for not. */
  dither: Dither;
  /** The strength of the dither, 0 to 1. */
  strength: number;
  /** How much smaller to make the PNG, or an animation's GIF, 0 to 3; 0 by default. */
  smaller?: number;
}

export interface PaletteOptions {
  /** Where colours are compared, as in `quantize`. */
  space: Space;
  /** The most colours of the palette, 1 to 256. */
  k: number;
  /** "fast" is about as good for photos; "best" searches on, and takes several times as long. */
  effort: Effort;
  /** Of the random starts: a whole number from 0. The same one gives the same bytes. */
  seed: number;
  /** Distinct colours that the palette must have: #rrggbb, #rrggbbaa, #rgb, #rgba or names. */
  fixed: string[];
}

export interface QuantizeOptions extends PaletteOptions, MapOptions {
  /** Whether salient pixels count more; false by default. */
  saliency?: boolean;
}

export interface ColorList {
  /** (k, channels), 8-bit sRGB. */
  colors: Uint8Array;
  channels: 3 | 4;
}

export interface Quantized extends ColorList {
  /** The number of pixels that show each colour. */
  counts: Float64Array;
  /** (height, width), the palette entry of each pixel. */
  indices: Uint8Array;
  /** (height, width, 4), for a canvas. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
  /** Mean over pixels of the squared error, summed over R, G and B, in 8-bit sRGB. */
  mse: number;
  /** In decibels; Infinity where nothing was lost. */
  psnr: number;
  /** Mean CIEDE2000 over pixels; NaN if it was not measured with the picture. */
  deltaE: number;
  /** The passes of k-means; 0 if the palette was given. */
  passes: number;
  /** Milliseconds to find the palette. */
  fitMs: number;
  /** Milliseconds to map the pixels. */
  mapMs: number;
  /** The file, GIF if it moves, if `smaller` was above 0; its size decided which picture this is. */
  file?: Uint8Array<ArrayBuffer>;
}

/** How a picture looks beside the image. */
export interface Looked {
  /** On SSIMULACRA2's scale; 100 where nothing changed. */
  looks: number;
  /** The tile that lowers it most, in pixels; null where nothing changed. */
  worst: { left: number; top: number; width: number; height: number } | null;
}

export interface ThemeOptions {
  /** 1 to 64, or "auto": as many as differ and matter. */
  k: number | "auto";
  /** Colours that do not count, such as "#ffffff", "#fff" or "white". */
  ignore?: string[];
  /** What the names in its texts begin with; "theme" by default. */
  name?: string;
}

/** The colours that a person would pick from the image, in that order. */
export interface Theme extends ColorList {
  /** The number of pixels that are nearest to each. */
  counts: Float64Array;
  /** #rrggbb of each role that the image has. */
  roles: Partial<Record<Role, string>>;
  /** A common name of each, such as "dusty rose". */
  names: string[];
  /** The name of the nearest colour that CSS has a name for. */
  cssNames: string[];
  /** #rrggbb of text that is legible on each. */
  text: string[];
  /** Indices of two colours that are legible on each other, by WCAG; those of most contrast first. */
  pairs: [number, number][];
  /** Column and row of a pixel well inside the largest area of each; null for an animation. */
  places: [number, number][] | null;
  /** The theme as text, by format. */
  texts: Record<ThemeText, string>;
}

export interface CardOptions {
  /** The picture's size in pixels, and where it is: data:image/…; 0, 0 and "" for none. */
  width: number;
  height: number;
  uri: string;
  title: string;
}

export interface SweepOptions {
  space: Space;
  effort: Effort;
  seed: number;
}

export interface SweepPoint {
  k: number;
  /** Sum over pixels of squared distances in the space; it never rises with k. */
  cost: number;
  mse: number;
}

export interface StepsOptions {
  k: number;
  space: Space;
  seed: number;
  seeding: Seeding;
  /** Colours to start from in their place, (k, 3). */
  centers?: Uint8Array;
}

/** One pass of plain k-means. */
export interface Step {
  /** (k, 3), sRGB from 0 to 255; fewer where the image has not so many colours. */
  centers: Float32Array;
  /** Pixels that are nearest to each. */
  counts: Float64Array;
  /** The nearest centre of each of the cloud's colours. */
  labels: Uint8Array;
  /** Sum over pixels of the squared distances to these centres, in the space. */
  cost: number;
  /** 0 is the seeds. */
  pass: number;
  /** Whether the next pass would change nothing. */
  done: boolean;
}

export interface PngOptions extends ColorList {
  /** (height, width), each below k. */
  indices: Uint8Array;
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** Whether to take a tenth of the time, as --effort fast: photos are 10 to 20 % larger. */
  quick?: boolean;
  /** Whether to keep the palette's order; otherwise it has the order that compresses best. */
  keepOrder?: boolean;
}

/** A frame in few colours. */
export interface Frame extends ColorList {
  /** (height, width). */
  indices: Uint8Array;
  /** In milliseconds. */
  duration: number;
}

export interface GifOptions {
  /** One is a still. */
  frames: Frame[];
  /** In pixels, of each frame. */
  width: number;
  /** In pixels, of each frame. */
  height: number;
  /** How often it plays; 0, or nothing, for ever. */
  loop?: number;
}

/** The page's requests. */
export type Request =
  | { kind: "load"; rgba: Pixels; width: number; height: number; timing?: Timing }
  | { kind: "quantize"; options: QuantizeOptions; deltaE: boolean }
  | { kind: "remap"; palette: ColorList; options: MapOptions; deltaE: boolean }
  | { kind: "deltaE" }
  | { kind: "looks" }
  | { kind: "theme"; options: ThemeOptions }
  | { kind: "card"; theme: Theme; options: CardOptions }
  | { kind: "sweep"; ks: number[]; options: SweepOptions }
  /** Of one walk at a time: that of another number begins anew. */
  | { kind: "step"; walk: number; options: StepsOptions }
  | { kind: "png"; image: PngOptions }
  | { kind: "gif"; images: GifOptions };

/** Each request has an id, and ends with one answer of that id: "done" or "failed". */
export type ToWorker =
  | (Request & { id: number })
  | { kind: "abort"; id: number }
  | { kind: "end walk"; walk: number };

export type FromWorker =
  | { kind: "done"; id: number; result: unknown }
  | { kind: "failed"; id: number; name: string; message: string }
  | { kind: "progress"; id: number; passes: number }
  | { kind: "point"; id: number; point: SweepPoint };

/** The id of the answer that the worker begins with, to no request: whether it could start. */
export const STARTED = 0;
