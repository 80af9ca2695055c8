// The worker's side and the page's, over a channel: what is answered, given up, refused.

import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { Engine } from "../engine/client";
import { Core, CoreError } from "../engine/core";
import { Image } from "../engine/image";
import { quantize } from "../engine/pipeline";
import type { Frame, MapOptions, QuantizeOptions, SweepPoint } from "../engine/protocol";
import { Server } from "../engine/server";
import { makeImage } from "./images";
import { module } from "./module";

const OPTIONS: QuantizeOptions = {
  ...{ k: 16, space: "oklab", effort: "balanced", seed: 0 },
  ...{ fixed: [], dither: null, strength: 1 },
};
const MAPPED: MapOptions = { space: "oklab", dither: null, strength: 1 };
const LONG: QuantizeOptions = { ...OPTIONS, k: 200, effort: "best" };
const WALK = { k: 5, space: "oklab", seed: 1, seeding: "random" } as const;

let engine: Engine;

beforeEach(() => {
  const { port1, port2 } = new MessageChannel();
  // Node lets a thousand messages to one port go before those to others.
  const later = (call: () => void) => void setImmediate(call);
  const server = new Server(module, (...message) => port2.postMessage(...message), later);
  port2.onmessage = ({ data }) => server.receive(data);
  engine = Engine.over(port1, () => port1.close());
});

afterEach(() => engine.terminate());

async function loaded(name = "hills") {
  const { pixels, width, height } = makeImage(name);
  return engine.load(pixels, width, height);
}

function directly(options: QuantizeOptions, name = "hills") {
  const { pixels, width, height } = makeImage(name);
  const work = quantize(Image.load(Core.instantiate(module), pixels, width, height), options);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value.quantized;
  }
}

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

const ABORTED = expect.objectContaining({ name: "AbortError" });

describe("load", () => {
  it("describes the image and takes its pixels", async () => {
    const { pixels, width, height } = makeImage("hills");
    const about = await engine.load(pixels, width, height);
    expect(about).toMatchObject({ width, height, channels: 3, distinct: 8777 });
    expect(about.cloud.colors.length).toBe(3 * about.cloud.counts.length);
    expect(sum(about.cloud.counts)).toBe(width * height);
    expect(pixels.length).toBe(0);
  });

  it("keeps alpha where some pixel is not opaque, and thins out clouds", async () => {
    expect(await loaded("glass")).toMatchObject({ channels: 4 });
    const pixels = new Uint8ClampedArray(4 * 300 * 300);
    for (let i = 0; i < 300 * 300; ++i) pixels.set([i % 256, (i >> 8) % 256, i >> 9, 255], 4 * i);
    const { distinct, cloud } = await engine.load(pixels, 300, 300);
    expect(distinct).toBeGreaterThan(80_000);
    expect(cloud.counts.length).toBeLessThanOrEqual(20_000);
    expect(sum(cloud.counts)).toBe(300 * 300);
  });

  it("ends what goes on with the image before it", async () => {
    await loaded();
    const before = engine.quantize(LONG);
    const about = loaded("tiles");
    await expect(before).rejects.toEqual(ABORTED);
    expect(await about).toMatchObject({ distinct: 24 });
  });

  it.each([
    [4, 2, 2],
    [0, 0, 0],
    [16, 2, 3],
    [16, -2, -2],
    [16, NaN, 2],
  ])("refuses %d bytes for %d × %d pixels", async (bytes, width, height) => {
    const asked = engine.load(new Uint8ClampedArray(bytes), width, height);
    await expect(asked).rejects.toMatchObject({ name: "RangeError" });
    await expect(engine.quantize(OPTIONS)).rejects.toThrow("an image to be loaded");
  });
});

describe("quantize", () => {
  it("gives what the pipeline gives, and CIEDE2000", async () => {
    await loaded();
    const { fitMs, mapMs, deltaE, ...found } = await engine.quantize(OPTIONS);
    expect(directly(OPTIONS)).toMatchObject(found);
    expect(deltaE).toBeGreaterThan(0);
    expect(fitMs + mapMs).toBeGreaterThan(0);
  });

  it.each([null, "floyd-steinberg", "bayer"] as const)("measures later: %s", async (dither) => {
    await loaded("glass");
    const options = { ...OPTIONS, dither };
    const { deltaE } = await engine.quantize(options);
    expect((await engine.quantize(options, { deltaE: false })).deltaE).toBeNaN();
    expect(await engine.deltaE()).toBe(deltaE);
    const { looks, worst } = await engine.looks();
    expect(looks).toBeLessThan(100);
    expect(worst).toMatchObject({ width: 16, height: 16 });
  });

  it("looks the same where nothing changes", async () => {
    await loaded("tiles");
    await engine.quantize({ ...OPTIONS, k: 24 });
    expect(await engine.looks()).toEqual({ looks: 100, worst: null });
  });

  it("shows what the indices say", async () => {
    await loaded("glass");
    const { rgba, indices, colors, channels, counts } = await engine.quantize(OPTIONS);
    expect(channels).toBe(4);
    const wanted = [...indices].flatMap((index) => [...colors.subarray(4 * index, 4 * index + 4)]);
    expect([...rgba]).toEqual(wanted);
    const shown = new Float64Array(counts.length);
    for (const index of indices) ++shown[index];
    expect(counts).toEqual(shown);
  });

  it("is given up for a newer one, or a palette", async () => {
    await loaded();
    const older = engine.quantize(LONG);
    const newer = engine.quantize(LONG);
    await expect(older).rejects.toEqual(ABORTED);
    const palette = { colors: Uint8Array.of(0, 0, 0, 255, 255, 255), channels: 3 } as const;
    const shown = engine.remap(palette, MAPPED);
    await expect(newer).rejects.toEqual(ABORTED);
    expect((await shown).colors).toEqual(palette.colors);
    expect((await engine.quantize(OPTIONS)).indices).toEqual(directly(OPTIONS).indices);
  });

  it("ends by a signal, before and while it runs", async () => {
    await loaded();
    const control = new AbortController();
    const told: number[] = [];
    const asked = engine.quantize(LONG, {
      signal: control.signal,
      onProgress: (passes) => {
        told.push(passes);
        control.abort();
      },
    });
    await expect(asked).rejects.toEqual(ABORTED);
    expect(told.length).toBe(1);
    await expect(engine.quantize(OPTIONS, { signal: control.signal })).rejects.toEqual(ABORTED);
    expect((await engine.quantize(OPTIONS)).passes).toBe(directly(OPTIONS).passes);
  });

  it.each(["hills", "glass"])("chooses smaller files row by row, and stops at any: %s", (name) => {
    const { pixels, width, height } = makeImage(name);
    const core = Core.instantiate(module);
    const image = Image.load(core, pixels, width, height);
    const options = { ...OPTIONS, smaller: 2 };
    const whole = quantize(image, options);
    let steps = 0;
    let last = whole.next();
    for (; !last.done; last = whole.next()) ++steps;
    expect(steps).toBeGreaterThan(height);
    const bytes = core.size;
    for (let stop = 1; stop < steps; stop += 61) {
      const work = quantize(image, options);
      for (let step = 0; step < stop; ++step) work.next();
      work.return(undefined as never);
    }
    expect(core.size).toBe(bytes); // all memory was given back
    const again = quantize(image, options);
    let next = again.next();
    while (!next.done) next = again.next();
    expect(next.value.quantized.indices).toEqual(last.value.quantized.indices);
  });

  it("gives up a smaller file for a newer picture", async () => {
    await loaded();
    const older = engine.quantize({ ...OPTIONS, smaller: 3 });
    const newer = engine.quantize({ ...OPTIONS, k: 3, smaller: 1 });
    await expect(older).rejects.toEqual(ABORTED);
    expect((await newer).indices).toEqual(directly({ ...OPTIONS, k: 3, smaller: 1 }).indices);
  });

  it("tells of ever more passes", async () => {
    await loaded();
    const told: number[] = [];
    const options = { ...OPTIONS, effort: "best" } as const;
    const { passes } = await engine.quantize(options, { onProgress: (now) => told.push(now) });
    expect(told.length).toBeGreaterThan(3);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
    expect(told.at(-1)).toBeLessThanOrEqual(passes);
  });

  it.each<[string, Partial<QuantizeOptions>]>([
    ["k", { k: 0 }],
    ["k", { k: 257 }],
    ["k", { k: 2.5 }],
    ["k", { k: NaN }],
    ["seed", { seed: -1 }],
    ["strength", { strength: 1.5 }],
    ["strength", { strength: NaN }],
    ["space", { space: "rgb" as never }],
    ["effort", { effort: "most" as never }],
    ["dither", { dither: "none" as never }],
    ["fixed", { fixed: ["reed"] }],
    ["fixed", { fixed: ["#12345"] }],
    ["fixed", { fixed: ["#fff", "#ffffffff"] }],
    ["fixed", { k: 1, fixed: ["#fff", "#000"] }],
  ])("refuses a wrong %s: %j, and goes on", async (name, wrong) => {
    await loaded();
    const asked = engine.quantize({ ...OPTIONS, ...wrong });
    await expect(asked).rejects.toMatchObject({
      name: "RangeError",
      message: expect.stringMatching(`^${name}: expected`),
    });
    expect((await engine.quantize(OPTIONS)).counts.length).toBe(16);
  });

  it("wants an image", async () => {
    await expect(engine.quantize(OPTIONS)).rejects.toThrow("expected an image to be loaded");
    await expect(engine.deltaE()).rejects.toThrow("expected an image in few colours");
    await expect(engine.looks()).rejects.toThrow("expected an image in few colours");
  });
});

describe("theme", () => {
  it("is given up for a newer one, and for another image", async () => {
    await loaded();
    const older = engine.theme({ k: 6 });
    const newer = engine.theme({ k: 2 });
    await expect(older).rejects.toEqual(ABORTED);
    expect((await newer).counts).toHaveLength(2);
    const before = engine.theme({ k: 6 });
    const about = loaded("daisy");
    await expect(before).rejects.toEqual(ABORTED);
    await about;
    expect((await engine.theme({ k: 6 })).names).toContain("golden rod");
  });

  it.each([
    [{ k: 0 }, 'k: expected a whole number from 1 to 64 or "auto", got 0'],
    [{ k: 65 }, 'k: expected a whole number from 1 to 64 or "auto", got 65'],
    [{ k: 2.5 }, 'k: expected a whole number from 1 to 64 or "auto", got 2.5'],
    [{ k: "many" as "auto" }, 'k: expected a whole number from 1 to 64 or "auto", got "many"'],
    [{ k: 6, ignore: ["wite"] }, 'ignore: expected colours such as "white" or "#ff8800", got "wite"'],
    [{ k: 6, ignore: [5] as unknown as string[] }, 'expected colours such as "#ff8800", got 5'],
    [{ k: 6, ignore: "white" as unknown as string[] }, 'ignore: expected a list, got "white"'],
    [{ k: 6, ignore: ["white", "#fff"] }, "ignore: expected distinct colours"],
    [{ k: 6, ignore: ["#28d8b8", "#28D8B8"] }, "ignore: expected distinct colours"],
    [{ k: 6, ignore: ["#2a6f97"] }, "expected a pixel to look at, got none: all of it is transpar"],
  ])("refuses %j, and goes on", async (options, why) => {
    await loaded("one");
    await expect(engine.theme(options)).rejects.toThrow(why);
    expect((await engine.theme({ k: 6 })).roles.dominant).toBe("#2a6f97");
  });

  it("has texts whose names begin as wanted, and a card with a picture", async () => {
    await loaded("logo");
    const theme = await engine.theme({ k: 3, name: "Acme & Co" });
    expect(theme.texts.css).toMatch(/^ *--acme-co-1: #[0-9a-f]{6};/m);
    const picture = { width: 40, height: 20, uri: "data:image/png;base64,AA==", title: "\u0000<A&B>" };
    const card = await engine.themeCard(theme, picture);
    expect(card).toContain("<title>&lt;A&amp;B&gt;</title>");
    expect(card).toContain('xlink:href="data:image/png;base64,AA=="');
    await expect(engine.themeCard(theme, { ...picture, width: -1 })).rejects.toThrow("width");
  });
});

describe("remap", () => {
  it.each([0, 257])("refuses a palette of %d colours", async (k) => {
    await loaded();
    const asked = engine.remap({ colors: new Uint8Array(3 * k), channels: 3 }, MAPPED);
    await expect(asked).rejects.toMatchObject({ name: "RangeError" });
  });

  it("takes a colour twice: the first one is shown", async () => {
    await loaded();
    const colors = Uint8Array.of(9, 9, 9, 200, 200, 200, 9, 9, 9);
    const { counts } = await engine.remap({ colors, channels: 3 }, MAPPED);
    expect(counts[2]).toBe(0);
    expect(counts[0]).toBeGreaterThan(0);
  });

  it("hands on a palette with the channels that it had", async () => {
    await loaded("glass");
    const palette = { colors: Uint8Array.of(9, 9, 9, 200, 200, 200), channels: 3 } as const;
    expect(await engine.remap(palette, MAPPED)).toMatchObject(palette);
    const picture = await engine.quantize(OPTIONS);
    const again = await engine.remap({ ...picture, ...palette }, MAPPED);
    expect(again.indices).not.toEqual(picture.indices);
    expect(again.mse).toBeGreaterThan(picture.mse);
  });
});

describe("sweep", () => {
  const options = { space: "oklab", effort: "balanced", seed: 0 } as const;

  it("lets pictures go first", async () => {
    await loaded();
    const order: (number | string)[] = [];
    const ks = Array.from({ length: 60 }, (_, i) => i + 2);
    const swept = engine.sweep(ks, options, ({ k }) => order.push(k));
    await engine.quantize(OPTIONS).then(() => order.push("picture"));
    await swept;
    expect(order.indexOf("picture")).toBeLessThan(60);
    expect(order.filter((k) => k !== "picture")).toEqual(ks);
  });

  it("is given up for a newer one, and by a signal", async () => {
    await loaded();
    const older = engine.sweep([2, 3, 4], options, () => {});
    const control = new AbortController();
    const points: SweepPoint[] = [];
    const newer = engine.sweep(
      ...[[2, 3, 4, 5], options],
      (point) => (points.push(point), control.abort()),
      control.signal,
    );
    await expect(older).rejects.toEqual(ABORTED);
    await expect(newer).rejects.toEqual(ABORTED);
    expect(points.map(({ k }) => k)).toEqual([2]);
  });

  it.each([[[]], [[0]], [[2, 65_537]]])("refuses %j", async (ks) => {
    await loaded();
    await expect(engine.sweep(ks, options, () => {})).rejects.toMatchObject({ name: "RangeError" });
  });
});

describe("steps", () => {
  test.each(["random", "k-means++", "maximin", "wu"] as const)("fall, from %s", async (seeding) => {
    for (const name of ["hills", "glass", "tiles"]) {
      const { width, height } = await loaded(name);
      const walk = engine.steps({ ...WALK, seeding });
      let last = await walk.next();
      for (let pass = 0; !last.done; ++pass) {
        expect(last.pass).toBe(pass);
        expect(sum(last.counts)).toBe(width * height);
        expect(last.centers.length).toBe(15);
        const next = await walk.next();
        expect(next.cost).toBeLessThanOrEqual(last.cost);
        last = next;
      }
      expect(await walk.next()).toEqual(last);
    }
  });

  it("begin anew for others, and the older ones are over", async () => {
    await loaded();
    const older = engine.steps(WALK);
    const first = await older.next();
    const newer = engine.steps(WALK);
    expect(await newer.next()).toEqual(first);
    await expect(older.next()).rejects.toEqual(ABORTED);
    older.stop();
    expect((await newer.next()).pass).toBe(1);
    newer.stop();
    await expect(newer.next()).rejects.toEqual(ABORTED);
  });

  it("have as many centres as the image has colours, at most", async () => {
    await loaded("tiles");
    const step = await engine.steps({ ...WALK, k: 40, seeding: "maximin" }).next();
    expect(step).toMatchObject({ cost: 0, done: true });
    expect(step.counts.length).toBe(24);
  });

  it.each(["hills", "glass"])("begin where centres are placed: %s", async (name) => {
    const { cloud } = await loaded(name);
    const centers = Uint8Array.of(255, 255, 255, 0, 0, 0, 200, 60, 60);
    const walk = engine.steps({ ...WALK, k: 99, centers });
    const start = await walk.next();
    expect([...start.centers]).toEqual([...centers]);
    expect(start.labels.length).toBe(cloud.counts.length);
    const shares = [0, 0, 0];
    start.labels.forEach((label, i) => (shares[label] += cloud.counts[i]));
    if (name === "hills") expect(shares).toEqual([...start.counts]); // all its colours are in the cloud
    expect((await walk.next()).cost).toBeLessThan(start.cost);
  });

  it.each([{ k: 0 }, { centers: new Uint8Array() }, { seeding: "best" as never }, { space: "rgb" as never }])(
    "refuse %j, however often",
    async (wrong) => {
      await loaded();
      const walk = engine.steps({ ...WALK, ...wrong });
      await expect(walk.next()).rejects.toMatchObject({ name: "RangeError" });
      await expect(walk.next()).rejects.toMatchObject({ name: "RangeError" });
    },
  );
});

test("PNG files are made of pictures", async () => {
  await loaded();
  const file = await engine.encodePng(await engine.quantize(OPTIONS));
  expect(Buffer.from(file.subarray(1, 4)).toString()).toBe("PNG");
});

test("PNG files go on while another image is loaded", async () => {
  await loaded();
  const file = engine.encodePng(await engine.quantize(OPTIONS));
  await loaded("tiles");
  expect(Buffer.from((await file).subarray(1, 4)).toString()).toBe("PNG");
});

describe("GIF files", () => {
  it("are made of pictures, where no image is loaded", async () => {
    const picture = { indices: Uint8Array.of(0, 1, 1, 0), colors: Uint8Array.of(9, 9, 9, 0, 99, 0) };
    const frame = { ...picture, channels: 3, duration: 100 } as const;
    const frames = [frame, { ...frame, indices: Uint8Array.of(1, 1, 1, 0) }];
    const file = await engine.encodeGif({ frames, width: 2, height: 2, loop: 1 });
    expect(Buffer.from(file.subarray(0, 6)).toString()).toBe("GIF89a");
    const forEver = await engine.encodeGif({ frames, width: 2, height: 2 });
    expect(forEver.length).toBe(file.length + 19); // an extension says how often it plays
  });

  it.each([
    [{ colors: Uint8Array.of(1, 2, 3, 128), channels: 4 }, {}, "no soft transparency"],
    [{ colors: new Uint8Array(3 * 257) }, {}, "from 1 to 256, got 257"],
    [{ indices: Uint8Array.of(0, 0, 1, 0) }, {}, "frames[0].indices: expected less than k = 1, got 1"],
    [{}, { width: 3 }, "frames[0].indices: expected 3 × 2, got 4"],
    [{ indices: new Uint8Array(65_536) }, { width: 65_536, height: 1 }, "at most 65535 pixels"],
  ] as const)("refuse %o %o", async (wrong, size, words) => {
    const frame = { indices: new Uint8Array(4), colors: new Uint8Array(3), channels: 3, duration: 0 };
    const frames = [{ ...frame, ...wrong }] as Frame[];
    const made = engine.encodeGif({ frames, width: 2, height: 2, ...size });
    await expect(made).rejects.toThrow(words);
  });
});

/** The tests of what Engine refuses before it is sent, with those of engine.direct.test.ts. */
describe("wrong arguments", () => {
  const picture = { indices: new Uint8Array(1), colors: new Uint8Array(3), channels: 3, width: 1, height: 1 };
  const gone = new Uint8ClampedArray(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });

  it.each<[string, (engine: any) => Promise<unknown>, string]>([
    ["load", (e) => e.load(), "rgba: expected a Uint8Array or Uint8ClampedArray, got undefined"],
    ["load", (e) => e.load([1, 2, 3], 1, 1), "rgba: expected a Uint8Array .* got Array"],
    ["load", (e) => e.load(gone, 1, 1), "rgba: expected .* got one that is detached"],
    ["load", (e) => e.load({ data: new Uint8Array(4) }, 1, 1), "got Object, whose data are such"],
    ["load", (e) => e.load(new Uint8Array(4), 1, 1, { delays: [] }), "timing: .* got delays"],
    ["load", (e) => e.load(new Uint8Array(4), 1, 1, {}), "timing.durations: expected a list, got undef"],
    ["quantize", (e) => e.quantize(), "quantize: expected an object with options, got undefined"],
    ["quantize", (e) => e.quantize({ ...OPTIONS, x: 1 }), "quantize: expected options of .* got x"],
    ["quantize", (e) => e.quantize(OPTIONS, { smaller: 1 }), "quantize: .* signal, .* got smaller"],
    ["quantize", (e) => e.quantize({ ...OPTIONS, fixed: [() => 1] }), "quantize: expected values that"],
    ["quantize", (e) => e.quantize(OPTIONS, { signal: 5 }), "signal: expected an AbortSignal, got 5"],
    ["quantize", (e) => e.quantize(OPTIONS, { onProgress: 5 }), "onProgress: expected a function, got 5"],
    ["quantize", (e) => e.quantize(OPTIONS, null), "quantize: expected an object with options, got null"],
    ["sweep", (e) => e.sweep([2], { ...WALK, k: 1 }), "sweep: expected options of .* got k"],
    ["remap", (e) => e.remap(undefined, MAPPED), "colors: expected a Uint8Array, got undefined"],
    ["remap", (e) => e.remap(picture, OPTIONS), "remap: .* got k"],
    ["theme", (e) => e.theme(null), "theme: expected an object with options, got null"],
    ["themeCard", (e) => e.themeCard({}, {}), "colors: expected a Uint8Array, got undefined"],
    ["sweep", (e) => e.sweep(5), "ks: expected a list, got 5"],
    ["sweep", (e) => e.sweep([2], {}), "onPoint: expected a function, got undefined"],
    ["steps", (e) => e.steps().next(), "steps: expected an object with options, got undefined"],
    ["encodePng", (e) => e.encodePng(picture, { quick: true }), "encodePng: .* signal, .* got quick"],
    ["encodePng", (e) => e.encodePng({ ...picture, colors: gone }), "colors: .* detached"],
    ["encodeGif", (e) => e.encodeGif({}), "frames: expected a list, got undefined"],
    ["looks", (e) => e.looks({ k: 1 }), "looks: .* got k"],
  ])("of %s are a TypeError: %o", async (_, call, why) => {
    const failed = call(engine);
    await expect(failed).rejects.toThrow(TypeError);
    await expect(failed).rejects.toThrow(new RegExp(why));
    await loaded();
    expect((await engine.quantize(OPTIONS)).counts.length).toBe(16);
  });

  it("are told as kinds of errors, though a worker tells them", async () => {
    await loaded();
    await expect(engine.quantize({ ...OPTIONS, k: 0 })).rejects.toThrow(RangeError);
    await expect(engine.quantize({ ...OPTIONS, k: "1" as never })).rejects.toThrow(TypeError);
    await expect(engine.quantize({ k: 1 } as never)).rejects.toThrow("space: expected one of");
  });
});

test("shared memory is read, not taken", async () => {
  const { pixels, width, height } = makeImage("hills");
  const shared = new Uint8Array(new SharedArrayBuffer(pixels.length));
  shared.set(pixels);
  await engine.load(shared, width, height);
  expect(shared.length).toBe(pixels.length);
  expect((await engine.quantize(OPTIONS)).indices).toEqual(directly(OPTIONS).indices);
});

describe("failure", () => {
  it("of the core loses the image, says so, and lets another be loaded", async () => {
    await loaded();
    const broken = vi.spyOn(Core.prototype, "lend").mockImplementationOnce(function (this: Core) {
      this.take(2 ** 32 - 4096);
      return 0 as never;
    });
    await expect(engine.quantize(OPTIONS)).rejects.toMatchObject({
      name: "RangeError",
      message: "the engine stopped: there is not enough memory for this image, of 4 GB at most",
    });
    broken.mockRestore();
    await expect(engine.quantize(OPTIONS)).rejects.toThrow("expected an image to be loaded");
    await loaded();
    expect((await engine.quantize(OPTIONS)).counts.length).toBe(16);
  });

  it("of the core is for good", () => {
    const core = Core.instantiate(module);
    expect(() => core.call("walk_step", 2 ** 32 - 8)).toThrow(CoreError); // a trap
    expect(() => core.take(1)).toThrow("the engine stopped: it had stopped before");
    core.release("free_bytes", 8); // of no effect
  });

  it("of what the core checks is told in its words", () => {
    const { pixels, width, height } = makeImage("hills");
    const fitter = Image.load(Core.instantiate(module), pixels, width, height).own.fitter("lab");
    for (const _ of fitter.grow(3, "fast", 0));
    expect(() => fitter.grow(2, "fast", 0)).toThrow(/^the engine stopped: expected at least as many/);
  });

  it("at the end is an AbortError", async () => {
    await loaded();
    const asked = engine.quantize(LONG);
    engine.terminate();
    await expect(asked).rejects.toEqual(ABORTED);
    await expect(engine.quantize(OPTIONS)).rejects.toEqual(ABORTED);
  });
});
