// kpalette: the library's core, compiled for WebAssembly. Where it is called, it takes a while:
//
//     const { colors, indices } = await quantize(rgba, { width, height, k: 16 });
//
// In a worker, a page stays responsive, and work can be given up:
//
//     const engine = await Engine.start();
//     await engine.load(context.getImageData(0, 0, width, height).data, width, height);
//     const { colors, indices } = await engine.quantize({
//       k: 16, space: "oklab", effort: "balanced", seed: 0, fixed: [], dither: null, strength: 1,
//     });

export { type Control, Engine, type Steps } from "./client.ts";
export { encodeGif, encodePng, palette, quantize, theme } from "./direct.ts";
export { NoSimdError } from "./module.ts";
export {
  type CardOptions,
  type ColorList,
  type Dither,
  DITHERS,
  type Effort,
  EFFORTS,
  type Frame,
  type GifOptions,
  type Loaded,
  type Looked,
  type MapOptions,
  MOST_SMALLER,
  type PaletteOptions,
  type Pixels,
  type PngOptions,
  type QuantizeOptions,
  type Quantized,
  type Role,
  ROLES,
  type Seeding,
  SEEDINGS,
  type Size,
  type Space,
  SPACES,
  type Step,
  type StepsOptions,
  type SweepOptions,
  type SweepPoint,
  type Theme,
  THEME_TEXTS,
  type ThemeOptions,
  type ThemeText,
  type Timing,
} from "./protocol.ts";
