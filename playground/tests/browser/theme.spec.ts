// The theme: its colours beside the palette, its pins, and what is taken along.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { film, golden, pngOf, type Upload } from "./files";
import { downloaded, expect, openFile, settled, test } from "./page";

interface Entry {
  case: { image?: string; clip?: string; k: number | "auto"; ignore?: string[] };
  gives: {
    colors: string[];
    names: string[];
    roles: Record<string, string>;
    places: [number, number][];
    texts: string[];
  };
}

const entries: Entry[] = JSON.parse(
  readFileSync(new URL("../../../tests/golden/theme.json", import.meta.url), "utf8"),
);

const givesOf = (wanted: Entry["case"]) =>
  entries.find(({ case: given }) => JSON.stringify(given) === JSON.stringify(wanted))!.gives;

const CLIPBOARD = "navigator.clipboard.readText()";
const colors = (page: Page) => page.locator("#theme-swatches .hex").allTextContents();
const names = (page: Page) => page.locator("#theme-swatches .name").allTextContents();

/** The roles that stand on swatches and below them, with their colours. */
function roles(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const found: [string, string][] = [];
    const key = (text: string) => text.trim().toLowerCase().replace(" ", "-");
    for (const button of document.querySelectorAll<HTMLButtonElement>("#theme-card li button")) {
      const own = button.querySelector(".roles")?.textContent ?? button.childNodes[1].textContent;
      const isRole = button.closest("#theme-roles") || button.querySelector(".roles");
      for (const role of isRole ? own!.split(", ") : []) found.push([key(role), button.value]);
    }
    return Object.fromEntries(found);
  });
}

async function expectTheme(page: Page, wanted: Entry["case"]): Promise<void> {
  const gives = givesOf(wanted);
  expect(await colors(page)).toEqual(gives.colors);
  expect(await names(page)).toEqual(gives.names);
  expect(await roles(page)).toEqual(gives.roles);
}

for (const image of ["hills", "glass", "daisy", "logo", "greys", "umbrellas", "one", "clear"]) {
  test(`the theme is the library's: ${image}`, async ({ playground: page }) => {
    await openFile(page, golden(image));
    await expectTheme(page, { image, k: 6 });
    const { places } = givesOf({ image, k: 6 });
    const pins = page.locator("#pins li");
    await expect(pins).toHaveCount(places.length);
    const [stage, level] = await Promise.all([
      page.locator("#stage").boundingBox(),
      page.locator("#zoom-level").innerText(),
    ]);
    const scale = Number.parseInt(level) / 100;
    const [first, last] = [places[0], places.at(-1)!];
    const [a, b] = [await pins.first().boundingBox(), await pins.last().boundingBox()];
    expect(Math.abs(b!.x - a!.x - scale * (last[0] - first[0]))).toBeLessThan(2);
    expect(Math.abs(b!.y - a!.y - scale * (last[1] - first[1]))).toBeLessThan(2);
    expect(a!.x).toBeGreaterThanOrEqual(stage!.x - 12);
  });
}

test("as many colours as wanted, and without white", async ({ playground: page }) => {
  await openFile(page, golden("logo"));
  await page.selectOption("#theme-k", "auto");
  await settled(page);
  await expectTheme(page, { image: "logo", k: "auto" });
  await page.selectOption("#theme-k", "5");
  await page.check("#theme-white");
  await settled(page);
  await expectTheme(page, { image: "logo", k: 5, ignore: ["#ffffff"] });
});

test("the theme of an animation is that of all frames, without pins", async ({
  playground: page,
}) => {
  await openFile(page, film("tiles"));
  await expectTheme(page, { clip: "tiles", k: 6 });
  await expect(page.locator("#pins li")).toHaveCount(0);
  await expect(page.locator("#theme-pins")).toBeDisabled();
});

test("a pin and its swatch mark each other, by pointer and by keys", async ({
  playground: page,
}) => {
  await openFile(page, golden("umbrellas"));
  const [pin, swatch] = [page.locator("#pins li"), page.locator("#theme-swatches li")];
  await pin.nth(2).hover();
  await expect(swatch.nth(2)).toHaveClass("marked");
  await expect(swatch.and(page.locator(".marked"))).toHaveCount(1);
  await swatch.nth(4).hover();
  await expect(pin.nth(4)).toHaveClass("marked");
  await expect(pin.nth(2)).not.toHaveClass("marked");
  await page.mouse.move(0, 0);
  await expect(page.locator(".marked")).toHaveCount(0);
  await pin.nth(0).locator("button").focus();
  await page.keyboard.press("ArrowRight");
  await expect(pin.nth(1).locator("button")).toBeFocused();
  await expect(swatch.nth(1)).toHaveClass("marked");
  await page.keyboard.press("Enter");
  await expect(swatch.nth(1).locator("button")).toBeFocused();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  const last = (await colors(page)).at(-1);
  await expect(page.locator("#toast")).toHaveText(`Copied ${last}`);
  expect(await page.evaluate(CLIPBOARD)).toBe(last);
});

test("pins go with the picture, and can be hidden", async ({ playground: page }) => {
  await openFile(page, golden("umbrellas"));
  const pins = page.locator("#pins li:visible");
  const all = await pins.count();
  expect(all).toBe(6);
  await page.locator("#stage").focus();
  for (let i = 0; i < 9; i++) await page.keyboard.press("+");
  expect(await pins.count()).toBeLessThan(all); // those outside the stage could be reached by Tab
  await page.keyboard.press("0");
  await expect(pins).toHaveCount(all);
  await page.check("#error-map");
  await expect(pins).toHaveCount(0);
  await page.uncheck("#error-map");
  await page.uncheck("#theme-pins");
  await expect(pins).toHaveCount(0);
  await openFile(page, golden("daisy"));
  await expect(pins).toHaveCount(0);
  await page.check("#theme-pins");
  await expect(pins).toHaveCount(givesOf({ image: "daisy", k: 6 }).places.length);
});

test("the theme is copied as text, the library's", async ({ playground: page }) => {
  await openFile(page, { ...golden("umbrellas"), name: "theme.png" });
  const { colors: wanted, texts } = givesOf({ image: "umbrellas", k: 6 });
  for (const [i, label] of ["CSS", "Tailwind", "Tokens"].entries()) {
    await page.locator("#theme-take button", { hasText: label }).click();
    await expect(page.locator("#toast")).toContainText(label);
    const text = (await page.evaluate(CLIPBOARD)) as string;
    expect(createHash("sha256").update(text).digest("hex")).toBe(texts[i]);
  }
  await page.locator("#theme-take button", { hasText: "Hex" }).click();
  await expect(page.locator("#toast")).toHaveText("Copied the Hex list");
  expect(await page.evaluate(CLIPBOARD)).toBe(`${wanted.join("\n")}\n`);
});

/** What a button of the theme copies. */
async function copied(page: Page, button: string): Promise<string> {
  await page.locator("#theme-copies button", { hasText: button }).click();
  await expect(page.locator("#toast")).toContainText(button);
  return page.evaluate(CLIPBOARD) as Promise<string>;
}

test("its names begin as the picture's, and there is a command for it", async ({
  playground: page,
}) => {
  await openFile(page, { ...golden("logo"), name: "Our logo.v2.png" });
  expect(await copied(page, "CSS")).toContain("--our-logo-v2-1: ");
  expect(await copied(page, "Tailwind")).toContain("--color-our-logo-v2-1: ");
  expect(await copied(page, "Tokens")).toContain('"our-logo-v2": {');
  expect(await copied(page, "Command")).toBe("kpalette theme 'Our logo.v2.png'");
  await page.selectOption("#theme-k", "auto");
  await page.check("#theme-white");
  await settled(page);
  const asked = "kpalette theme 'Our logo.v2.png' -k auto --ignore '#ffffff'";
  expect(await copied(page, "Command")).toBe(asked);
  await openFile(page, golden("daisy")); // for which the visitor's choices stay
  await expect(page.locator("#theme-white")).toBeChecked();
  expect(await copied(page, "CSS")).toContain("--daisy-1: ");
  expect(await copied(page, "Command")).toBe(
    "kpalette theme daisy.png -k auto --ignore '#ffffff'",
  );
});

test("swatches lie in even rows", async ({ playground: page }) => {
  await openFile(page, golden("umbrellas"));
  const rows = () =>
    page.evaluate(() => {
      const items = [...document.querySelectorAll<HTMLElement>("#theme-swatches li")];
      const tops = items.map((item) => item.offsetTop);
      return [...new Set(tops)].map((top) => tops.filter((other) => other === top).length);
    });
  for (const [width, wanted] of [
    [1400, [6]],
    [1200, [3, 3]],
    [360, [3, 3]],
    [1440, [6]],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await expect.poll(rows).toEqual(wanted);
  }
});

test("a card has the picture, its colours, and a name that is only text", async ({
  playground: page,
}) => {
  const name = 'a<script>alert("&")<.png';
  await openFile(page, { ...golden("daisy"), name });
  const { name: saved, data } = await downloaded(page, () =>
    page.getByRole("button", { name: "Download card" }).click(),
  );
  expect(saved).toMatch(/-theme\.svg$/);
  const card = await page.evaluate((text) => {
    const { documentElement: svg } = new DOMParser().parseFromString(text, "image/svg+xml");
    const image = svg.querySelector("image");
    return {
      title: svg.querySelector("title")?.textContent,
      words: svg.textContent,
      scripts: svg.querySelectorAll("script, parsererror, foreignObject").length,
      picture: image?.getAttribute("xlink:href")?.slice(0, 22),
    };
  }, data.toString());
  expect(card).toMatchObject({ title: 'a<script>alert("&")<', scripts: 0 });
  expect(card.picture).toBe("data:image/jpeg;base64");
  for (const color of await colors(page)) expect(card.words).toContain(color);
});

const clear: Upload = {
  ...golden("one"),
  name: "clear.png",
  buffer: pngOf({ width: 8, height: 8, pixels: new Uint8ClampedArray(4 * 8 * 8) }),
};
const white: Upload = {
  ...golden("one"),
  name: "white.png",
  buffer: pngOf({ width: 8, height: 8, pixels: new Uint8ClampedArray(4 * 8 * 8).fill(255) }),
};

test("where nothing is to be looked at, the page says so", async ({ playground: page }) => {
  await openFile(page, clear);
  const note = page.locator("#theme-note");
  await expect(note).toHaveText("There is no theme: all of the picture is transparent.");
  await expect(page.locator("#theme-take")).toBeHidden();
  await expect(page.locator("#pins li")).toHaveCount(0);
  await openFile(page, white);
  await expect(note).toBeHidden();
  expect(await colors(page)).toEqual(["#ffffff"]);
  await page.check("#theme-white");
  await expect(note).toHaveText("There is no theme: all of the picture is white or transparent.");
  await page.uncheck("#theme-white");
  await expect(note).toBeHidden();
});
