// For everybody: keyboards, screen readers, phones, light and dark; and nothing leaves the page.

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { notAnImage } from "./files";
import { expect, ready, setK, swatches, test } from "./page";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [device, viewport] of [
    ["desktop", { width: 1440, height: 900 }],
    ["phone", { width: 390, height: 844 }],
  ] as const) {
    test.describe(() => {
      test.use({ colorScheme, viewport });
      test(`axe finds nothing: ${colorScheme}, ${device}`, async ({ playground: page }) => {
        test.setTimeout(240_000); // axe takes its time, above all over 256 swatches
        await expectNothingFound(page);
        await page.check("#error-map");
        await page.locator("#fixed-text").fill("#ff8800");
        await page.keyboard.press("Enter");
        await page.locator("#smaller").fill("1");
        await page.setInputFiles("#file", notAnImage);
        await expect(page.locator("#alerts")).not.toBeEmpty();
        await page.locator("#steps-next").click();
        await expect(page.locator("#steps-text")).toContainText("Start from");
        await expect(page.locator("#curve-text")).toContainText("pay less", { timeout: 20_000 });
        await expectNothingFound(page);
        await page.click("#steps-reset");
        await page.locator("#smaller").fill("0");
        await page.click('[aria-label="Sticker with transparency"]');
        await expect(page.locator("#about")).toContainText("sticker.png");
        await setK(page, 256);
        await page.locator("#detail-hex").fill("#ff00ff80");
        await page.keyboard.press("Enter");
        await expect(page.locator("#edited")).toBeVisible({ timeout: 20_000 });
        await expectNothingFound(page);
      });
    });
  }
}

/** Besides what axe tries of itself, names must hold what is written, and targets be large. */
async function expectNothingFound(page: Page): Promise<void> {
  const rules = Object.fromEntries(
    ["label-content-name-mismatch", "target-size", "focus-order-semantics", "p-as-heading"].map(
      (rule) => [rule, { enabled: true }],
    ),
  );
  const { violations } = await new AxeBuilder({ page }).options({ rules }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
}

/** In CSS pixels (WCAG 2.2, 2.5.8), however much room there is between them. */
const TARGET = 24;

test("all targets have 24 pixels", async ({ playground: page }) => {
  for (const k of [8, 16, 32, 64, 128, 256]) {
    await setK(page, k);
    const small = await page.evaluate((least) => {
      const targets = document.querySelectorAll<HTMLElement>(
        "a[href], button, input, select, summary, [tabindex='0']",
      );
      return [...targets]
        .filter((one) => one.checkVisibility() && getComputedStyle(one).pointerEvents !== "none")
        .map((one) => one.closest("label") ?? one)
        .filter((one) => Math.min(one.offsetWidth, one.offsetHeight) < least)
        .map((one) => one.outerHTML.slice(0, 90));
    }, TARGET);
    expect(small, `with ${k} colours`).toEqual([]);
  }
});

test.describe("with reduced motion", () => {
  test.use({ contextOptions: { reducedMotion: "reduce" } });

  test("nothing moves by itself, nor slowly", async ({ playground: page }) => {
    await page.locator("#steps-next").click();
    await page.locator("#steps-next").hover();
    const moving = await page.evaluate(() => {
      const lasting = (text: string) => text.split(", ").some((one) => Number.parseFloat(one) > 0);
      return [...document.querySelectorAll("*")]
        .map((one) => getComputedStyle(one))
        .filter((style) => lasting(style.transitionDuration) || lasting(style.animationDuration))
        .length;
    });
    expect(moving).toBe(0);
  });
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("nothing is wider than the screen, and k stays at hand", async ({ playground: page }) => {
    await setK(page, 256);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBeLessThanOrEqual(0);
    for (const selector of ["#stage", "#settings-card", "#take-card", "#curve-card"]) {
      await page.locator(selector).scrollIntoViewIfNeeded();
      await expect(page.locator("#k")).toBeInViewport();
    }
  });

  test("two fingers zoom the picture, and one moves the divider", async ({ playground: page }) => {
    const box = await page.locator("#stage").boundingBox();
    if (!box) throw new Error("expected a stage");
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const cdp = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...at: number[]) =>
      cdp.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: at.map((x, id) => ({ x, y, id })),
      });
    const level = async () => Number.parseInt(await page.locator("#zoom-level").innerText());
    const fit = await level();
    await touch("touchStart", x - 20, x + 20);
    for (let apart = 25; apart <= 80; apart += 5) await touch("touchMove", x - apart, x + apart);
    await touch("touchEnd");
    await expect.poll(level).toBeGreaterThan(2 * fit);
    await page.click("#zoom-fit");
    await touch("touchStart", x);
    for (let moved = 10; moved <= 100; moved += 10) await touch("touchMove", x + moved);
    await touch("touchEnd");
    const divider = page.locator("#divider");
    await expect
      .poll(async () => Number(await divider.getAttribute("aria-valuenow")))
      .toBeGreaterThan(65);
  });

  test("a narrow phone has room as well", async ({ playground: page }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide).toBeLessThanOrEqual(0);
  });
});

test("all is reached by keyboard alone", async ({ playground: page }) => {
  await page.keyboard.press("Tab");
  await expect(page.locator(".skip")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("#k-number")).toBeFocused();
  await expect(page.locator("#notes")).toBeEmpty();
  await page.keyboard.press("Tab");
  await expect(page.locator("#k")).toBeFocused();
  for (const [key, k] of [
    ["ArrowRight", 17],
    ["PageUp", 34],
    ["ArrowDown", 33],
    ["Home", 1],
    ["PageUp", 2],
  ] as const) {
    await page.keyboard.press(key);
    await expect(page.locator("#k")).toHaveAttribute("aria-valuetext", `${k} colour${k === 1 ? "" : "s"}`);
  }
  const reached = new Set<string>();
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.id ?? ""));
  }
  for (const id of [
    ...["dither", "fixed-color", "fixed-text", "fixed-file", "save-png", "copy-command", "command"],
    ...["choose-folder", "smaller", "save-kind", "steps-again"],
    ...[
      "stage",
      "divider",
      "error-map",
      "zoom-in",
      "zoom-fit",
      "sort",
      "detail-color",
      "detail-hex",
    ],
    ...["detail-copy", "detail-lock", "cloud", "seeding", "steps-play", "steps-next", "choose"],
  ]) {
    expect(reached, id).toContain(id);
  }
});

test("swatches are walked by arrows, copied by Enter and locked by L", async ({
  playground: page,
}) => {
  await setK(page, 6);
  const names = await swatches(page);
  await page.locator("#swatches .swatch").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator("#detail-hex")).toHaveValue(`#${names[2]}`);
  await page.keyboard.press("Enter");
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(`#${names[2]}`);
  await page.keyboard.press("l");
  await expect(page.locator("#fixed-list")).toContainText(`#${names[2]}`);
});

test("results are told to screen readers", async ({ playground: page }) => {
  await setK(page, 5);
  await expect(page.locator("#announcer")).toContainText(/5 colours, PSNR [\d.]+ decibels/);
});

test("the policy lets nothing out, even if some code tried", async ({ page, baseURL }) => {
  const others: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(baseURL as string)) others.push(request.url());
  });
  // What the policy refuses is told as a request that it made fail.
  page.on("requestfailed", (request) => {
    if (request.failure()?.errorText === "csp") others.splice(others.indexOf(request.url()), 1);
  });
  await page.goto("/");
  await ready(page);
  const refused = await page.evaluate(async () => {
    const fetched = await fetch("https://example.com/").catch(() => "refused");
    const image = await new Promise((resolve) => {
      const element = new Image();
      element.onload = () => resolve("loaded");
      element.onerror = () => resolve("refused");
      element.src = "https://example.com/x.png";
    });
    const sent = new Promise((resolve) =>
      addEventListener("securitypolicyviolation", resolve, { once: true }),
    );
    navigator.sendBeacon("https://example.com/", "x");
    await sent;
    return [fetched, image];
  });
  expect(refused).toEqual(["refused", "refused"]);
  expect(others).toEqual([]);
});
