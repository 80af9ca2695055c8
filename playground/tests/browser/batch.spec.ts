// Many pictures at once: what each saves, and all of them in a zip.

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { unzipSync } from "fflate";
import { golden, pngOf, readIndexed } from "./files";
import { downloaded, drop, expect, openFile, settled, setK, slowDown, test } from "./page";

const entries = JSON.parse(
  readFileSync(new URL("../../../tests/golden/quantize.json", import.meta.url), "utf8"),
) as { case: Record<string, unknown>; gives: { png: string } }[];

/** The digest of the library's file of an image in 16 colours. */
const libraryFile = (image: string) =>
  entries.find(
    ({ case: given }) => JSON.stringify(given) === JSON.stringify({ image, k: 16, space: "oklab" }),
  )?.gives.png;

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

const dropped = (name: string, image: string) => ({
  name,
  data: golden(image).buffer.toString("base64"),
  type: "image/png",
});

const rows = (page: Page) => page.locator("#batch-table tbody tr");

async function reduceAll(page: Page): Promise<void> {
  // Looked for in each frame, for a few small pictures are soon done.
  const started = page.waitForFunction(
    () => document.querySelector("#batch-start")?.textContent?.trim() === "Stop",
  );
  await page.click("#batch-start");
  await started;
  await expect(page.locator("#batch-start")).toHaveText("Reduce again", { timeout: 60_000 });
}

async function zip(page: Page): Promise<Record<string, Uint8Array>> {
  const { name, data } = await downloaded(page, () => page.click("#batch-save"));
  expect(name).toBe("kpalette.zip");
  return unzipSync(data);
}

test("twenty dropped at once come out in a zip, as the library's files", async ({
  playground: page,
}) => {
  test.slow();
  const names = Array.from({ length: 18 }, (_, i) => `photo-${i}.png`);
  await drop(page, [
    { name: "read.me", data: "aGk=", type: "text/plain" },
    ...names.map((name, i) => dropped(name, i % 2 ? "tiles" : "hills")),
    { name: "broken.png", data: "aGk=", type: "image/png" },
  ]);
  await expect(page.locator("#batch")).toBeVisible();
  await expect(rows(page)).toHaveCount(19);
  await expect(page.locator("#about")).toContainText("photo-0.png");
  await expect(page.locator("#batch-save")).toBeDisabled();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await reduceAll(page);
  await expect(rows(page).first()).toContainText(/photo-0\.png.*−\d\d %16$/);
  await expect(rows(page).last()).toContainText("is not an image that this browser can read");
  await expect(page.locator("#batch-text")).toContainText(/^18 pictures: .* saved\.$/);
  const files = await zip(page);
  expect(Object.keys(files)).toEqual(names.map((name) => name.replace(".png", "-16.png")));
  Object.values(files).forEach((file, i) => {
    expect(sha256(file)).toBe(libraryFile(i % 2 ? "tiles" : "hills"));
  });
  await page.keyboard.press("Escape");
  await expect(page.locator("#batch")).toBeHidden();
  await page.getByRole("button", { name: "19 pictures" }).click();
  await expect(rows(page)).toHaveCount(19);
});

test("as few colours as look good are taken, and not one less", async ({ playground: page }) => {
  test.slow();
  await drop(page, [dropped("a.png", "hills"), dropped("b.png", "tiles")]);
  await page.check("#batch-by input[value=looks]");
  await page.fill("#batch-looks", "70");
  await reduceAll(page);
  const k = Number(await rows(page).first().locator("td").last().textContent());
  await page.click("#batch-close");
  await openFile(page, golden("hills"));
  const looks = async (k: number) => {
    await setK(page, k);
    await settled(page);
    return Number(await page.locator("#looks").textContent());
  };
  expect(await looks(k)).toBeGreaterThanOrEqual(70);
  expect(await looks(k - 1)).toBeLessThan(70.05); // as it is rounded
});

test("a folder keeps its folders, and what would grow is left out", async ({
  playground: page,
}) => {
  const folder = mkdtempSync(join(tmpdir(), "kpalette-"));
  mkdirSync(join(folder, "sub"));
  const pixel = pngOf({ width: 1, height: 1, pixels: Uint8ClampedArray.of(1, 2, 3, 255) });
  writeFileSync(join(folder, "sub", "a.png"), golden("hills").buffer);
  writeFileSync(join(folder, "b.png"), golden("tiles").buffer);
  writeFileSync(join(folder, "pixel.png"), pixel);
  await page.setInputFiles("#folder", folder);
  await expect(rows(page)).toHaveCount(3);
  await page.fill("#batch-k", "3");
  await reduceAll(page);
  await expect(page.locator("#batch-text")).toContainText("1 picture would grow, and is left out.");
  const ends = (files: object) => Object.keys(files).map((name) => name.replace(/^[^/]*\//, ""));
  const files = await zip(page);
  expect(ends(files).sort()).toEqual(["b-3.png", "sub/a-3.png"]);
  for (const file of Object.values(files)) {
    expect(new Set(readIndexed(Buffer.from(file)).indices).size).toBe(3);
  }
  await page.uncheck("#batch-only");
  expect(ends(await zip(page)).sort()).toEqual(["b-3.png", "pixel-1.png", "sub/a-3.png"]);
});

test("many pictures can be stopped, and begun again", async ({ playground: page }) => {
  await drop(page, Array.from({ length: 30 }, (_, i) => dropped(`${i}.png`, "hills")));
  await slowDown(page, "quantize", 500);
  await page.click("#batch-start");
  await expect(rows(page).first().locator("td").last()).toHaveText("16");
  await page.click("#batch-start");
  await expect(page.locator("#batch-start")).toHaveText("Reduce again");
  await expect(rows(page).last().locator("td").last()).toHaveText("");
  await expect(page.locator("#batch-save")).toBeEnabled();
});
