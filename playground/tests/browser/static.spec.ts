// The built folder on any web server, below any path: what `make playground` leaves can be hosted.

import { spawn, type ChildProcess } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, ready, setK, swatches, test, watch } from "./page";

const BUILT = join(import.meta.dirname, "../../../src/kpalette/playground");

let root: string;
let server: ChildProcess;
let origin: string;

test.beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kpalette-static-"));
  await cp(BUILT, join(root, "some/where"), { recursive: true });
  const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", root];
  server = spawn("python3", args, { stdio: ["ignore", "pipe", "ignore"] });
  origin = await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.stdout?.on("data", (said: Buffer) => {
      const port = /port (\d+)/.exec(said.toString())?.[1];
      if (port) resolve(`http://127.0.0.1:${port}`);
    });
  });
});

test.afterAll(async () => {
  server.kill();
  await rm(root, { recursive: true });
});

test("works below any path, and a link to it carries the settings", async ({
  page,
  complaints,
}) => {
  watch(page, `${origin}/some/where`, complaints);
  await page.goto(`${origin}/some/where/#k=5&fixed=ff8800`);
  await ready(page);
  await expect(page.locator("#k-number")).toHaveValue("5");
  expect(await swatches(page)).toContain("ff8800");
  await setK(page, 7);
  await expect(page).toHaveURL(/\/some\/where\/#k=7&fixed=ff8800$/);
});

test("names the licences of all that it is made with", async ({ page, complaints }) => {
  watch(page, `${origin}/some/where`, complaints);
  await page.goto(`${origin}/some/where/`);
  await ready(page);
  const address = await page.locator("footer a").evaluate((link: HTMLAnchorElement) => link.href);
  const text = await (await page.request.get(address)).text();
  // Of the page, of its workers, and of the engine.
  for (const name of ["fflate", "uplot", "image-size", "three", "libdeflate"]) {
    expect(text).toMatch(new RegExp(`^==== ${name} `, "m"));
  }
  expect(text.match(/^Copyright|\(c\)/gim)?.length).toBeGreaterThan(9);
});
