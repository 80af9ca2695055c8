// The stage, the cloud and the curve.

import type { Page } from "@playwright/test";
import { golden, pngOf } from "./files";
import { expect, openFile, settled, setK, swatches, test } from "./page";

async function middle(page: Page, selector: string): Promise<{ x: number; y: number }> {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`expected ${selector} to be seen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** What a part of the page looks like. */
const seen = async (page: Page, selector: string) =>
  (await page.locator(selector).screenshot()).toString("base64");

test("the divider is dragged, and moved by keys", async ({ playground: page }) => {
  const divider = page.locator("#divider");
  const { x, y } = await middle(page, "#divider");
  const whole = await seen(page, "#stage");
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x - 200, y);
  await page.mouse.up();
  expect(Number(await divider.getAttribute("aria-valuenow"))).toBeLessThan(35);
  await expect.poll(() => seen(page, "#stage")).not.toBe(whole);
  await divider.focus();
  await page.keyboard.press("End");
  await expect(divider).toHaveAttribute("aria-valuenow", "100");
  await page.keyboard.press("ArrowLeft");
  await expect(divider).toHaveAttribute("aria-valuetext", "98 % original");
});

test("the picture is zoomed by wheel, buttons and keys, and panned", async ({
  playground: page,
}) => {
  const level = page.locator("#zoom-level");
  const fit = (await level.textContent()) as string;
  const { x, y } = await middle(page, "#stage");
  await page.mouse.move(x - 100, y - 100);
  await page.mouse.wheel(0, -600);
  await expect(level).not.toHaveText(fit);
  const zoomed = await seen(page, "#stage");
  await page.mouse.down();
  await page.mouse.move(x - 150, y - 50);
  await page.mouse.up();
  await expect.poll(() => seen(page, "#stage")).not.toBe(zoomed);
  await page.click("#zoom-one");
  await expect(level).toHaveText("100 %");
  await page.locator("#stage").focus();
  await page.keyboard.press("+");
  await expect(level).toHaveText("125 %");
  await page.keyboard.press("0");
  await expect(level).toHaveText(fit);
});

test("the error map has a legend, and darkens as k grows", async ({ playground: page }) => {
  await page.check("#error-map");
  await expect(page.locator("#legend")).toBeVisible();
  await page.locator("#divider").focus();
  await page.keyboard.press("Home");
  const brightness = async () => {
    const shot = (await page.locator("#picture").screenshot()).toString("base64");
    return page.evaluate(async (shot) => {
      const bitmap = await createImageBitmap(
        new Blob([Uint8Array.from(atob(shot), (c) => c.charCodeAt(0))]),
      );
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(100, 100, bitmap.width - 200, bitmap.height - 200);
      return data.reduce((sum, level) => sum + level, 0) / data.length;
    }, shot);
  };
  await setK(page, 3);
  const few = await brightness();
  await setK(page, 128);
  expect(await brightness()).toBeLessThan(few - 5);
});

test("k-means goes step by step, and back to the result", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  const result = await swatches(page);
  const text = page.locator("#steps-text");
  const costs: number[] = [];
  for (let pass = 0; pass < 5; pass++) {
    await page.click("#steps-next");
    if (pass) {
      await expect(text).toContainText(`Update ${pass}: each centre moves to the mean`);
      await page.click("#steps-next");
    }
    await expect(text).toContainText(pass ? `Assign ${pass}: each point goes` : "Start from the seeds");
    costs.push(
      Number(/Cost ([\d,.]+\d)/.exec((await text.textContent()) as string)?.[1].replaceAll(",", "")),
    );
  }
  for (let pass = 1; pass < 5; pass++) expect(costs[pass]).toBeLessThanOrEqual(costs[pass - 1]);
  expect(costs[4]).toBeLessThan(costs[0]);
  const line = (await page.locator("#steps-chart polyline").getAttribute("points")) as string;
  const heights = line.split(" ").map((point) => Number(point.split(",")[1]));
  expect(heights).toHaveLength(5);
  expect(heights).toEqual([...heights].sort((a, b) => a - b)); // of pixels, from the top
  await page.click("#steps-reset");
  await expect(text).toContainText("Watch k-means");
  await settled(page);
  expect(await swatches(page)).toEqual(result);
});

test("k-means plays by itself until it settles, and pauses", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  await setK(page, 2);
  await page.selectOption("#seeding", "wu");
  await expect(page.locator("#steps-again")).toBeDisabled(); // Wu's seeds are always the same
  await page.click("#steps-play");
  await expect(page.locator("#steps-play")).toHaveText("Pause");
  await expect(page.locator("#steps-text")).toContainText("Assign 1");
  await page.click("#steps-play");
  await expect(page.locator("#steps-play")).toHaveText("Play");
  await page.click("#steps-play");
  await expect(page.locator("#steps-text")).toContainText("converged", { timeout: 20_000 });
  await expect(page.locator("#steps-play")).toHaveText("Play again");
});

test("while k-means is stepped, the page shows the step", async ({ playground: page }) => {
  await page.selectOption("#dither", "bayer");
  await settled(page);
  const figures = () => page.locator("#figures dd").allTextContents();
  const result = await figures();
  const palette = await swatches(page);
  const of = page.locator("#figures-of");
  await expect(of).toBeEmpty();
  let last = Number.POSITIVE_INFINITY;
  let before = palette;
  for (const label of ["Start", "Update 1", "Assign 1", "Update 2", "Assign 2"]) {
    await page.click("#steps-next");
    await expect(of).toHaveText(`${label}, undithered`);
    await expect(page.locator("#save-png")).toHaveText("Download PNG of the result");
    const beyond = await page.locator("#take-card").evaluate((e) => e.scrollWidth - e.clientWidth);
    expect(beyond).toBeLessThanOrEqual(0);
    await expect(page.locator("#result-tag")).toHaveText(`${label}, undithered`);
    await expect(page.locator("#palette-title")).toContainText(`${label}, undithered: centres`);
    const [mse, psnr, deltaE, looks, worst, bytes, time, passes] = await figures();
    expect([deltaE, looks, worst, bytes, time]).toEqual(Array(5).fill("–"));
    expect(passes).toBe(/\d/.exec(label)?.[0] ?? "0");
    const centers = await swatches(page);
    if (label.startsWith("Assign")) expect([...centers].sort()).toEqual([...before].sort());
    else expect([...centers].sort()).not.toEqual([...before].sort());
    before = centers;
    if (label.startsWith("Update")) {
      expect([mse, psnr]).toEqual(["–", "–"]); // the points have yet to go to these centres
      continue;
    }
    expect(Number(mse.replaceAll(",", ""))).toBeLessThan(last);
    last = Number(mse.replaceAll(",", ""));
    expect(Number.parseFloat(psnr)).toBeCloseTo(10 * Math.log10((3 * 255 ** 2) / last), 1);
  }
  await page.waitForTimeout(600); // nothing of the result comes late
  expect((await figures())[5]).toBe("–");
  await page.click("#steps-reset");
  await expect(of).toBeEmpty();
  await expect(page.locator("#save-png")).toHaveText("Download PNG");
  await settled(page);
  expect(await swatches(page)).toEqual(palette);
  const after = await figures();
  for (const at of [0, 1, 2, 3, 4, 5, 7]) expect(after[at]).toBe(result[at]);
});

test("another start has other seeds, and the same one comes again", async ({
  playground: page,
}) => {
  const sorted = async () => (await swatches(page)).sort();
  const seeds = async (button: string, before: string[]) => {
    await page.click(button);
    await expect.poll(sorted).not.toEqual(before); // not a text, which may be there already
    await expect(page.locator("#palette-title")).toContainText("Start: centres");
    await expect(page.locator("#steps-text")).toContainText("Start from the seeds");
    return sorted();
  };
  const result = await sorted();
  const first = await seeds("#steps-next", result);
  const second = await seeds("#steps-again", first);
  await seeds("#steps-again", second);
  await page.click("#steps-reset");
  await expect.poll(sorted).toEqual(result);
  await settled(page);
  expect(await seeds("#steps-next", result)).toEqual(first);
});

test("centres are placed by hand, in the palette or by a drag", async ({ playground: page }) => {
  await setK(page, 2);
  await page.click("#steps-next");
  await expect(page.locator("#palette-title")).toContainText("Start: centres");
  await page.locator("#swatches .swatch").first().focus();
  await page.keyboard.press("e");
  await page.keyboard.type("#ffffff");
  await page.keyboard.press("Enter");
  await expect(page.locator("#steps-text")).toContainText("Start from your centres");
  expect(await swatches(page)).toContain("ffffff");
  const box = await page.locator("#cloud").boundingBox();
  if (!box) throw new Error("expected the cloud");
  const [x, y] = [box.x + box.width / 2, box.y + 6]; // white is at the top
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 20);
  await page.mouse.move(x, y + 60);
  await page.mouse.up();
  await expect(page.locator("#swatches .hex", { hasText: "ffffff" })).toHaveCount(0);
  await expect(page.locator("#steps-text")).toContainText("Start from your centres");
  await page.click("#steps-play");
  await expect(page.locator("#steps-text")).toContainText("converged", { timeout: 25_000 });
});

test("points take their cluster's colour, and axes have names", async ({ playground: page }) => {
  const names = page.locator("#cloud-axes text");
  await expect(names).toHaveText([/black/, /white/, /green/, /red/, /blue/, /yellow/]);
  await setK(page, 2);
  await page.waitForTimeout(600);
  const cloud = await seen(page, "#cloud");
  await page.click("#steps-next");
  await expect.poll(() => seen(page, "#cloud")).not.toBe(cloud);
  await page.check("#cloud-space input[value=rgb]");
  await expect(names).toHaveText(["black", "R", "G", "B", "white"]);
});

test("the error map frames the place that looks worst", async ({ playground: page }) => {
  await settled(page);
  await expect(page.locator("#looks")).toHaveText(/^\d\d\.\d$/);
  const [, width, height, left, top] = /^(\d+)×(\d+) at (\d+),(\d+)$/
    .exec((await page.locator("#worst").textContent())!)!
    .map(Number);
  const frame = page.locator("#worst-frame");
  await expect(frame).toBeHidden();
  await page.check("#error-map");
  await page.click("#zoom-one");
  await expect(frame).toBeVisible();
  const inside = await frame.evaluate((element) => {
    const { clientWidth, clientHeight, offsetLeft, offsetTop } = element as HTMLElement;
    return [clientWidth, clientHeight, offsetLeft, offsetTop];
  });
  expect(inside.slice(0, 2)).toEqual([width, height]); // at 100 %
  await page.click("#zoom-fit");
  const fitted = await frame.evaluate((element) => element.clientWidth);
  expect(fitted).toBeGreaterThan(0);
  expect([left % 16, top % 16]).toEqual([0, 0]);
  await setK(page, 256);
  await settled(page);
  await page.uncheck("#error-map");
  await expect(frame).toBeHidden();
});

test("the curve says what its numbers are", async ({ playground: page }) => {
  const unit = page.locator("#curve-unit");
  await expect(unit).toHaveText("Cost: squared distance in Oklab, sum over pixels");
  await page.check("#space input[value=lab]");
  await expect(unit).toContainText("in CIELAB");
  await page.check("#measure input[value=size]");
  await expect(unit).toHaveText("File size: bytes");
});

test("other settings end the steps", async ({ playground: page }) => {
  await page.click("#steps-next");
  await expect(page.locator("#steps-text")).toContainText("Start from the seeds");
  await setK(page, 5);
  await expect(page.locator("#steps-text")).toContainText("Watch k-means");
  await expect(page.locator("#palette-title")).toHaveText("Palette, 5 colours");
});

test("the cloud is turned by mouse and keys, and shown in RGB", async ({ playground: page }) => {
  await settled(page);
  const cloud = page.locator("#cloud");
  await expect.poll(() => seen(page, "#cloud")).not.toBe("");
  await page.waitForTimeout(600); // until it is drawn
  const first = await seen(page, "#cloud");
  const { x, y } = await middle(page, "#cloud");
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 80, y + 20);
  await page.mouse.up();
  await expect.poll(() => seen(page, "#cloud")).not.toBe(first);
  const turned = await seen(page, "#cloud");
  await cloud.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => seen(page, "#cloud")).not.toBe(turned);
  await page.check("#cloud-space input[value=rgb]");
  await expect(page).toHaveURL(/cloud=rgb/);
});

test("the curve finds the elbow, and a click takes its k", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  await expect(page.locator("#curve-text")).toContainText("more colours pay less", {
    timeout: 20_000,
  });
  await expect(page.locator("#curve-text")).toContainText("The elbow, for 2 to 64 colours");
  const costs = await page.locator("#curve-table td:nth-child(2)").allTextContents();
  const values = costs.map((cost) => Number(cost.replaceAll(",", "")));
  expect(values).toEqual([...values].sort((a, b) => b - a));
  const use = page.locator("#use-elbow");
  const elbow = /\d+/.exec((await use.textContent()) as string)?.[0] as string;
  await use.click();
  await expect(page.locator("#k-number")).toHaveValue(elbow);
  const { x, y } = await middle(page, "#curve .u-over");
  await page.mouse.click(x, y);
  await expect(page.locator("#k-number")).not.toHaveValue(elbow);
  expect(Number(await page.inputValue("#k-number"))).toBeGreaterThan(15);
  await page.check("#measure input[value=size]");
  await expect(page.locator("#curve-table")).toContainText("File size, bytes", { timeout: 20_000 });
});

test("one colour, and pictures of one or two, get sensible words", async ({ playground: page }) => {
  await setK(page, 1);
  await expect(page.locator("#palette-title")).toHaveText("Palette, 1 colour");
  await expect(page.locator("#k")).toHaveAttribute("aria-valuetext", "1 colour");
  for (const distinct of [1, 2]) {
    const pixels = new Uint8ClampedArray(4 * 64).fill(255);
    if (distinct === 2) pixels.fill(0, 0, 3);
    const buffer = pngOf({ width: 8, height: 8, pixels });
    await openFile(page, { ...golden("hills"), name: `few-${distinct}.png`, buffer });
    await setK(page, 16);
    const has = `The picture has ${distinct} colour${distinct > 1 ? "s" : ""}`;
    await expect(page.locator("#k-note")).toHaveText(`${has}: more change nothing.`);
    await expect(page.locator("#curve-text")).toHaveText(
      `${has}: with ${distinct} nothing is lost.`,
      { timeout: 20_000 },
    );
    await page.click("#steps-next");
    await expect(page.locator("#steps-text")).toContainText("Cost 0.00: nothing changes any more");
    await setK(page, 1);
    await expect(page.locator("#k-note")).toBeHidden();
    await expect(page.locator("#palette-title")).toHaveText("Palette, 1 colour");
  }
});
