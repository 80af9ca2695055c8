// Animations: opened with all frames, shown playing, and taken away as the library's GIF.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { animated, bomb, film, golden, halfDamaged } from "./files";
import { downloaded, expect, openFile, settled, setK, swatches, test } from "./page";

interface Entry {
  case: { image: string; k: number; dither?: string; smaller?: number };
  gives: { palette: string[]; mse: number; gif: string };
}

const entries: Entry[] = JSON.parse(
  readFileSync(new URL("../../../tests/golden/animate.json", import.meta.url), "utf8"),
);

const find = (wanted: Entry["case"]) =>
  entries.find(({ case: given }) => JSON.stringify(given) === JSON.stringify(wanted))!;

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

const shown = (page: Page) => page.locator("#stage").screenshot();

for (const wanted of [
  { image: "hills", k: 40 },
  { image: "tiles", k: 3 },
  { image: "glass", k: 255 },
  { image: "hills", k: 6, dither: "floyd-steinberg" },
  { image: "hills", k: 40, smaller: 2.5 },
]) {
  const { image, k, dither, smaller } = wanted;
  test(`the GIF is the library's: ${JSON.stringify(wanted)}`, async ({ playground: page }) => {
    const { gives } = find(wanted);
    await openFile(page, film(image));
    await setK(page, k);
    if (dither) await page.selectOption("#dither", dither);
    if (smaller) await page.locator("#smaller").fill(String(smaller));
    await settled(page);
    await expect(page.locator("#about")).toContainText("112×80, 6 frames");
    expect(await swatches(page)).toHaveLength(gives.palette.length);
    const { name, data } = await downloaded(page, () => page.click("#save-png"));
    expect(name).toBe(`${image}-film-${k}.gif`);
    expect(sha256(data)).toBe(gives.gif);
    await expect(page.locator("#bytes-kind")).toHaveText("GIF");
  });
}

test("frames are played, stopped and chosen", async ({ playground: page }) => {
  await openFile(page, film("tiles"));
  await expect(page.locator("#frames-play")).toHaveText("Pause"); // it plays
  const text = page.locator("#frame-text");
  await expect(text).not.toHaveText("1 of 6");
  await page.click("#frames-play");
  await page.locator("#frame").fill("1");
  await expect(text).toHaveText("1 of 6");
  const first = await shown(page);
  await page.locator("#frame").fill("6");
  await expect(text).toHaveText("6 of 6");
  await expect.poll(async () => (await shown(page)).equals(first)).toBe(false);
  await page.locator("#frame").fill("1");
  await expect.poll(async () => (await shown(page)).equals(first)).toBe(true);
});

test("motion that is not wanted does not start by itself", async ({ playground: page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openFile(page, film("tiles"));
  await expect(page.locator("#frames-play")).toHaveText("Play");
  await expect(page.locator("#frame-text")).toHaveText("1 of 6");
});

test("another picture is a still again", async ({ playground: page }) => {
  await openFile(page, animated);
  await expect(page.locator("#about")).toContainText("2×2, 2 frames, 2 colours");
  await expect(page.locator("#frames")).toBeVisible();
  await expect(page.locator("#saliency")).toBeDisabled();
  await expect(page.locator("#save-kind option")).toHaveText(["GIF"]);
  await openFile(page, golden("tiles"));
  await expect(page.locator("#frames")).toBeHidden();
  await expect(page.locator("#saliency")).toBeEnabled();
  await expect(page.locator("#save-kind option")).toHaveText(["PNG", "GIF", "WebP"]);
  await expect(page.locator("#bytes-kind")).toHaveText("PNG");
});

test("the command and the Python take all frames", async ({ playground: page }) => {
  await openFile(page, film("hills"));
  await setK(page, 12);
  await expect(page.locator("#command")).toHaveText(
    "kpalette quantize hills-film.png -k 12 --palette-scope global -o hills-film-12.gif",
  );
  await page.click("#copy-python");
  const python = await page.evaluate(() => navigator.clipboard.readText());
  expect(python).toContain('quantize_animation("hills-film.png", 12, palette_scope="global")');
  expect(python).toContain('a.save("hills-film-12.gif")');
});

test("k-means steps, the error map and the curve work on animations", async ({
  playground: page,
}) => {
  await openFile(page, film("hills"));
  await setK(page, 2);
  await page.locator("#error-map").check();
  await expect(page.locator("#result-tag")).toHaveText("Error");
  await expect(page.locator("#worst")).toContainText(/^\d+,\d+ of frame [1-6]$/);
  await page.click("#steps-play");
  await expect(page.locator("#steps-text")).toContainText("converged", { timeout: 25_000 });
  const { data } = await downloaded(page, () => page.click("#steps-save"));
  expect([data.readUInt16LE(6), data.readUInt16LE(8)]).toEqual([112, 80]);
});

for (const [file, why] of [
  [
    bomb,
    "its 60 frames of 1,000×1,000 have 60 million pixels, and a browser tab has memory for 50 million",
  ],
  [halfDamaged, "another is damaged"],
] as const) {
  test(`${file.name}: its first frame, and why`, async ({ playground: page }) => {
    await openFile(page, file);
    await expect(page.locator("#notes")).toContainText(
      `${file.name} is animated: this is its first frame, because ${why}.`,
    );
    await expect(page.locator("#frames")).toBeHidden();
  });
}
