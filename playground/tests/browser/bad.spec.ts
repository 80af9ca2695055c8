// Bad input of every kind: a clear message, and a page that goes on.

import type { Page } from "@playwright/test";
import { animated, empty, golden, heic, huge, notAnImage, svg, truncated, type Upload } from "./files";
import { drop, expect, openFile, ready, settled, setK, swatches, test, watch } from "./page";

async function stillUsable(page: Page): Promise<void> {
  await setK(page, 5);
  expect(await swatches(page)).toHaveLength(5);
  await openFile(page, golden("tiles"));
  await expect(page.locator("#alerts")).toBeEmpty();
}

const BAD: [string, Upload, RegExp][] = [
  ["an empty file", empty, /^empty\.png is empty: it has 0 bytes\. lake\.png stays\./],
  ["no image", notAnImage, /^notes\.png is not an image/],
  ["a truncated image", truncated, /^cut\.png is damaged or cut short/],
  ["a HEIC photo", heic, /^IMG_1\.HEIC is a HEIC photo, which this browser cannot read; Safari can\./],
  ["an SVG", svg, /^drawing\.svg is an SVG drawing.*Export it as PNG/],
  [
    "144 megapixels",
    huge,
    /^huge\.png has 12,000×12,000 pixels, 144 million\..*up to 100 million, because/,
  ],
];

for (const [what, file, says] of BAD) {
  test(`${what}: says so, and stays usable`, async ({ playground: page }) => {
    await page.setInputFiles("#file", file);
    await expect(page.locator("#alerts .notice p")).toHaveText(says);
    await expect(page.locator("#about")).toContainText("lake.png");
    await stillUsable(page);
  });
}

test("an animation where the browser gives one frame: that, and says so", async ({
  playground: page,
}) => {
  await page.route(/decode\.worker/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `delete self.ImageDecoder;${await response.text()}` });
  });
  await page.reload();
  await ready(page);
  await openFile(page, animated);
  await expect(page.locator("#notes")).toContainText(
    "clip.gif is animated: this is its first frame, because this browser gives a page no other.",
  );
  await expect(page.locator("#detail-hex")).toHaveValue("#ffffff");
  await expect(page.locator("#frames")).toBeHidden();
  await openFile(page, golden("tiles"));
  await expect(page.locator("#notes")).toBeEmpty();
});

test("a dropped palette file fixes its colours", async ({ playground: page }) => {
  await drop(page, [
    { name: "brand.hex", data: Buffer.from("ff8800\n").toString("base64"), type: "" },
  ]);
  await expect(page.locator("#fixed-list")).toContainText("#ff8800");
});

test("a pasted picture is opened", async ({ playground: page }) => {
  const data = golden("tiles").buffer.toString("base64");
  await page.evaluate((data) => {
    const clipboardData = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, data);
  await expect(page.locator("#about")).toContainText("image.png, 112×80");
});

test("a broken palette file fixes nothing, and says why", async ({ playground: page }) => {
  const buffer = Buffer.from("GIMP Palette\n255 136 999\n");
  await page.setInputFiles("#palette-file", { name: "brand.gpl", mimeType: "text/plain", buffer });
  await expect(page.locator("#alerts")).toContainText(
    "brand.gpl: line 2: expected three levels from 0 to 255",
  );
  await expect(page.locator("#fixed-list")).toBeHidden();
  await page.locator("#fixed-text").fill("orange");
  await page.keyboard.press("Enter");
  await expect(page.locator("#alerts")).toContainText(
    "Expected colours such as #ff8800 or #ff880080, got “orange”",
  );
  await page.locator("#fixed-text").fill("#ff8800");
  await page.keyboard.press("Enter");
  await expect(page.locator("#alerts")).toBeEmpty();
});

test("an error goes with the next picture or palette that is good, or by hand", async ({
  playground: page,
}) => {
  const alerts = page.locator("#alerts");
  const choose = (name: string, text: string) =>
    page.setInputFiles("#palette-file", {
      name,
      mimeType: "text/plain",
      buffer: Buffer.from(text),
    });
  await choose("bad.hex", "orange\n");
  await expect(alerts).toContainText("bad.hex");
  await openFile(page, golden("tiles"));
  await expect(alerts).toBeEmpty();
  await choose("bad.hex", "orange\n");
  await page.setInputFiles("#file", empty);
  await expect(alerts.locator(".notice")).toHaveCount(2);
  await choose("good.hex", "ff8800\n");
  await expect(alerts.locator(".notice p")).toHaveText([/^empty\.png/]);
  await alerts.getByRole("button", { name: "Close" }).click();
  await expect(alerts).toBeEmpty();
  await page.setInputFiles("#file", empty);
  await choose("bad.hex", "orange\n");
  await page.click('[aria-label="Marbles"]');
  await expect(alerts).toBeEmpty();
});

test("a garbage address is left out, and said", async ({ page, baseURL, complaints }) => {
  watch(page, baseURL as string, complaints);
  await page.goto("/#k=banana&space=lab&%%%");
  await ready(page);
  await expect(page.locator("#notes")).toContainText("“k=banana”, “%%%”");
  await expect(page.locator("#k-number")).toHaveValue("16");
  await expect(page.locator("#space input[value=lab]")).toBeChecked();
  await page.evaluate(() => (location.hash = "#k=9"));
  await expect(page.locator("#k-number")).toHaveValue("9");
  await expect(page.locator("#notes")).toBeEmpty();
  await settled(page);
  expect(await swatches(page)).toHaveLength(9);
});

test("a note goes by itself once it can have been read, an error stays", async ({ page }) => {
  await page.clock.install();
  await page.goto("/#k=banana");
  const note = page.locator("#notes .notice");
  await expect(note).toHaveCount(1);
  await page.setInputFiles("#file", notAnImage);
  await expect(page.locator("#alerts .notice")).toHaveCount(1);
  await page.clock.fastForward(5000);
  await expect(note).toHaveCount(1);
  await note.hover();
  await page.clock.fastForward(60_000);
  await expect(note).toHaveCount(1); // still pointed at
  await page.mouse.move(0, 0);
  await note.getByRole("button").focus();
  await page.clock.fastForward(60_000);
  await expect(note).toHaveCount(1); // the focus is within
  await page.locator("#k-number").focus();
  await page.clock.fastForward(5000);
  await expect(note).toHaveCount(1); // its time begins anew
  await page.clock.fastForward(15_000);
  await expect(note).toHaveCount(0);
  await expect(page.locator("#alerts .notice")).toHaveCount(1);
});

test("a number that is none goes back to what k is", async ({ playground: page }) => {
  await page.locator("#k-number").fill("9999");
  await page.keyboard.press("Enter");
  await expect(page.locator("#k-number")).toHaveValue("256");
  const notes = page.locator("#notes");
  await expect(notes).toContainText("k is 256: a whole number from 1 to 256.");
  await page.locator("#k-number").fill("16.7");
  await page.keyboard.press("Enter");
  await expect(notes).toContainText("k is 17: a whole number from 1 to 256.");
  await page.locator("#k-number").fill("");
  await page.keyboard.press("Tab");
  await expect(page.locator("#k-number")).toHaveValue("17");
});

test("without SIMD the page says what it takes", async ({ page }) => {
  await page.addInitScript(() => (WebAssembly.validate = () => false));
  await page.goto("/");
  await expect(page.locator("#alerts")).toContainText("WebAssembly with SIMD");
  await expect(page.locator("#alerts")).toContainText("Safari from 16.4");
  await expect(page.locator("#choose")).toBeDisabled();
  await expect(page.locator("main")).toBeHidden();
});

test("without WebGL all but the cloud works", async ({ page }) => {
  await page.route(/cloud\.worker/, async (route) => {
    const response = await route.fetch();
    const without = "OffscreenCanvas.prototype.getContext = () => null;";
    await route.fulfill({ response, body: without + (await response.text()) });
  });
  await page.goto("/");
  await ready(page);
  await expect(page.locator("#cloud-note")).toContainText("needs WebGL");
  await setK(page, 5);
  expect(await swatches(page)).toHaveLength(5);
});
