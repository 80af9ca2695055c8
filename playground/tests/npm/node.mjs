// The package as npm installs it, in Node: run in the folder where it was installed.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
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
  const bad = [
    [() => quantize(rgba, { width: width + 1, height }), RangeError, /pixels: expected 4 bytes/],
    [() => quantize(rgba, {}), RangeError, /width: expected a whole number/],
    [() => quantize(detached, size), RangeError, /pixels: expected 4 bytes .* got 0/],
    [() => quantize([...rgba], size), TypeError, /pixels: expected a Uint8Array/],
    [() => quantize(null, size), TypeError, /got null/],
    [() => quantize(rgba, { ...size, k: 0 }), RangeError, /k: expected a whole number from 1 to 256/],
    [() => quantize(rgba, { ...size, k: 257 }), RangeError, /got 257/],
    [() => quantize(rgba, { ...size, space: "cmyk" }), RangeError, /space: expected one of/],
    [() => quantize(rgba, { ...size, fixed: ["red"] }), RangeError, /fixed: expected colours/],
    [() => palette(rgba, { ...size, k: 1.5 }), RangeError, /got 1.5/],
    [() => theme(rgba, { ...size, k: 65 }), RangeError, /from 1 to 64 or "auto", got 65/],
    [() => quantize(rgba, { ...size, dithr: "bayer" }), TypeError, /quantize: .* got dithr/],
    [() => palette(rgba, { ...size, colors: 3 }), TypeError, /palette: .* got colors/],
    [() => theme(rgba, { ...size, region: [0, 0, 1, 1] }), TypeError, /theme: .* got region/],
    [() => encodePng({ indices, colors, speed: 1 }), TypeError, /encodePng: .* got speed/],
    [() => encodeGif({ frames: [], ...size, delay: 9 }), TypeError, /encodeGif: .* got delay/],
    [() => encodeGif({ frames: [{ delay: 9 }], ...size }), TypeError, /frames: .* got delay/],
    [() => theme(new Uint8Array(16), { width: 2, height: 2 }), RangeError, /is transparent/],
    [() => encodePng({ indices, width: 1, height: 1, colors, channels: 3 }), RangeError, /got 3/],
    [() => encodePng({ indices, width: 9, height: 9, colors, channels: 5 }), RangeError, /3 or 4/],
    [() => encodeGif({ frames: [], width: 1, height: 1 }), RangeError, /at least one/],
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

test("says that SIMD is missing", async () => {
  const { validate } = WebAssembly;
  WebAssembly.validate = () => false;
  await assert.rejects(() => theme(rgba, size), NoSimdError);
  WebAssembly.validate = validate;
});
