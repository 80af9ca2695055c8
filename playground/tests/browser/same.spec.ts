// What the visitor takes away is what the library gives.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { plainName } from "../../src/colors";
import { makeImage, type Picture } from "../images";
import type { Page } from "@playwright/test";
import { golden, type Indexed, pngOf, readIndexed } from "./files";
import { downloaded, expect, openFile, settled, setK, swatches, test } from "./page";

interface Entry {
  case: Record<string, unknown> & { image: string; k: number };
  gives: { palette: string[]; indices: string; mse: number; png: string };
}

const entries: Entry[] = JSON.parse(
  readFileSync(new URL("../../../tests/golden/quantize.json", import.meta.url), "utf8"),
);

function find(wanted: Record<string, unknown>): Entry {
  const found = entries.find(({ case: given }) => {
    const keys = new Set([...Object.keys(given), ...Object.keys(wanted)]);
    return [...keys].every((key) => JSON.stringify(given[key]) === JSON.stringify(wanted[key]));
  });
  if (!found)
    throw new Error(`expected a case ${JSON.stringify(wanted)} in tests/golden, got none`);
  return found;
}

/** An image of tests/golden, side by side in a large one. */
function tiled(name: string, width: number, height: number): Picture {
  const tile = makeImage(name);
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 4 * ((y % tile.height) * tile.width + (x % tile.width));
      for (let i = 0; i < 4; i++) pixels[4 * (y * width + x) + i] = tile.pixels[from + i];
    }
  }
  return { width, height, pixels };
}

const CASES: [string, Entry][] = [
  ["k=16", find({ image: "hills", k: 16, space: "oklab" })],
  ["k=2&space=srgb", find({ image: "hills", k: 2, space: "srgb" })],
  ["k=64&space=lab", find({ image: "glass", k: 64, space: "lab" })],
  ["k=16&space=linear", find({ image: "tiles", k: 16, space: "linear" })],
  ["k=8&fixed=ff8800,ffffff", find({ image: "hills", k: 8, fixed: ["#ff8800", "#fff"] })],
  ["k=6&dither=floyd-steinberg", find({ image: "glass", k: 6, dither: "floyd-steinberg" })],
  [
    "k=9&dither=blue-noise&strength=0.5&space=lab",
    find({ image: "hills", k: 9, dither: "blue-noise", dither_strength: 0.5, space: "lab" }),
  ],
  ["k=20&smaller=1", find({ image: "hills", k: 20, smaller: 1 })],
  ["k=20&smaller=2.5", find({ image: "hills", k: 20, smaller: 2.5 })],
  ["k=20&smaller=2.5", find({ image: "glass", k: 20, smaller: 2.5 })],
  ["k=20&smaller=1", find({ image: "tiles", k: 20, smaller: 1 })],
];

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

function levelsOf({ palette, indices }: Indexed): number[] {
  return [...indices].flatMap((i) => [...Buffer.from(palette[i].slice(1).padEnd(8, "f"), "hex")]);
}

/** The levels of a file's pixels as Chromium has them, RGBA. */
function decoded(page: Page, file: Buffer): Promise<number[]> {
  return page.evaluate(async (file) => {
    const data = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    const decoder = new ImageDecoder({ data, type: "image/png" });
    const { image } = await decoder.decode();
    const levels = new Uint8Array(image.allocationSize({ format: "RGBA" }));
    await image.copyTo(levels, { format: "RGBA" });
    return [...levels];
  }, file.toString("base64"));
}

for (const [fragment, { case: asked, gives }] of CASES) {
  test(`${asked.image} with ${fragment} is the library's, to the byte`, async ({
    playground: page,
  }) => {
    await page.evaluate((fragment) => (location.hash = fragment), fragment);
    await openFile(page, golden(asked.image));
    const { name, data } = await downloaded(page, () => page.click("#save-png"));
    expect(name).toBe(`${asked.image}-${asked.k}.png`);
    expect(sha256(data)).toBe(gives.png);
    const places = new Map(gives.palette.map((color, i) => [color.slice(1).padEnd(8, "f"), i]));
    // Chromium hands on colours times alpha, so that soft ones are not what it decoded.
    const soft = asked.image === "glass";
    const levels = Buffer.from(soft ? levelsOf(readIndexed(data)) : await decoded(page, data));
    const claimed = Uint8Array.from({ length: levels.length / 4 }, (_, i) => {
      return places.get(levels.toString("hex", 4 * i, 4 * i + 4)) ?? -1;
    });
    expect(sha256(claimed)).toBe(gives.indices);
    const shown = (await swatches(page)).map((name) => `#${name}`);
    const names = gives.palette.map(plainName);
    // Dithering keeps the palette's order, but the page sorts by what is shown.
    if (asked.dither || asked.smaller) expect(shown.sort()).toEqual(names.sort());
    else expect(shown).toEqual(names);
  });
}

test("dragging the slider ends with what typing k gives", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  await setK(page, 64);
  const box = await page.locator("#k").boundingBox();
  if (!box) throw new Error("expected a slider");
  await page.mouse.move(box.x + box.width * 0.72, box.y + box.height / 2);
  await page.mouse.down();
  for (let i = 1; i <= 12; i++)
    await page.mouse.move(box.x + box.width * (0.72 - 0.035 * i), box.y + box.height / 2);
  await page.mouse.up();
  await settled(page);
  const k = Number(await page.inputValue("#k-number"));
  expect(k).toBeLessThan(16);
  const dragged = await swatches(page);
  await setK(page, 40);
  await setK(page, k);
  expect(await swatches(page)).toEqual(dragged);
  expect(dragged).toHaveLength(k);
});

test("a large picture is quick while k moves, and exact after", async ({ playground: page }) => {
  const [width, height] = [2000, 1000];
  const { pixels: tile, ...size } = makeImage("hills");
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x += size.width) {
      const start = 4 * size.width * (y % size.height);
      const wide = Math.min(size.width, width - x);
      pixels.set(tile.subarray(start, start + 4 * wide), 4 * (y * width + x));
    }
  }
  await openFile(page, { ...golden("hills"), buffer: pngOf({ width, height, pixels }) });
  const box = await page.locator("#k").boundingBox();
  if (!box) throw new Error("expected a slider");
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await expect(page.locator("#mse")).toHaveText(/^[\d.,]+$/); // at rest, though held
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2);
  await expect(page.locator("#mse")).toContainText("≈");
  await page.mouse.up();
  await expect(page.locator("#mse")).not.toContainText("≈");
  await settled(page);
  const { data } = await downloaded(page, () => page.click("#save-png"));
  const { palette, indices, ...read } = readIndexed(data);
  expect([read.width, read.height]).toEqual([width, height]);
  expect(palette).toHaveLength(Number(await page.inputValue("#k-number")));
  expect(indices.subarray(0, size.width)).toEqual(
    indices.subarray(size.width, 2 * size.width), // as the picture itself
  );
});

test("a picture's file is the same however its palette is sorted", async ({
  playground: page,
}) => {
  await openFile(page, golden("hills"));
  const save = async () => (await downloaded(page, () => page.click("#save-png"))).data;
  const usual = await save();
  for (const sort of ["luminance", "hue"]) {
    await page.selectOption("#sort", sort);
    expect(await save()).toEqual(usual);
  }
});

test("a newer wish wins while a smaller file is being made", async ({ playground: page }) => {
  test.slow();
  await openFile(page, { ...golden("hills"), buffer: pngOf(tiled("hills", 2400, 1600)) });
  await page.locator("#smaller").fill("3"); // which takes some 20 s
  await page.locator("#k-number").fill("256");
  await page.waitForTimeout(3000); // until the search runs
  await expect(page.locator("#stage")).toHaveAttribute("aria-busy", "true");
  await page.locator("#smaller").fill("0");
  await page.locator("#k-number").fill("2");
  await settled(page);
  expect(await swatches(page)).toHaveLength(2);
  await expect(page.locator("#command")).not.toContainText("--smaller");
});

test("the file shrinks as “Smaller file” moves, and its size is told", async ({
  playground: page,
}) => {
  await openFile(page, golden("hills"));
  await setK(page, 200);
  const slider = page.locator("#smaller");
  const told = page.locator("#smaller-bytes");
  const save = async () => (await downloaded(page, () => page.click("#save-png"))).data.length;
  const sizes = [await save()];
  for (const smaller of [1, 2, 3]) {
    await slider.focus();
    for (let step = 0; step < 4; step++) await page.keyboard.press("ArrowRight");
    await settled(page);
    await expect(page.locator("#command")).toContainText(`--smaller ${smaller}`);
    await settled(page);
    sizes.push(await save());
    await expect(told).toHaveText((await page.locator("#bytes").textContent()) as string);
  }
  await expect(slider).toHaveAttribute("aria-valuetext", "3: seen close up");
  expect(sizes[3]).toBeLessThan(0.8 * sizes[0]);
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  await expect(page).toHaveURL(/smaller=3/);
  await page.selectOption("#dither", "bayer");
  await expect(page.locator("#notes")).toContainText("“Smaller file” is off");
  await expect(slider).toHaveValue("0");
  await settled(page);
  await slider.fill("1");
  await expect(page.locator("#notes")).toContainText("The dither is off");
  await expect(page.locator("#dither")).toHaveValue("none");
});

test("a palette goes into a file, sorted as on the page", async ({ playground: page }) => {
  await openFile(page, golden("tiles"));
  await setK(page, 5);
  await page.selectOption("#sort", "luminance");
  const names = await swatches(page);
  const hex = await downloaded(page, () => page.click('#save-palette button:text-is("hex")'));
  expect(hex.name).toBe("tiles-5.hex");
  expect(hex.data.toString().trim().split("\n")).toEqual(names);
  const png = await downloaded(page, () => page.click('#save-palette button:text-is("png")'));
  expect(readIndexed(png.data).palette).toEqual(names.map((name) => `#${name}`));
});

test("a picture of fewer colours than k keeps them, and says so", async ({ playground: page }) => {
  await openFile(page, golden("tiles"));
  await setK(page, 100);
  expect(await swatches(page)).toHaveLength(24);
  await expect(page.locator("#psnr")).toHaveText("lossless");
  await expect(page.locator("#announcer")).toContainText("all that the picture has");
});

test("half-transparent colours are read as they are, beyond a tile's edge too", async ({
  playground: page,
}) => {
  const [width, height] = [2300, 2];
  const pixels = new Uint8ClampedArray(4 * width * height);
  pixels.fill(255);
  pixels.set([3, 2, 1, 7], 4 * 2050); // times alpha, and back, that would be 0, 0, 0
  await openFile(page, { ...golden("glass"), buffer: pngOf({ width, height, pixels }) });
  expect((await swatches(page)).sort()).toEqual(["03020107", "ffffff"]);
});

test("a palette with alpha goes only into files that have room for it", async ({
  playground: page,
}) => {
  const refused = page.locator('#save-palette [aria-disabled="true"]');
  await expect(refused).toHaveCount(0);
  await openFile(page, golden("glass"));
  await expect(refused).toHaveText(["act", "ase", "gpl", "pal"]);
  await expect(refused.nth(1)).toHaveAttribute("title", /^a \.ase file holds only opaque colours/);
  await refused.nth(1).click({ force: true });
  await expect(page.locator("#toast")).toContainText("holds only opaque colours");
  const { data } = await downloaded(page, () => page.click('#save-palette button:text-is("hex")'));
  expect(data.toString()).toMatch(/^[0-9a-f]{8}\n/);
  await openFile(page, golden("hills"));
  await expect(refused).toHaveCount(0);
});

test("other formats have exactly the same colours, or say why not", async ({
  playground: page,
}) => {
  const levels = (data: Buffer, type: string) =>
    page.evaluate(
      async ([file, type]) => {
        const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type }));
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext("2d")!;
        context.drawImage(bitmap, 0, 0);
        return [...context.getImageData(0, 0, bitmap.width, bitmap.height).data];
      },
      [data.toString("base64"), type] as const,
    );
  const save = () => downloaded(page, () => page.click("#save-png"));
  await openFile(page, golden("hills"));
  const png = await save();
  const shown = await levels(png.data, "image/png");
  for (const kind of ["gif", "webp"]) {
    await page.selectOption("#save-kind", kind);
    const { name, data } = await save();
    expect(name).toBe(`hills-16.${kind}`);
    expect(await levels(data, `image/${kind}`)).toEqual(shown);
  }
  await openFile(page, golden("glass"));
  await page.selectOption("#save-kind", "gif");
  await page.click("#save-png");
  await expect(page.locator("#toast")).toContainText("A GIF holds no soft transparency");
});

test("the steps of k-means are downloaded as an animation", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  await setK(page, 3);
  await page.click("#steps-play");
  await expect(page.locator("#steps-text")).toContainText("converged", { timeout: 25_000 });
  const { name, data } = await downloaded(page, () => page.click("#steps-save"));
  expect(name).toBe("hills-3-steps.gif");
  const microseconds = await page.evaluate(async (file) => {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    const decoder = new ImageDecoder({ data: bytes, type: "image/gif" });
    await decoder.tracks.ready;
    await decoder.completed;
    let sum = 0;
    for (let i = 0; i < decoder.tracks.selectedTrack!.frameCount; ++i) {
      sum += (await decoder.decode({ frameIndex: i })).image.duration ?? 0;
    }
    return sum;
  }, data.toString("base64"));
  const points = await page.locator("#steps-chart polyline").getAttribute("points");
  expect(microseconds / 700_000).toBe(points?.split(" ").length); // steps that look alike are one
});
