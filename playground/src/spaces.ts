// Where colours lie: for what the page draws and sorts. The engine measures by its own tables.

/** 8-bit sRGB to linear light, 0 to 1 (IEC 61966-2-1). */
export const LINEAR = Float64Array.from({ length: 256 }, (_, level) => {
  const c = level / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
});

function linearOf(level: number): number {
  return Number.isInteger(level) ? LINEAR[level] : linearBetween(level);
}

function linearBetween(level: number): number {
  const below = Math.min(254, Math.max(0, Math.floor(level)));
  return LINEAR[below] + (level - below) * (LINEAR[below + 1] - LINEAR[below]);
}

/** Lightness (0 to 1), a and b of levels from 0 to 255 (Ottosson 2020, Oklab), with the
 * engine's constants. */
export function oklab(r: number, g: number, b: number): [number, number, number] {
  const [x, y, z] = [linearOf(r), linearOf(g), linearOf(b)];
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z);
  const m = Math.cbrt(0.21190349822119 * x + 0.68069954516807 * y + 0.10739695661074 * z);
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z);
  return [
    0.210454256667953 * l + 0.793617790158516 * m - 0.0040720468264683 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040246666667 * l + 0.782771753766667 * m - 0.808675778433333 * s,
  ];
}

/** The levels, 0 to 255, of a colour in Oklab: the nearest that there are (Ottosson 2020). */
export function fromOklab(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    levelOf(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    levelOf(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    levelOf(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function levelOf(linear: number): number {
  const light = Math.min(1, Math.max(0, linear));
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
}

/** The part of white's light, 0 to 1, by Rec. 709's weights. */
export function luminance(r: number, g: number, b: number): number {
  return 0.2126 * LINEAR[r] + 0.7152 * LINEAR[g] + 0.0722 * LINEAR[b];
}
