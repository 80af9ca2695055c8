// The functions that run where they are called, which share an instance of the core.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Core } from "../engine/core";
import { encodeGif, encodePng, palette, quantize, theme } from "../engine/index";
import { makeImage } from "./images";

const { pixels, width, height } = makeImage("hills");
const glass = makeImage("glass"); // with alpha
const size = { width, height };

const MADE =
  /_new$|^walk_from$|^malloc_bytes$|^count_colors$|^weigh_salient$|^thin_out$|^color_names$|^readable_pairs$|^theme_text$|^lzw$|^recode_lzw$|^code_changes$|^lossy_frames_choose$/;
const FREED = /_free$|^free_bytes$/;

let live = 0;

beforeEach(() => {
  live = 0;
  const { call } = Core.prototype;
  vi.spyOn(Core.prototype, "call").mockImplementation(function (this: Core, name, ...values) {
    live += Number(MADE.test(name)) - Number(FREED.test(name));
    return call.call(this, name, ...values);
  });
});

afterEach(() => void vi.restoreAllMocks());

const CALLS: Record<string, () => Promise<unknown>> = {
  quantize: () => quantize(pixels, { ...size, k: 8 }),
  "quantize quickly": () => quantize(pixels, { ...size, k: 8, space: "srgb", effort: "fast" }),
  "quantize with alpha": () => quantize(glass.pixels, { width: glass.width, height: glass.height, k: 8 }),
  "quantize with a fixed colour that has alpha": () =>
    quantize(pixels, { ...size, k: 8, fixed: ["#ff880080"] }),
  "quantize by saliency": () => quantize(pixels, { ...size, k: 8, saliency: true }),
  "quantize and dither": () => quantize(pixels, { ...size, k: 8, dither: "floyd-steinberg" }),
  "quantize and dither spatially": () => quantize(pixels, { ...size, k: 8, dither: "spatial" }),
  "quantize to a smaller file": () => quantize(pixels, { ...size, k: 8, smaller: 1 }),
  palette: () => palette(pixels, size),
  theme: () => theme(pixels, { ...size, ignore: ["white"] }),
  encodePng: async () => encodePng(await quantize(pixels, { ...size, k: 8 })),
  encodeGif: async () => {
    const frame = { ...(await quantize(pixels, { ...size, k: 8 })), duration: 100 };
    await encodeGif({ ...size, frames: [frame] });
    return encodeGif({ ...size, frames: [frame, { ...frame, indices: frame.indices.map((i) => i ^ 1) }] });
  },
};

test.each(Object.keys(CALLS))("%s frees all that it made, and gives the same again", async (name) => {
  const first = await CALLS[name]();
  expect(live).toBe(0);
  const again = await CALLS[name]();
  expect(live).toBe(0);
  const steady = (found: unknown) => ({ ...(found as object), fitMs: 0, mapMs: 0 });
  expect(steady(again)).toEqual(steady(first));
});

test("calls share an instance, which does not grow from one to the next", async () => {
  const instantiate = vi.spyOn(Core, "instantiate");
  const take = vi.spyOn(Core.prototype, "take");
  const sizes: number[] = [];
  for (let call = 0; call < 20; ++call) {
    await quantize(pixels, { ...size, k: 8 });
    sizes.push((take.mock.contexts.at(-1) as Core).size);
  }
  expect(instantiate.mock.calls.length).toBeLessThanOrEqual(1);
  expect(sizes.at(-1)).toBe(sizes[2]);
});

test("what fails for want of memory is a RangeError, and the next call works", async () => {
  await quantize(pixels, { ...size, k: 8 });
  vi.spyOn(Core.prototype, "lend").mockImplementationOnce(function (this: Core) {
    this.take(2 ** 32 - 4096);
    return 0 as never;
  });
  const failed = quantize(pixels, { ...size, k: 8 });
  await expect(failed).rejects.toThrow(RangeError);
  await expect(failed).rejects.toThrow("there is not enough memory for this image, of 4 GB at most");
  expect((await quantize(pixels, { ...size, k: 8 })).counts.length).toBe(8);
});

test("an image that no memory holds is a RangeError, and the next call works", async () => {
  const huge = { width: 2 ** 15, height: 2 ** 14 };
  const none = new Uint8Array(4 * huge.width * huge.height); // which the system need not have
  await expect(palette(none, huge)).rejects.toThrow(RangeError);
  await expect(palette(none, huge)).rejects.toThrow("not enough memory for this image, of 4 GB at most");
  expect((await palette(pixels, { ...size, k: 3 })).counts.length).toBe(3);
});

test("many calls at once do not disturb each other", async () => {
  const ks = Array.from({ length: 40 }, (_, i) => 1 + (i % 8));
  const alone = new Map<number, Uint8Array>();
  for (const k of new Set(ks)) alone.set(k, (await palette(pixels, { ...size, k })).colors);
  const found = await Promise.all(ks.map((k) => palette(pixels, { ...size, k })));
  found.forEach(({ colors }, i) => expect(colors).toEqual(alone.get(ks[i])));
});

test("a failed call leaves nothing to the next", async () => {
  const bad = [
    quantize(pixels, { ...size, k: 300 }),
    quantize(pixels, { ...size, fixed: ["no colour"] }),
    palette(pixels, { width: 1, height: 1 }),
  ];
  for (const { status } of await Promise.allSettled(bad)) expect(status).toBe("rejected");
  expect((await palette(pixels, { ...size, k: 3 })).counts.length).toBe(3);
});
