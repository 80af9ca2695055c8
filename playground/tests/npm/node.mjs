// The package as npm installs it, in Node: run in the folder where it was installed.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { encodeGif, encodePng, Engine, NoSimdError, palette, quantize, theme } from "kpalette";

const golden = JSON.parse(readFileSync(process.env.GOLDEN, "utf8"));
const { width, height } = golden;
const rgba = new Uint8ClampedArray(Buffer.from(golden.rgba, "base64"));
const size = { width, height };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const hexes = ({ colors, channels }) =>
  Array.from({ length: colors.length / channels }, (_, i) => {
    return `#${Buffer.from(colors.subarray(channels * i, channels * (i + 1))).toString("hex")}`;
  });

test("gives what the library gives", async () => {
  const { gives } = golden.quantize;
  const picture = await quantize(rgba, { ...size, ...golden.quantize.case });
  assert.deepEqual(hexes(picture), gives.palette);
  assert.equal(sha256(picture.indices), gives.indices);
  assert.equal(sha256(await encodePng(picture)), gives.png);
  const frame = { ...picture, duration: 0 };
  assert.equal(sha256(await encodeGif({ frames: [frame], ...size })), gives.gif);
  assert.equal(rgba.length, 4 * width * height); // pixels are not taken
  const found = await theme(rgba, { ...size, ...golden.theme.case });
  assert.deepEqual(hexes(found), golden.theme.gives.colors);
  assert.deepEqual(found.roles, golden.theme.gives.roles);
  const { counts } = await palette(new Uint8Array(rgba), { ...size, k: 3 });
  assert.equal(counts.reduce((sum, n) => sum + n), width * height);
});

test("refuses what it cannot do, and goes on", async () => {
  const detached = new Uint8ClampedArray(rgba);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const indices = Uint8Array.of(3);
  const colors = Uint8Array.of(0, 0, 0);
  const one = { indices: new Uint8Array(1), colors, channels: 3, width: 1, height: 1 };
  const frame = { ...one, duration: 10 };
  const gif = (...frames) => encodeGif({ frames, width: 1, height: 1 });
  const bad = [
    [() => quantize(rgba, { width: width + 1, height }), RangeError, /rgba: expected 4 bytes/],
    [() => quantize(rgba), TypeError, /quantize: expected an object with options, got undefined/],
    [() => theme(rgba, null), TypeError, /theme: expected an object with options, got null/],
    [() => encodePng(), TypeError, /encodePng: expected an object with options, got undefined/],
    [() => quantize(rgba, {}), TypeError, /width: expected a whole number .* got undefined/],
    [() => quantize(rgba, { width: NaN, height }), RangeError, /width: .* got NaN/],
    [() => quantize(rgba, { width: 0, height }), RangeError, /width: .* from 1 to .* got 0/],
    [() => quantize(rgba, { width: 2 ** 31, height: 2 ** 31 }), RangeError, /width: .* got 2147483648/],
    [() => quantize(rgba, { width: 2 ** 20, height: 2 ** 20 }), RangeError, /rgba: expected 4 bytes/],
    [() => quantize(detached, size), TypeError, /rgba: expected .* got one that is detached$/],
    [() => quantize([...rgba], size), TypeError, /rgba: expected a Uint8Array/],
    [() => quantize(null, size), TypeError, /got null/],
    [() => quantize({ data: rgba, ...size }, size), TypeError, /got Object, whose data are such$/],
    [() => quantize("rgba", size), TypeError, /got "rgba"/],
    [() => quantize(rgba.buffer, size), TypeError, /got ArrayBuffer/],
    [() => quantize(new Float32Array(rgba), size), TypeError, /got Float32Array/],
    [() => quantize(rgba, { ...size, k: "16" }), TypeError, /k: expected .* got "16"/],
    [() => quantize(rgba, { ...size, k: NaN }), RangeError, /k: expected .* got NaN/],
    [() => quantize(rgba, { ...size, k: Infinity }), RangeError, /k: expected .* got Infinity/],
    [() => quantize(rgba, { ...size, seed: -1 }), RangeError, /seed: expected .* got -1/],
    [() => quantize(rgba, { ...size, strength: "1" }), TypeError, /strength: expected 0 to 1, got "1"/],
    [() => quantize(rgba, { ...size, strength: NaN }), RangeError, /strength: .* got NaN/],
    [() => quantize(rgba, { ...size, smaller: 4 }), RangeError, /smaller: expected 0 to 3, got 4/],
    [() => quantize(rgba, { ...size, saliency: 1 }), TypeError, /saliency: expected true or false, got 1/],
    [() => quantize(rgba, { ...size, fixed: "#f80" }), TypeError, /fixed: expected a list, got "#f80"/],
    [() => theme(rgba, { ...size, ignore: [null] }), TypeError, /ignore: expected colours .* got null/],
    [() => theme(rgba, { ...size, k: "6" }), RangeError, /or "auto", got "6"/],
    [() => theme(rgba, { ...size, name: 5 }), TypeError, /name: expected text, got 5/],
    [() => quantize(rgba, { ...size, k: 0 }), RangeError, /k: expected a whole number from 1 to 256/],
    [() => quantize(rgba, { ...size, k: 257 }), RangeError, /got 257/],
    [() => quantize(rgba, { ...size, space: "cmyk" }), RangeError, /space: expected one of .* got "cmyk"/],
    [() => quantize(rgba, { ...size, space: 5 }), TypeError, /space: expected one of .* got 5/],
    [() => quantize(rgba, { ...size, dither: false }), TypeError, /dither: .*null, .* got false/],
    [() => quantize(rgba, { ...size, fixed: ["reed"] }), RangeError, /fixed: expected colours .* got "reed"/],
    [() => palette(rgba, { ...size, k: 1.5 }), RangeError, /got 1.5/],
    [() => theme(rgba, { ...size, k: 65 }), RangeError, /from 1 to 64 or "auto", got 65/],
    [() => quantize(rgba, { ...size, dithr: "bayer" }), TypeError, /quantize: .* got dithr/],
    [() => palette(rgba, { ...size, colors: 3 }), TypeError, /palette: .* got colors/],
    ...["dither", "strength", "smaller", "saliency"].map((name) => {
      return [() => palette(rgba, { ...size, [name]: null }), TypeError, RegExp(`palette: .* got ${name}`)];
    }),
    [() => palette(rgba, size, { k: 3 }), TypeError, /palette: expected all options in one object/],
    [() => encodePng(one, { quick: true }), TypeError, /encodePng: .* one object, got another: quick/],
    [() => theme(rgba, { ...size, region: [0, 0, 1, 1] }), TypeError, /theme: .* got region/],
    [() => encodePng({ indices, colors, speed: 1 }), TypeError, /encodePng: .* got speed/],
    [() => encodeGif({ frames: [], ...size, delay: 9 }), TypeError, /encodeGif: .* got delay/],
    [() => encodeGif({ frames: [{ delay: 9 }], ...size }), TypeError, /frames\[0\]: .* got delay/],
    [() => theme(new Uint8Array(16), { width: 2, height: 2 }), RangeError, /is transparent/],
    [() => encodePng({ indices, width: 1, height: 1, colors, channels: 3 }), RangeError, /k = 1, got 3/],
    [() => encodePng({ ...one, colors: new Uint8Array(0) }), RangeError, /colors: .* from 1 to 256, got 0/],
    [() => encodePng({ indices, width: 9, height: 9, colors, channels: 5 }), RangeError, /3 or 4/],
    [() => encodePng({ ...one, width: 2 }), RangeError, /indices: expected 2 × 1, got 1/],
    [() => encodePng({ ...one, width: "1" }), TypeError, /width: expected a whole number/],
    [() => encodePng({ ...one, quick: "no" }), TypeError, /quick: expected true or false, got "no"/],
    [() => encodeGif({ frames: [], width: 1, height: 1 }), RangeError, /at least one/],
    [() => encodeGif({ frames: one, width: 1, height: 1 }), TypeError, /frames: expected a list, got Obj/],
    [() => encodeGif({ frames: [null], width: 1, height: 1 }), TypeError, /frames\[0\]: expected an object/],
    [() => gif(frame, { ...frame, indices: new Uint8Array(9) }), RangeError, /frames\[1\].indices: .* 1 × 1, got 9/],
    [() => gif(frame, { ...frame, indices: Uint8Array.of(1) }), RangeError, /frames\[1\].indices: .* k = 1, got 1/],
    [() => encodeGif({ frames: [one], width: 1, height: 1 }), TypeError, /duration: .* got undefined/],
    [() => encodeGif({ frames: [{ ...one, duration: -1 }], width: 1, height: 1 }), RangeError, /got -1/],
    [() => encodeGif({ frames: [{ ...one, duration: 1 }], width: 1, height: 1, loop: NaN }), RangeError, /loop/],
    [() => Engine.start(), Error, /expected a browser/],
  ];
  for (const [call, kind, why] of bad) {
    await assert.rejects(call, (error) => {
      assert.equal(error.constructor, kind, String(error));
      assert.match(error.message, why);
      return true;
    });
  }
  assert.equal((await palette(rgba, { ...size, k: 2 })).counts.length, 2);
});

test("takes what map() passes besides", async () => {
  const picture = await quantize(rgba, { ...size, k: 3 });
  const files = await Promise.all([picture, picture].map(encodePng));
  assert.deepEqual(files[0], files[1]);
});

test("says that SIMD is missing", async () => {
  const { validate } = WebAssembly;
  WebAssembly.validate = () => false;
  await assert.rejects(() => theme(rgba, size), NoSimdError);
  WebAssembly.validate = validate;
  const { WebAssembly: all } = globalThis;
  delete globalThis.WebAssembly;
  await assert.rejects(() => theme(rgba, size), /^NoSimdError: expected WebAssembly with SIMD$/);
  globalThis.WebAssembly = all;
  await theme(rgba, size);
});

test("knows colours by their names", async () => {
  const [named, written] = await Promise.all(
    ["White", "#ffffff"].map((name) => theme(rgba, { ...size, ignore: [name] })),
  );
  assert.deepEqual(named, written);
  const { colors } = await palette(rgba, { ...size, k: 2, fixed: ["rebeccapurple"] });
  assert.ok(hexes({ colors, channels: 3 }).includes("#663399"));
});

test("takes shared memory, and arrays of another realm", async () => {
  const expected = await palette(rgba, { ...size, k: 4 });
  const shared = new Uint8Array(new SharedArrayBuffer(rgba.length));
  shared.set(rgba);
  assert.deepEqual(await palette(shared, { ...size, k: 4 }), expected);
  const foreign = runInNewContext("new Uint8ClampedArray(n)", { n: rgba.length });
  foreign.set(rgba);
  assert.deepEqual(await palette(foreign, { ...size, k: 4 }), expected);
});

test("can be required, where Node can require ES modules", { skip: !process.features.require_module }, () => {
  const required = createRequire(import.meta.url)("kpalette");
  assert.equal(required.quantize, quantize);
});
