// Colours that are copied, fixed and edited.

import type { Page } from "@playwright/test";
import { golden, readIndexed } from "./files";
import { downloaded, expect, openFile, ready, settled, setK, slowDown, swatches, test } from "./page";

const clipboard = "navigator.clipboard.readText()";

/** One swatch is marked, and the fields are about it. */
async function expectSelected(page: Page, name: string): Promise<void> {
  await expect(page.locator("#swatches li.selected .hex")).toHaveText([name]);
  await expect(page.locator("#detail-color")).toHaveValue(`#${name.slice(0, 6)}`);
  await expect(page.locator("#detail-hex")).toHaveValue(`#${name}`);
}

async function typeHex(page: Page, name: string): Promise<void> {
  await page.locator("#detail-hex").fill(name);
  await page.keyboard.press("Enter");
}

const without = (names: string[], name: string) => names.filter((other) => other !== name).sort();

test("a click selects a colour, and only Copy copies it", async ({ playground: page }) => {
  const [, second] = await swatches(page);
  await page.evaluate("navigator.clipboard.writeText('mine')");
  await page.locator("#swatches .swatch").nth(1).click();
  await expect(page.locator("#detail-hex")).toHaveValue(`#${second}`);
  expect(await page.evaluate(clipboard)).toBe("mine");
  await page.click("#detail-copy");
  await expect(page.locator("#toast")).toHaveText(`Copied #${second}`);
  expect(await page.evaluate(clipboard)).toBe(`#${second}`);
});

test("a fixed colour stays whatever k is, until it is let go", async ({ playground: page }) => {
  await openFile(page, golden("hills"));
  const third = (await swatches(page))[2];
  await page.locator("#swatches .swatch").nth(2).click();
  await page.click("#detail-lock");
  await expect(page.locator("#detail-lock")).toHaveText("Unlock");
  await expect(page.locator("#fixed-list")).toContainText(`#${third}`);
  for (const k of [1, 5, 40]) {
    await setK(page, k);
    expect(await swatches(page)).toContain(third);
    expect(await swatches(page)).toHaveLength(k);
  }
  expect(page.url()).toContain(`fixed=${third}`);
  await page.click(`#fixed-list [aria-label="Unlock #${third}"]`);
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
  await expectSelected(page, "ff00ff"); // wherever it is sorted to
  const { data } = await downloaded(page, () => page.click("#save-png"));
  expect(readIndexed(data).palette).toContain("#ff00ff");
  await page.click("#copy-command");
  const command = (await page.evaluate(clipboard)) as string;
  expect(command).toMatch(/^kpalette quantize hills\.png -k 4 --fixed '(#[0-9a-f]{6},?){4}'$/);
  expect(command.match(/[0-9a-f]{6}/g)?.sort()).toEqual(after);
  await page.click("#refit");
  await settled(page);
  await expect(page.locator("#edited")).toBeHidden();
  expect(await swatches(page)).toContain("ff00ff");
  await page.click("#copy-command");
  expect(await page.evaluate(clipboard)).toBe("kpalette quantize hills.png -k 4 --fixed '#ff00ff'");
});

for (const fragment of ["#k=9", "#k=9&dither=bayer&space=srgb&sort=hue"]) {
  test(`a palette edited by hand comes again with its address: ${fragment}`, async ({
    playground: page,
  }) => {
    await page.goto(`/${fragment}`);
    await ready(page);
    for (const [at, name] of [
      [1, "#ff00ff"],
      [4, "#00ffff"],
    ] as const) {
      await page.locator("#swatches .swatch").nth(at).click();
      await typeHex(page, name);
      await settled(page);
    }
    const told = async () => [
      await swatches(page),
      await page.locator("#swatches .share").allTextContents(),
      await page.locator("#mse").textContent(),
      await page.locator("#delta-e").textContent(),
    ];
    const edited = await told();
    await page.click("#copy-link");
    const link = (await page.evaluate(clipboard)) as string;
    await expect(page).toHaveURL(link);
    await page.reload();
    await ready(page);
    expect(await told()).toEqual(edited);
  });
}

test("the address forgets an edited palette with the palette", async ({ playground: page }) => {
  await setK(page, 5);
  for (const forget of [
    () => page.click("#refit"),
    () => openFile(page, golden("hills")),
    () => setK(page, 6),
  ]) {
    await page.locator("#detail-color").fill("#00ff00");
    await page.locator("#detail-color").blur();
    await expect(page).toHaveURL(/fixed=([0-9a-f]{6},){4}/);
    await forget();
    await expect(page).toHaveURL(/fixed=00ff00$/);
    await settled(page);
    await page.click("#fixed-list button");
    await settled(page);
  }
});

test("a colour is edited again and again, and no other", async ({ playground: page }) => {
  const before = await swatches(page);
  await page.locator("#swatches .swatch").nth(4).click();
  for (const name of ["ff00ff", "00ffff", "010101"]) {
    await typeHex(page, `#${name}`);
    await settled(page);
    await expectSelected(page, name);
    expect(without(await swatches(page), name)).toEqual(without(before, before[4]));
  }
});

test("edits that come faster than the repaints end with the last one", async ({
  playground: page,
}) => {
  const before = await swatches(page);
  await slowDown(page, "remap", 300);
  await page.locator("#swatches .swatch").nth(4).click();
  for (const name of ["#ff00ff", "#00ffff", "#ffff00"]) await typeHex(page, name);
  await settled(page);
  await expectSelected(page, "ffff00");
  expect(without(await swatches(page), "ffff00")).toEqual(without(before, before[4]));
});

test("an edit goes before a fit that is under way", async ({ playground: page }) => {
  const before = await swatches(page);
  await slowDown(page, "quantize", 400);
  await page.locator("#swatches .swatch").nth(4).click();
  await page.locator("#k").focus();
  await page.keyboard.press("ArrowRight");
  await page.locator("#detail-color").evaluate(async (input: HTMLInputElement) => {
    const pick = (name: string, event: string) => {
      input.value = name;
      input.dispatchEvent(new Event(event, { bubbles: true }));
    };
    pick("#ff00ff", "input");
    await new Promise((resolve) => setTimeout(resolve, 600)); // by then the fit would be there
    pick("#ff01ff", "input");
    pick("#ff01ff", "change");
  });
  await settled(page);
  await expectSelected(page, "ff01ff");
  expect(without(await swatches(page), "ff01ff")).toEqual(without(before, before[4]));
  await expect(page.locator("#k-number")).toHaveValue("16");
  await expect(page.locator("#edited")).toBeVisible();
});

test("what is typed about a colour that goes meanwhile edits no other", async ({
  playground: page,
}) => {
  await slowDown(page, "quantize", 400);
  await page.locator("#swatches .swatch").nth(4).click();
  await page.locator("#k-number").fill("5");
  await page.locator("#detail-hex").fill("#ff00ff");
  await expect(page.locator("#swatches li")).toHaveCount(5);
  await page.keyboard.press("Enter");
  await settled(page);
  const names = await swatches(page);
  expect(names).not.toContain("ff00ff");
  await expectSelected(page, names[4]);
});

test("the selected colour stays so in any order", async ({ playground: page }) => {
  const [, , third] = await swatches(page);
  await page.locator("#swatches .swatch").nth(2).click();
  for (const sort of ["hue", "luminance", "share"]) {
    await page.selectOption("#sort", sort);
    await expectSelected(page, third);
  }
  await typeHex(page, "#ff00ff");
  await page.selectOption("#sort", "hue");
  await settled(page);
  await expectSelected(page, "ff00ff");
});

test("a colour that is fixed stays selected, and has the focus", async ({ playground: page }) => {
  const names = await swatches(page);
  for (const at of [5, 11]) {
    const swatch = page.locator(`#swatches .swatch[title^="#${names[at]}"]`);
    await swatch.focus();
    await page.keyboard.press("l");
    await settled(page);
    await expectSelected(page, names[at]);
    await expect(swatch).toBeFocused();
    await page.keyboard.press("l");
    await settled(page);
    await expect(page.locator("#fixed-list")).toBeHidden();
  }
});

test("Escape takes back what was typed", async ({ playground: page }) => {
  const [first] = await swatches(page);
  await page.locator("#detail-hex").fill("#ff00ff");
  await page.keyboard.press("Escape");
  await expectSelected(page, first);
  await page.keyboard.press("Tab");
  expect(await swatches(page)).toContain(first);
});

test("the colour input edits as well", async ({ playground: page }) => {
  await setK(page, 4);
  await page.locator("#detail-color").fill("#00ff00");
  await settled(page);
  expect(await swatches(page)).toContain("00ff00");
});

test("swatches with alpha keep to their columns, and say what they are", async ({
  playground: page,
}) => {
  await page.click('[aria-label="Sticker with transparency"]');
  await expect(page.locator("#about")).toContainText("sticker.png");
  for (const k of [8, 16, 32]) {
    await setK(page, k);
    const beyond = await page
      .locator("#swatches .swatch")
      .evaluateAll((all) => all.map((swatch) => swatch.scrollWidth - swatch.clientWidth));
    expect(Math.max(...beyond)).toBeLessThanOrEqual(0);
  }
  await setK(page, 8);
  await page.locator('#swatches .swatch[aria-label^="#00000000"]').click();
  await expect(page.locator("#detail-share")).toContainText("transparent");
  await expect(page.locator("#detail-color")).toBeDisabled();
  await typeHex(page, "#11223380");
  await settled(page);
  expect(await swatches(page)).toContain("11223380");
  await expect(page.locator("#detail-share")).toContainText("50 % opaque");
  await page.locator("#detail-color").fill("#445566");
  await settled(page);
  expect(await swatches(page)).toContain("44556680"); // alpha stays
  await typeHex(page, "#778899");
  await settled(page);
  expect(await swatches(page)).toContain("778899");
  await typeHex(page, "red");
  await expect(page.locator("#toast")).toContainText("such as #ff8800 or #ff880080");
});

test("a palette without alpha takes none by Hex, and says so", async ({ playground: page }) => {
  const before = await swatches(page);
  await typeHex(page, "#11223380");
  await expect(page.locator("#toast")).toContainText("of six digits, got “#11223380”");
  expect(await swatches(page)).toEqual(before);
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
  await expect(page.locator("#notes")).toContainText("brand.gpl: 2 colours locked");
  expect(await swatches(page)).toEqual(
    expect.arrayContaining(["ff8800", "1a1a1a", "010203", "fafbfc"]),
  );
});

test("a palette's picture fixes its colours, unless it has too many", async ({
  playground: page,
}) => {
  await setK(page, 6);
  const names = (await swatches(page)).map((name) => `#${name}`);
  const { data } = await downloaded(page, () =>
    page.click('#save-palette button:text-is("png")'),
  );
  const file = { name: "six.PNG", mimeType: "image/png", buffer: data };
  await page.setInputFiles("#palette-file", golden("hills"));
  await expect(page.locator("#alerts")).toContainText("hills.png: expected at most 256 colours");
  await page.setInputFiles("#palette-file", { ...file, buffer: data.subarray(0, 60) });
  await expect(page.locator("#alerts")).toContainText("six.PNG is damaged or cut short");
  await expect(page.locator("#fixed-list")).toBeHidden();
  await page.setInputFiles("#palette-file", file);
  await expect(page.locator("#fixed-list code")).toHaveText(names);
  await expect(page.locator("#alerts")).toBeEmpty();
});

test("more fixed colours than k raise k", async ({ playground: page }) => {
  await setK(page, 2);
  await page.locator("#fixed-text").fill("#111111 #222222 #333333");
  await page.keyboard.press("Enter");
  await expect(page.locator("#k-number")).toHaveValue("3");
  await page.locator("#k").focus();
  await page.keyboard.press("ArrowLeft");
  const notes = page.locator("#notes");
  await expect(notes).toContainText("k is 3: 3 colours are locked.");
  await expect(page.locator("#k-number")).toHaveValue("3");
  await page.locator("#k-number").fill("");
  await page.keyboard.type("24", { delay: 50 }); // the first digit is no k yet
  await expect(page.locator("#k-number")).toHaveValue("24");
  await expect(notes).toBeEmpty();
  await page.locator("#k-number").fill("2");
  await page.keyboard.press("Enter");
  await expect(page.locator("#k-number")).toHaveValue("3");
  await expect(notes).toContainText("k is 3: 3 colours are locked.");
  await page.keyboard.press("Tab");
  await expect(notes).toContainText("k is 3: 3 colours are locked.");
});

test("an address of more fixed colours than k says what k is", async ({ page }) => {
  await page.goto("/#k=2&fixed=111111,222222,333333");
  await ready(page);
  await expect(page.locator("#notes")).toContainText("k is 3: 3 colours are locked.");
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

test("what stands out can matter more", async ({ playground: page }) => {
  const before = await swatches(page);
  await page.check("#saliency");
  await settled(page);
  expect(await swatches(page)).not.toEqual(before);
  await expect(page).toHaveURL(/saliency=1/);
  await page.uncheck("#saliency");
  await settled(page);
  expect(await swatches(page)).toEqual(before);
  await expect(page).not.toHaveURL(/saliency/);
});

test("all changes can be undone, and redone", async ({ playground: page }) => {
  test.slow();
  await openFile(page, golden("hills"));
  const [undo, redo] = [page.locator("#undo"), page.locator("#redo")];
  await expect(undo).toBeDisabled();
  const told = async () => [
    await swatches(page),
    await page.inputValue("#k-number"),
    await page.inputValue("#dither"),
    await page.inputValue("#smaller"),
    await page.locator("#fixed-list code").allTextContents(),
    await page.locator("#edited").isVisible(),
    await page.locator("#mse").textContent(),
  ];
  const states = [await told()];
  for (const change of [
    () => setK(page, 6),
    () => page.selectOption("#dither", "bayer"),
    () => page.locator("#swatches .swatch").nth(2).press("l"),
    () => typeHex(page, "#ff00ff"),
    () => page.locator("#detail-color").fill("#00ff00"),
    () => page.click("#refit"),
    () => page.locator("#smaller").fill("2"),
  ]) {
    await change();
    await settled(page);
    await page.waitForTimeout(600); // or it is one change with the next
    states.push(await told());
  }
  for (const state of states.slice(0, -1).reverse()) {
    await page.keyboard.press("Control+z");
    await settled(page);
    expect(await told()).toEqual(state);
  }
  await expect(undo).toBeDisabled();
  for (const state of states.slice(1)) {
    await redo.click();
    await settled(page);
    expect(await told()).toEqual(state);
  }
  await expect(redo).toBeDisabled();
  await undo.click();
  await setK(page, 9);
  await page.waitForTimeout(600);
  await expect(redo).toBeDisabled(); // what was undone is gone
});
