// Figures, not tests: how heavy the page is, how soon it can be used, how soon the picture follows
// the slider, and how long the page's own thread is ever busy.
//
//     npm run measure -- photo.png large.jpg

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium } from "@playwright/test";
import { preview } from "vite";

const MOVES = 60;
const EVERY = 60; // ms

const server = await preview({ preview: { host: "127.0.0.1", port: 5188 } });
const url = "http://127.0.0.1:5188/";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--enable-unsafe-swiftshader"],
});

function weigh() {
  const folder = new URL("../../../src/kpalette/playground/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map((file) => gzipSync(readFileSync(`${file.parentPath}/${file.name}`)).length);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function openPage() {
  const page = await (
    await browser.newContext({ viewport: { width: 1440, height: 900 } })
  ).newPage();
  await page.addInitScript(() => {
    globalThis.busy = [];
    const note = (list) =>
      globalThis.busy.push(...list.getEntries().map(({ duration }) => duration));
    new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
  });
  await page.goto(url);
  await page.waitForSelector("html[data-ready]");
  return page;
}

const longest = (page) => page.evaluate(() => Math.max(0, ...globalThis.busy));

async function usable() {
  const times = [];
  for (let i = 0; i < 5; i++) {
    const page = await openPage();
    times.push(await page.evaluate(() => performance.getEntriesByName("usable")[0].startTime));
    await page.context().close();
  }
  return times.sort((a, b) => a - b);
}

/** Drags k from 2 to 64, and gives the times from each move to the repainted picture, ascending. */
async function drag(page) {
  await page.evaluate(() => performance.clearMeasures("repaint"));
  const { x, y, width, height } = await page.locator("#k").boundingBox();
  const [left, right] = [x + 11, x + 11 + ((width - 22) * 5) / 7];
  await page.mouse.move(left, y + height / 2);
  await page.mouse.down();
  for (let i = 0; i <= MOVES; i++) {
    await page.mouse.move(left + ((right - left) * i) / MOVES, y + height / 2);
    await page.waitForTimeout(EVERY);
  }
  const entries = () => performance.getEntriesByName("repaint").map(({ duration }) => duration);
  const times = await page.evaluate(entries);
  await page.mouse.up();
  return times.sort((a, b) => a - b);
}

const ms = (time) => `${time.toFixed(0)} ms`;
const at = (times, part) => ms(times[Math.floor(part * (times.length - 1))]);

console.log(`weight, all files by gzip: ${(weigh() / 1000).toFixed(0)} kB`);
const starts = await usable();
console.log(`first usable: median ${at(starts, 0.5)}, most ${at(starts, 1)}`);
const page = await openPage();
for (const photo of process.argv.slice(2)) {
  await page.evaluate(() => (globalThis.busy = []));
  await page.setInputFiles("#file", photo);
  await page.waitForFunction(
    (name) => document.querySelector("#about").textContent.startsWith(name),
    basename(photo),
    { timeout: 120_000 },
  );
  await page.waitForSelector("#use-elbow:not([hidden])", { timeout: 120_000 });
  await page.waitForTimeout(2000);
  const times = await drag(page);
  await page.waitForTimeout(3000);
  console.log(
    `${basename(photo)}: repainted after ${at(times, 0.5)} (median), ${at(times, 0.95)} (95 %), ` +
      `${at(times, 1)} (most) of ${times.length}; longest task ${ms(await longest(page))}`,
  );
}
await browser.close();
await server.close();
