// node npm.mjs TASK.json: runs packages of npm on pictures, all in one process.
//
// The task: {package, modules, pictures: [{name, width, height, rgba}], ks, repeat, out}; `rgba` is a
// file. Methods take turns on each picture, after one run of each that is not timed. Prints JSON:
// {node, methods: {name: {version, options}}, cells: [{method, picture, k, ms, palette, shown}]}.
// `shown` is a file with RGBA of what a package maps by itself, or null.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const task = JSON.parse(readFileSync(process.argv[2], "utf8"));
const require = createRequire(join(task.modules, "x.js"));
const kpalette = await import(new URL(`file://${task.package}/index.js`));
const imageQ = require("image-q");
const quantize = require("quantize");
const RgbQuant = require("rgbquant");
const gifenc = require("gifenc");
const colorThief = require("colorthief");

const ours = (effort) => async ({ rgba, width, height }, k) => {
  const { rgba: shown, colors } = await kpalette.quantize(rgba, {
    ...{ width, height, k, effort },
    space: "srgb",
  });
  return { shown, palette: rows(colors, 3) };
};

const withImageQ = (paletteQuantization) => ({ rgba, width, height }, k) => {
  const how = { colorDistanceFormula: "euclidean" };
  const points = imageQ.utils.PointContainer.fromUint8Array(rgba, width, height);
  const palette = imageQ.buildPaletteSync([points], { ...how, paletteQuantization, colors: k });
  const shown = imageQ.applyPaletteSync(points, palette, { ...how, imageQuantization: "nearest" });
  return {
    shown: shown.toUint8Array(),
    palette: palette
      .getPointContainer()
      .getPointArray()
      .map(({ r, g, b }) => [r, g, b]),
  };
};

const METHODS = {
  "kpalette, balanced": {
    of: "kpalette",
    options: 'quantize(rgba, {width, height, k, space: "srgb"})',
    run: ours("balanced"),
  },
  "kpalette, fast": {
    of: "kpalette",
    options: 'quantize(rgba, {width, height, k, space: "srgb", effort: "fast"})',
    run: ours("fast"),
  },
  "image-q, Wu": {
    of: "image-q",
    options: 'paletteQuantization: "wuquant", colorDistanceFormula: "euclidean", "nearest"',
    run: withImageQ("wuquant"),
  },
  "image-q, NeuQuant": {
    of: "image-q",
    options: 'paletteQuantization: "neuquant", colorDistanceFormula: "euclidean", "nearest"',
    run: withImageQ("neuquant"),
  },
  gifenc: {
    of: "gifenc",
    options: "quantize(rgba, k), applyPalette(rgba, palette)",
    run({ rgba }, k) {
      const palette = gifenc.quantize(rgba, k);
      return { indices: gifenc.applyPalette(rgba, palette), palette };
    },
  },
  rgbquant: {
    of: "rgbquant",
    options: "sample(rgba, width), palette(), reduce(rgba)",
    run({ rgba, width }, k) {
      const quantizer = new RgbQuant({ colors: k });
      quantizer.sample(rgba, width);
      const palette = quantizer.palette(true);
      return { shown: quantizer.reduce(rgba), palette };
    },
  },
  quantize: {
    of: "quantize",
    options: "quantize(pixels, k), map(pixel); pixels are made of RGBA first",
    run({ rgba }, k) {
      const pixels = rows(rgba, 4).map((pixel) => pixel.slice(0, 3));
      const found = quantize(pixels, k);
      const shown = new Uint8Array(rgba.length);
      pixels.forEach((pixel, i) => shown.set(found.map(pixel), 4 * i));
      return { shown, palette: found.palette() };
    },
  },
  colorthief: {
    of: "colorthief",
    options: 'getPalette({colorCount: k, quality: 1, colorSpace: "rgb", ignoreWhite: false})',
    most: 20,
    async run({ rgba: data, width, height }, k) {
      const how = { quality: 1, colorSpace: "rgb", ignoreWhite: false };
      const loader = { load: async () => ({ data, width, height }) }; // instead of a file
      const found = await colorThief.getPalette("", { ...how, loader, colorCount: k });
      return { palette: found.map((color) => color.array()) };
    },
  },
};

function rows(values, width) {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.subarray(width * i, width * (i + 1))),
  );
}

/** RGBA of what a method made; null of a palette alone. */
function painted({ shown, indices, palette }) {
  if (!indices) return shown ?? null;
  const pixels = new Uint8Array(4 * indices.length);
  indices.forEach((index, i) => pixels.set(palette[index], 4 * i));
  return pixels;
}

function versionOf(name) {
  const folder = name === "kpalette" ? task.package : join(task.modules, "node_modules", name);
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
}

/** Runs a method; milliseconds of processor time, which others at work on the machine take no part in. */
async function timed({ run }, { rgba, width, height }, k) {
  const image = { rgba: rgba.slice(), width, height }; // as some write into it
  const before = process.cpuUsage();
  const made = await run(image, k);
  const { user, system } = process.cpuUsage(before);
  return { made, ms: (user + system) / 1e3 };
}

const cells = [];
let isWarm = false;
for (const { name: picture, width, height, rgba: file } of task.pictures) {
  const image = { rgba: new Uint8Array(readFileSync(file)), width, height };
  if (!isWarm) for (const method of Object.values(METHODS)) await timed(method, image, task.ks[0]);
  isWarm = true;
  for (const k of task.ks) {
    const able = Object.entries(METHODS).filter(([, { most = 256 }]) => k <= most);
    const here = able.map(([method]) => ({ method, picture, k, ms: [], palette: [], shown: null }));
    for (let turn = 0; turn < task.repeat; ++turn) {
      for (const cell of here) {
        const { made, ms } = await timed(METHODS[cell.method], image, k);
        cell.ms.push(ms);
        if (turn > 0) continue;
        const shown = painted(made);
        cell.palette = made.palette;
        cell.shown = shown && join(task.out, `${picture}-${k}-${cell.method}.rgba`);
        if (shown) writeFileSync(cell.shown, shown);
      }
    }
    cells.push(...here);
  }
}
const methods = {};
for (const [name, { of, options }] of Object.entries(METHODS)) {
  methods[name] = { version: `${of} ${versionOf(of)}`, options };
}
console.log(JSON.stringify({ node: process.version, methods, cells }));
