// node npm.mjs TASK.json: runs packages of npm on pictures, each method in a process of its own.
//
// The task: {package, modules, pictures: [{name, width, height, rgba}], ks, turns, timed, seconds, out};
// `rgba` is a file. Every method makes each picture once, which tells its error, and then `timed`
// pictures, evenly chosen, until each has had so many turns, or the seconds are over. Methods take
// turns; each has been warmed up before. Prints JSON: {node, methods: {name: {version, options}},
// cells: [{method, picture, k, ms, palette, shown}]}. `shown` is a file with RGBA of what a package
// maps by itself, or null.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const WARM = 2; // runs of each method and k before, in which its code is compiled

const [file, one] = process.argv.slice(2);
const task = JSON.parse(readFileSync(file, "utf8"));
const require = createRequire(join(task.modules, "x.js"));

const kpalette = () => import(pathToFileURL(join(task.package, "index.js")));

// Each method loads its package, and returns a function of an image and k.

const ours = (effort) => async () => {
  const { quantize } = await kpalette();
  return async ({ rgba, width, height }, k) => {
    const how = { width, height, k, effort, space: "srgb" };
    const { rgba: shown, colors } = await quantize(rgba, how);
    return { shown, palette: rows(colors, 3) };
  };
};

const withImageQ = (paletteQuantization) => () => {
  const { applyPaletteSync, buildPaletteSync, utils } = require("image-q");
  const how = { colorDistanceFormula: "euclidean" };
  return ({ rgba, width, height }, k) => {
    const points = utils.PointContainer.fromUint8Array(rgba, width, height);
    const palette = buildPaletteSync([points], { ...how, paletteQuantization, colors: k });
    const shown = applyPaletteSync(points, palette, { ...how, imageQuantization: "nearest" });
    return {
      shown: shown.toUint8Array(),
      palette: palette
        .getPointContainer()
        .getPointArray()
        .map(({ r, g, b }) => [r, g, b]),
    };
  };
};

const imageQ = (paletteQuantization) => ({
  of: "image-q",
  options: `paletteQuantization: "${paletteQuantization}", colorDistanceFormula: "euclidean", "nearest"`,
  load: withImageQ(paletteQuantization),
});

const METHODS = {
  "kpalette, balanced": {
    of: "kpalette",
    options: 'quantize(rgba, {width, height, k, space: "srgb"})',
    load: ours("balanced"),
  },
  "kpalette, fast": {
    of: "kpalette",
    options: 'quantize(rgba, {width, height, k, space: "srgb", effort: "fast"})',
    load: ours("fast"),
  },
  "image-q, Wu": imageQ("wuquant"),
  "image-q, NeuQuant": imageQ("neuquant"),
  "image-q, NeuQuant of floats": imageQ("neuquant-float"),
  "image-q, RgbQuant": imageQ("rgbquant"),
  gifenc: {
    of: "gifenc",
    options: "quantize(rgba, k), applyPalette(rgba, palette)",
    load() {
      const { applyPalette, quantize } = require("gifenc");
      return ({ rgba }, k) => {
        const palette = quantize(rgba, k);
        return { indices: applyPalette(rgba, palette), palette };
      };
    },
  },
  rgbquant: {
    of: "rgbquant",
    options: "sample(rgba, width), palette(), reduce(rgba)",
    load() {
      const RgbQuant = require("rgbquant");
      return ({ rgba, width }, k) => {
        const quantizer = new RgbQuant({ colors: k });
        quantizer.sample(rgba, width);
        const palette = quantizer.palette(true);
        return { shown: quantizer.reduce(rgba), palette };
      };
    },
  },
  quantize: {
    of: "quantize",
    options: "quantize(pixels, k), map(pixel); pixels are made of RGBA first",
    load() {
      const quantize = require("quantize");
      return ({ rgba }, k) => {
        const pixels = rows(rgba, 4).map((pixel) => pixel.slice(0, 3));
        const found = quantize(pixels, k);
        const shown = new Uint8Array(rgba.length).fill(255);
        pixels.forEach((pixel, i) => shown.set(found.map(pixel), 4 * i));
        return { shown, palette: found.palette() };
      };
    },
  },
  colorthief: {
    of: "colorthief",
    options: 'getPalette({colorCount: k, quality: 1, colorSpace: "rgb", ignoreWhite: false})',
    most: 20,
    load() {
      const { getPalette } = require("colorthief");
      const how = { quality: 1, colorSpace: "rgb", ignoreWhite: false };
      return async ({ rgba: data, width, height }, k) => {
        const loader = { load: async () => ({ data, width, height }) }; // instead of a file
        const found = await getPalette("", { ...how, loader, colorCount: k });
        return { palette: found.map((color) => color.array()) };
      };
    },
  },
  "node-vibrant": {
    of: "node-vibrant",
    options: "MMCQ(rgba, {colorCount: k}), its quantizer",
    load() {
      const { MMCQ } = require("@vibrant/quantizer-mmcq");
      return ({ rgba }, k) => ({ palette: MMCQ(rgba, { colorCount: k }).map(({ rgb }) => rgb) });
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

// ---- in a method's own process ----

/** Runs the method when asked to, and tells the milliseconds of processor time, of all its threads. */
async function serve({ load }) {
  const run = await load();
  process.on("message", async ({ picture, k, shownAt }) => {
    const { width, height, rgba } = task.pictures[picture];
    const image = { rgba: new Uint8Array(readFileSync(rgba)), width, height };
    const before = process.cpuUsage();
    const made = await run(image, k);
    const { user, system } = process.cpuUsage(before);
    const shown = shownAt && painted(made);
    if (shown) writeFileSync(shownAt, shown);
    process.send({ ms: (user + system) / 1e3, palette: made.palette, isShown: Boolean(shown) });
  });
  process.send("ready");
}

// ---- in the first process ----

async function measure() {
  const children = {};
  for (const method of Object.keys(METHODS)) {
    children[method] = fork(fileURLToPath(import.meta.url), [file, method]);
    await once(children[method], "message"); // one at a time, so that none waits for another
  }
  const ask = (method, question) =>
    new Promise((resolve, reject) => {
      const child = children[method];
      const ended = (code) => reject(new Error(`${method} ended with ${code}`));
      child.once("exit", ended);
      child.once("message", (answer) => {
        child.off("exit", ended);
        resolve(answer);
      });
      child.send(question);
    });
  const able = (k) => Object.keys(METHODS).filter((method) => k <= (METHODS[method].most ?? 256));
  for (const k of task.ks) {
    for (const method of able(k)) {
      for (let run = 0; run < WARM; ++run) await ask(method, { picture: 0, k });
    }
  }
  const end = performance.now() + 1000 * task.seconds;
  const cells = new Map();
  const turn = async (picture) => {
    for (const k of task.ks) {
      for (const method of able(k)) {
        const key = JSON.stringify([picture, k, method]);
        const { name } = task.pictures[picture];
        const cell = cells.get(key);
        if (cell) {
          cell.ms.push((await ask(method, { picture, k })).ms);
          continue;
        }
        const shownAt = join(task.out, `${picture}-${k}-${method}.rgba`);
        const { ms, palette, isShown } = await ask(method, { picture, k, shownAt });
        const shown = isShown ? shownAt : null;
        cells.set(key, { method, picture: name, k, ms: [ms], palette, shown });
      }
    }
  };
  const n = task.pictures.length;
  const timed = Array.from({ length: Math.min(task.timed, n) }, (_, i) =>
    Math.floor(((i + 0.5) * n) / Math.min(task.timed, n)),
  );
  for (let picture = 0; picture < n; ++picture) await turn(picture);
  for (let made = 1; made < task.turns && performance.now() < end; ++made) {
    for (const picture of timed) await turn(picture);
  }
  for (const child of Object.values(children)) child.disconnect();
  const methods = {};
  for (const [name, { of, options }] of Object.entries(METHODS)) {
    methods[name] = { version: `${of} ${versionOf(of)}`, options };
  }
  console.log(JSON.stringify({ node: process.version, methods, cells: [...cells.values()] }));
}

if (one) await serve(METHODS[one]);
else await measure();
