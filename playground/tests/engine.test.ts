// The engine gives what the library gives: tests/golden, and laws of its own.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { parseColors } from "../engine/colors";
import { Core } from "../engine/core";
import { Image } from "../engine/image";
import { type Mapped, quantize, remap } from "../engine/pipeline";
import { encodeFrames } from "../engine/frames";
import { encodeGif } from "../engine/gif";
import { encodePng } from "../engine/png";
import {
  type Dither,
  type Effort,
  type Looked,
  type Quantized,
  type QuantizeOptions,
  type Space,
  type Step,
  type SweepPoint,
  THEME_TEXTS,
} from "../engine/protocol";
import { steps } from "../engine/steps";
import { sweep } from "../engine/sweep";
import { drawCard, makeTheme } from "../engine/theme";
import { makeClip, makeImage, type Picture } from "./images";
import { module } from "./module";

interface Case {
  image: string;
  k: number;
  ks: number[];
  palette: string[];
  space?: Space;
  effort?: Effort;
  seed?: number;
  fixed?: string[];
  saliency?: boolean;
  dither?: Dither;
  dither_strength?: number;
  smaller?: number;
}

interface Gives {
  palette: string[];
  counts: number[];
  indices: string;
  mse: number;
  passes: number;
  delta_e: number;
  looks: number;
  worst: number[] | null;
  png: string;
  gif: string | null;
}

/** What Theme.to_dict of the library has, and digests of what is written of a theme. */
interface ThemeGives {
  colors: string[];
  counts: number[];
  names: string[];
  css_names: string[];
  text: string[];
  roles: Record<string, string>;
  pairs: [string, string][];
  places: [number, number][] | null;
  texts: string[];
  card: string;
}

interface ThemeEntry {
  case: { image?: string; clip?: string; k: number | "auto"; ignore?: string[] };
  gives: ThemeGives & { shares: number[] };
}

interface Entry<G> {
  case: Case;
  gives: G;
}

const DEFAULTS = { space: "oklab", effort: "balanced", seed: 0, fixed: [], dither: null } as const;

function golden<T>(name: string): T {
  return JSON.parse(
    readFileSync(new URL(`../../tests/golden/${name}.json`, import.meta.url), "utf8"),
  );
}

function load({ pixels, width, height }: Picture): Image {
  return Image.load(Core.instantiate(module), pixels, width, height);
}

const images = new Map<string, Image>();

/** One for all tests, so that what one leaves behind could show in another. */
function image(name: string): Image {
  if (!images.has(name)) images.set(name, load(makeImage(name)));
  return images.get(name)!;
}

function clip(name: string): Image {
  const { pixels, width, height, durations } = makeClip(name);
  return Image.load(Core.instantiate(module), pixels, width, height, { durations, loop: 0 });
}

function done<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value as T;
  }
}

function optionsOf(given: Case): QuantizeOptions {
  const { k, dither_strength: strength = 1 } = given;
  return { ...DEFAULTS, fixed: [], ...given, k, strength };
}

function sha256(bytes: Uint8Array | Uint8ClampedArray): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function hex(colors: Uint8Array, channels: number): string[] {
  const n = colors.length / channels;
  return Array.from({ length: n }, (_, i) => {
    return `#${Buffer.from(colors.subarray(channels * i, channels * (i + 1))).toString("hex")}`;
  });
}

/** `quick`: whether the file is written in a tenth of the time. */
function described({ core }: Image, { quantized, deltaE, looks }: Mapped, quick = false): Gives {
  const { colors, channels, counts, indices, mse, passes } = quantized;
  const file = done(encodePng(core, { ...quantized, quick }));
  if (quantized.file) expect(Buffer.compare(quantized.file, file)).toBe(0);
  return {
    palette: hex(colors, channels),
    counts: [...counts],
    indices: sha256(indices),
    mse,
    passes,
    delta_e: Math.round(done(deltaE()) * 1e9) / 1e9,
    ...lookedOf(done(looks())),
    png: sha256(file),
    gif: isSoft(quantized) ? null : sha256(stillGif(core, quantized)),
  };
}

function isSoft({ colors, channels }: Quantized): boolean {
  const isBetween = (level: number, i: number) => i % 4 === 3 && level > 0 && level < 255;
  return channels === 4 && colors.some(isBetween);
}

function stillGif(core: Core, { indices, colors, channels, width, height }: Quantized): Uint8Array {
  const frame = { indices, colors, channels, duration: 0 };
  return done(encodeGif(core, { frames: [frame], width, height }));
}

function lookedOf({ looks, worst }: Looked): Pick<Gives, "looks" | "worst"> {
  const place = worst && [worst.left, worst.top, worst.width, worst.height];
  return { looks: Math.round(looks * 1e9) / 1e9, worst: place };
}

function themeOf(image: Image, { k, ignore }: ThemeEntry["case"]): ThemeGives {
  const theme = done(makeTheme(image, { k, ignore }));
  const colors = hex(theme.colors, 3);
  const card = drawCard(image.core, theme, { width: 0, height: 0, uri: "", title: "A & B" });
  return {
    colors,
    counts: [...theme.counts],
    names: theme.names,
    css_names: theme.cssNames,
    text: theme.text,
    roles: theme.roles,
    pairs: theme.pairs.map(([i, j]) => [colors[i], colors[j]]),
    places: theme.places,
    texts: THEME_TEXTS.map((kind) => sha256(Buffer.from(theme.texts[kind]))),
    card: sha256(Buffer.from(card)),
  };
}

function expectTheme(image: Image, given: ThemeEntry["case"], gives: ThemeEntry["gives"]): void {
  const { shares: _, ...all } = gives;
  expect(themeOf(image, given)).toEqual(all);
}

/** CIEDE2000 goes by the C library's functions, whose last digits differ. */
function expectSame(found: Gives, gives: Gives): void {
  expect({ ...found, delta_e: 0 }).toEqual({ ...gives, delta_e: 0 });
  expect(found.delta_e).toBeCloseTo(gives.delta_e, 6);
}

function expectQuantized(image: Image, given: Case, gives: Gives): void {
  const made = done(quantize(image, optionsOf(given)));
  expectSame(described(image, made, given.effort === "fast"), gives);
}

describe("golden", () => {
  const made = golden<Record<string, { width: number; height: number; sha256: string }>>("images");
  test.each(Object.entries(made))("image %s", (name, { width, height, sha256: digest }) => {
    const picture = makeImage(name);
    expect([picture.width, picture.height]).toEqual([width, height]);
    expect(sha256(picture.pixels)).toBe(digest);
  });

  test.each(golden<Entry<Gives>[]>("quantize"))("quantize $case", ({ case: given, gives }) => {
    expectQuantized(image(given.image), given, gives);
  });

  test.each(golden<Entry<Gives>[]>("remap"))("remap $case", ({ case: given, gives }) => {
    const whole = image(given.image);
    const work = remap(whole, parseColors(whole.core, given.palette), optionsOf(given));
    expectSame(described(whole, done(work)), gives);
  });

  test.each(golden<Entry<Gives>[]>("animate"))("animate $case", ({ case: given, gives }) => {
    const moving = clip(given.image);
    const { quantized, drawn } = done(quantize(moving, optionsOf(given)));
    const { colors, channels, counts, indices, mse, file } = quantized;
    const gif = done(encodeFrames(moving, quantized, indices, drawn));
    expect({
      palette: hex(colors, channels),
      counts: [...counts],
      indices: sha256(indices),
      gif: sha256(file ?? gif),
    }).toEqual({ ...gives, mse: undefined });
    expect(mse).toBeCloseTo(gives.mse, 9);
  });

  test.each(golden<ThemeEntry[]>("theme"))("theme $case", ({ case: given, gives }) => {
    const shown = given.clip ? clip(given.clip) : image(given.image!);
    expectTheme(shown, given, gives);
  });

  test.each(golden<Entry<SweepPoint[]>[]>("sweep"))("sweep $case", ({ case: given, gives }) => {
    const points: SweepPoint[] = [];
    done(sweep(image(given.image), given.ks, optionsOf(given), (point) => points.push(point)));
    expect(points).toEqual(gives);
  });
});

// With the library installed for it: KPALETTE_PYTHON=../.venv/bin/python
describe.skipIf(!process.env.KPALETTE_PYTHON)("a photo", () => {
  const directory = mkdtempSync(join(tmpdir(), "kpalette-"));
  const root = new URL("../../", import.meta.url);
  const told = () => JSON.parse(readFileSync(join(directory, "photo.json"), "utf8"));

  it("comes out as the library has it", { timeout: 120_000 }, () => {
    const tool = ["-m", "tools.golden", "--photo", directory];
    execFileSync(process.env.KPALETTE_PYTHON!, tool, { cwd: root });
    const { width, height, cases, theme } = told();
    const pixels = new Uint8ClampedArray(readFileSync(join(directory, "photo.rgba")));
    const photo = load({ width, height, pixels });
    for (const { case: given, gives } of cases as Entry<Gives>[]) {
      expectQuantized(photo, given, gives);
    }
    expectTheme(photo, { k: 6 }, theme);
  });
});
