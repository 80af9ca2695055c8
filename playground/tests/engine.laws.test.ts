// What the engine's parts promise, whatever the image.

import { inflateSync } from "node:zlib";
import { describe, expect, it, test, vi } from "vitest";
import { parseColors } from "../engine/colors";
import { Core } from "../engine/core";
import { colorNames } from "../engine/core_theme";
import { Image } from "../engine/image";
import { DITHERS, EFFORTS, ROLES, SEEDINGS, SPACES } from "../engine/index";
import type { Work } from "../engine/jobs";
import * as mapping from "../engine/mapping";
import { quantize, remap } from "../engine/pipeline";
import { encodePng } from "../engine/png";
import type { PngOptions } from "../engine/protocol";
import { makeTheme } from "../engine/theme";
import { namesOf } from "../src/colors";
import * as settings from "../src/settings";
import { makeImage } from "./images";
import { module } from "./module";

function load(name: string): Image {
  const { pixels, width, height } = makeImage(name);
  return Image.load(Core.instantiate(module), pixels, width, height);
}

function finish<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

test("what can be chosen is what the core lists, and the page offers", () => {
  const { tables } = Core.instantiate(module);
  const listed = {
    ...{ spaces: SPACES, efforts: EFFORTS, dithers: DITHERS, seedings: SEEDINGS },
    roles: ROLES,
  };
  expect(tables).toEqual(listed);
  expect(Object.keys(settings.SPACES)).toEqual(tables.spaces);
  expect(Object.keys(settings.EFFORTS)).toEqual(tables.efforts);
  expect(Object.keys(settings.DITHERS)).toEqual(["none", ...tables.dithers]);
  expect(Object.keys(settings.SEEDINGS)).toEqual(tables.seedings);
});

test.each(["hills", "glass"])("error diffusion in bands comes to the same: %s", (name) => {
  const { core, own, height, width } = load(name);
  const { channels, histogram, pixels } = own;
  const colors = histogram.colors.slice(0, 6 * channels).map((level, i) => level ^ (i * 53));
  const { labels } = own.fitter("lab").assign(colors);
  const dithered = (atOnce: number) => {
    const indices = core.take(width * height);
    mapping.remap(core, pixels, histogram, labels, indices);
    const plain = indices.bytes().slice();
    const errors = new Float32Array(4 * width);
    for (let first = 0; first < height; first += atOnce) {
      const rows = Math.min(atOnce, height - first);
      const band = { first, rows, width };
      mapping.diffuseError(core, pixels, band, { colors, channels }, 0.8, indices, errors);
    }
    expect(indices.bytes()).not.toEqual(plain);
    return indices.bytes().slice();
  };
  const whole = dithered(height);
  for (const atOnce of [1, 7, height - 1]) expect(dithered(atOnce)).toEqual(whole);
});

describe("the quickest way", () => {
  const [width, height] = [320, 256];
  const rgba = new Uint8Array(4 * width * height).map((_, i) => {
    const [x, y, channel] = [(i >> 2) % width, Math.floor(i / 4 / width), i % 4];
    if (channel === 3) return 255;
    return 128 + 100 * Math.sin((x * (channel + 1)) / 40 + y / 30) + ((x * 7 + y * 13) % 11);
  });
  const how = { space: "srgb", effort: "fast", seed: 0, dither: null, strength: 1 } as const;

  it.each([
    { k: 1 },
    { k: 16 },
    { k: 200 },
    { k: 9, fixed: ["#ff8800", "white"] },
  ])("gives what a histogram gives: %o", (given) => {
    const [quick, slow] = [0, 1].map(() =>
      Image.load(Core.instantiate(module), rgba, width, height),
    );
    expect(slow.own.histogram.length).toBeGreaterThan(1000);
    const [found, expected] = [quick, slow].map((image) => {
      const { quantized, deltaE } = finish(quantize(image, { ...how, fixed: [], ...given }));
      return { ...quantized, deltaE: finish(deltaE()).toFixed(9), fitMs: 0, mapMs: 0 };
    });
    expect(quick.own.isCounted).toBe(false);
    expect(found).toEqual(expected);
  });

  it("is not for graphics, whose colours matter one by one", () => {
    const few = rgba.map((level, i) => (i % 4 === 3 ? 255 : level & 0xc0));
    const image = Image.load(Core.instantiate(module), few, width, height);
    expect(finish(quantize(image, { ...how, fixed: [], k: 64 })).quantized.mse).toBe(0);
    expect(image.own.isCounted).toBe(true);
  });
});

test.each(["white", "White", "dusty rose", "steelblue"])("a colour may be named: %s", (name) => {
  const { core } = load("hills");
  const named = parseColors(core, [name]);
  expect(named.colors.length).toBe(3);
  const { names, cssNames } = colorNames(core, named.colors);
  expect([...names, ...cssNames]).toContain(name.toLowerCase());
});

test.each(["hills", "glass"])("a palette of fixed colours alone is that palette: %s", (name) => {
  const image = load(name);
  const { channels, histogram } = image.own;
  const colors = histogram.colors.slice(0, 9 * channels).map((level, i) => level ^ (i * 53));
  const fixed = namesOf({ colors, channels });
  for (const space of ["oklab", "srgb"] as const) {
    for (const dither of [null, "floyd-steinberg"] as const) {
      const how = { space, dither, strength: 1 };
      const given = finish(remap(image, { colors, channels }, how)).quantized;
      const fitted = finish(
        quantize(image, { ...how, k: fixed.length, effort: "fast", seed: 0, fixed }),
      ).quantized;
      expect(namesOf(fitted).sort()).toEqual([...fixed].sort());
      // In sRGB, of whole numbers, colours may be as near to one entry as to another.
      if (space === "oklab") expect(fitted.rgba).toEqual(given.rgba);
      else if (!dither) expect(fitted.mse).toBe(given.mse);
    }
  }
});

test.each(["balanced", "best"] as const)("what is given up is freed: %s", (effort) => {
  const image = load("glass");
  const options = { k: 24, space: "oklab", effort, seed: 0, fixed: [], strength: 1 } as const;
  let live = 0;
  const call = image.core.call.bind(image.core);
  vi.spyOn(image.core, "call").mockImplementation((name, ...values) => {
    if (/_new$|^malloc_bytes$|^thin_out$/.test(name)) ++live;
    if (/_free$|^free_bytes$/.test(name)) --live;
    return call(name, ...values);
  });
  const make = (most: number) => {
    const work = quantize(image, { ...options, fixed: [], dither: "floyd-steinberg" });
    let step = 0;
    while (step < most && !work.next().done) ++step;
    work.return(undefined as never);
    return step;
  };
  const steps = make(Infinity);
  expect(steps).toBeGreaterThan(10);
  const kept = live; // the placed colours
  const every = Math.ceil(steps / 60);
  for (let step = steps; step > 0; step -= every) {
    make(step);
    expect(live).toBe(kept);
  }
});

test("a theme that is given up is freed, at each of its steps", () => {
  const image = load("hills");
  let live = 0;
  const call = image.core.call.bind(image.core);
  vi.spyOn(image.core, "call").mockImplementation((name, ...values) => {
    if (/_new$|^malloc_bytes$|^color_names$|^readable_pairs$|^theme_text$/.test(name)) ++live;
    if (/_free$|^free_bytes$/.test(name)) --live;
    return call(name, ...values);
  });
  const steps = [...makeTheme(image, { k: 6 })].length;
  for (let most = 0; most <= steps; ++most) {
    const work = makeTheme(image, { k: 6 });
    for (let step = 0; step < most; ++step) work.next();
    work.return(undefined as never);
    expect(live).toBe(0);
  }
});

describe("PNG", () => {
  /** The chunks of a file, by kind. */
  function chunks(file: Uint8Array): Map<string, Uint8Array> {
    expect([...file.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    const found = new Map<string, Uint8Array>();
    const view = new DataView(file.buffer);
    for (let at = 8; at < file.length; ) {
      const length = view.getUint32(at);
      const kind = Buffer.from(file.subarray(at + 4, at + 8)).toString();
      found.set(kind, file.subarray(at + 8, at + 8 + length));
      at += 12 + length;
    }
    return found;
  }

  const core = Core.instantiate(module);
  const file = (image: PngOptions) => finish(encodePng(core, image));

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 4],
    [16, 4],
    [17, 8],
    [256, 8],
  ])("has %d colours in %d bits where it is to be quick", (k, bits) => {
    const [width, height] = [13, 7]; // rows that end within a byte
    const indices = Uint8Array.from({ length: width * height }, (_, i) => (i * 7) % k);
    const colors = Uint8Array.from({ length: 3 * k }, (_, i) => i % 256);
    const found = chunks(file({ width, height, indices, colors, channels: 3, quick: true }));
    expect([...found.keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
    expect([...found.get("IHDR")!]).toEqual([0, 0, 0, 13, 0, 0, 0, 7, bits, 3, 0, 0, 0]);
    expect(found.get("PLTE")).toEqual(colors);
    const rows = inflateSync(found.get("IDAT")!);
    const pitch = 1 + Math.ceil((width * bits) / 8);
    expect(rows.length).toBe(height * pitch);
    const unpacked = indices.map((_, i) => {
      const [y, bit] = [Math.floor(i / width), (i % width) * bits];
      const byte = rows[y * pitch + 1 + (bit >> 3)];
      return (byte >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
    });
    expect(unpacked).toEqual(indices);
  });

  it.each([
    [[255, 255], undefined],
    [[0, 255], [0]],
    [[255, 9], [255, 9]],
  ])("has alphas %j as %j", (alphas, written) => {
    const colors = Uint8Array.from(alphas.flatMap((alpha, i) => [i, 0, 0, alpha]));
    const one = { width: 1, height: 1, indices: Uint8Array.of(0), quick: true };
    const found = chunks(file({ ...one, colors, channels: 4 }));
    const { tRNS } = Object.fromEntries(found);
    expect(tRNS && [...tRNS]).toEqual(written);
    expect(found.get("PLTE")!.length).toBe(6);
  });

  it("has check sums that are right", () => {
    const one = { width: 1, height: 1, indices: Uint8Array.of(0), channels: 3 } as const;
    const end = file({ ...one, colors: Uint8Array.of(1, 2, 3) }).subarray(-12);
    expect([...end]).toEqual([0, 0, 0, 0, 73, 69, 78, 68, 0xae, 0x42, 0x60, 0x82]);
  });

  it("refuses an index that has no colour", () => {
    const one = { width: 1, height: 1, indices: Uint8Array.of(1), channels: 3 } as const;
    expect(() => file({ ...one, colors: new Uint8Array(3) })).toThrow("less than k = 1, got 1");
  });
});
