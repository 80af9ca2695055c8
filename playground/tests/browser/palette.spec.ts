// Colours that are copied, fixed and edited.

import { golden, readIndexed } from "./files";
import { downloaded, expect, openFile, settled, setK, swatches, test } from "./page";

const clipboard = "navigator.clipboard.readText()";

test("a click copies a colour", async ({ playground: page }) => {
  const [, second] = await swatches(page);
  await page.locator("#swatches .swatch").nth(1).click();
  await expect(page.locator("#toast")).toHaveText(`Copied #${second}`);
  expect(await page.evaluate(clipboard)).toBe(`#${second}`);
});

test("a fixed colour stays whatever k is, until it is let go", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  const third = (await swatches(page))[2];
  await page.locator("#swatches .swatch").nth(2).click();
  await page.click("#detail-lock");
  await expect(page.locator("#fixed-list")).toContainText(`#${third}`);
  for (const k of [2, 5, 40]) {
    await setK(page, k);
    expect(await swatches(page)).toContain(third);
    expect(await swatches(page)).toHaveLength(k);
  }
  expect(page.url()).toContain(`fixed=${third}`);
  await page.click(`[aria-label="Let #${third} go"]`);
  await setK(page, 2);
  expect(await swatches(page)).not.toContain(third);
});

test("an edited colour repaints the picture, and becomes fixed", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  await setK(page, 4);
  const before = await swatches(page);
  await page.locator("#swatches .swatch").nth(1).focus();
  await page.keyboard.press("e");
  await page.keyboard.type("#ff00ff");
  await page.keyboard.press("Enter");
  await settled(page);
  const after = [before[0], "ff00ff", before[2], before[3]];
  expect((await swatches(page)).sort()).toEqual(after.sort());
  await expect(page.locator("#edited")).toBeVisible();
  await expect(page.locator("#detail-hex")).toHaveValue("#ff00ff"); // wherever it is sorted to
  const { data } = await downloaded(page, () => page.click("#save-png"));
  expect(readIndexed(data).palette).toContain("#ff00ff");
  await page.click("#copy-command");
  expect(await page.evaluate(clipboard)).toBe("kpalette remap hills.png --palette hills-4.hex");
  await page.click("#refit");
  await settled(page);
  await expect(page.locator("#edited")).toBeHidden();
  expect(await swatches(page)).toContain("ff00ff");
  await page.click("#copy-command");
  expect(await page.evaluate(clipboard)).toBe("kpalette quantize hills.png -k 4 --fixed '#ff00ff'");
});

test("the colour input edits as well", async ({ playground: page }) => {
  await setK(page, 4);
  await page.locator("#detail-color").fill("#00ff00");
  await settled(page);
  expect(await swatches(page)).toContain("00ff00");
});

test("a palette never has a colour twice", async ({ playground: page }) => {
  const [first] = await swatches(page);
  await page.locator("#swatches .swatch").nth(1).focus();
  await page.keyboard.press("e");
  await page.keyboard.type(first);
  await page.keyboard.press("Enter");
  await expect(page.locator("#toast")).toContainText("in the palette already");
});

test("fixed colours are typed, or come from a palette file", async ({ playground: page }) => {
  await setK(page, 8);
  await page.locator("#fixed-text").fill("#F80, 1a1a1a");
  await page.keyboard.press("Enter");
  await settled(page);
  expect(await swatches(page)).toEqual(expect.arrayContaining(["ff8800", "1a1a1a"]));
  const buffer = Buffer.from("GIMP Palette\nName: x\n#\n  1   2   3\tink\n250 251 252\tpaper\n");
  await page.setInputFiles("#palette-file", { name: "brand.gpl", mimeType: "text/plain", buffer });
  await settled(page);
  await expect(page.locator("#notes")).toContainText("brand.gpl: 2 colours fixed");
  expect(await swatches(page)).toEqual(
    expect.arrayContaining(["ff8800", "1a1a1a", "010203", "fafbfc"]),
  );
});

test("more fixed colours than k raise k", async ({ playground: page }) => {
  await setK(page, 2);
  await page.locator("#fixed-text").fill("#111111 #222222 #333333");
  await page.keyboard.press("Enter");
  await expect(page.locator("#k-number")).toHaveValue("3");
  await page.locator("#k").focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator("#notes")).toContainText("3 colours are fixed");
  await expect(page.locator("#k-number")).toHaveValue("3");
});

test("words to do the same are copied", async ({ playground: page }) => {
  await page.setInputFiles("#file", { ...golden("hills"), name: "it's.png" });
  await expect(page.locator("#about")).toContainText("it's.png");
  await page.click("#copy-command");
  expect(await page.evaluate(clipboard)).toBe("kpalette quantize 'it'\\''s.png' -k 16");
  await page.click("#copy-python");
  expect(await page.evaluate(clipboard)).toContain(`kpalette.quantize("it's.png", 16)`);
  await setK(page, 7);
  await expect(page).toHaveURL(/#k=7$/);
  await page.click("#copy-link");
  expect(await page.evaluate(clipboard)).toBe(page.url());
});
