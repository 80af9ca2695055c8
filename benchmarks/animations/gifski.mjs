// node gifski.mjs MODULES SOURCE WIDTH HEIGHT MILLISECONDS QUALITY TARGET: a GIF by gifski-wasm.
// SOURCE has frames of RGBA, one after the other.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, source, ...numbers] = process.argv.slice(2, -1);
const [width, height, milliseconds, quality] = numbers.map(Number);
const folder = `${modules}/gifski-wasm/pkg`;
const { default: init, encode } = await import(pathToFileURL(`${folder}/gifski_wasm.js`));
await init(readFileSync(`${folder}/gifski_wasm_bg.wasm`));
const frames = new Uint8Array(readFileSync(source));
const n = frames.length / (4 * width * height);
const durations = new Uint32Array(n).fill(milliseconds);
const gif = encode(frames, n, width, height, undefined, durations, quality, undefined);
writeFileSync(process.argv.at(-1), gif);
