// The tarball, installed in an empty folder: in Node, in Chromium, and for the type checker.

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { expect, test } from "@playwright/test";
import { makeImage } from "../images";

const ROOT = join(import.meta.dirname, "../../..");
const TYPES: Record<string, string> = { ".js": "text/javascript", ".wasm": "application/wasm" };

const { pixels, width, height } = makeImage("hills");
const folder = mkdtempSync(join(tmpdir(), "kpalette-npm-"));

/** The golden result of a kind for an image and options, which are its `case`. */
function golden(kind: string, { image, ...options }: { image: string; k: number; space?: string }) {
  const all = JSON.parse(readFileSync(join(ROOT, `tests/golden/${kind}.json`), "utf8"));
  const wanted = JSON.stringify({ image, ...options });
  const { gives } = all.find((entry: { case: object }) => JSON.stringify(entry.case) === wanted);
  return { case: options, gives };
}

const expected = {
  rgba: Buffer.from(pixels.buffer).toString("base64"),
  ...{ width, height },
  quantize: golden("quantize", { image: "hills", k: 16, space: "oklab" }),
  theme: golden("theme", { image: "hills", k: 6 }),
};

const run = (program: string, ...words: string[]) =>
  execFileSync(program, words, {
    cwd: folder,
    env: { ...process.env, GOLDEN: join(folder, "golden.json") },
    encoding: "utf8",
  });

test.describe.configure({ mode: "serial" });

const name = readdirSync(join(ROOT, "build")).find((name) => /^kpalette-.*\.tgz$/.test(name))!;
const tarball = join(ROOT, "build", name);

test.beforeAll(() => {
  writeFileSync(join(folder, "package.json"), '{"private": true, "type": "module"}');
  writeFileSync(join(folder, "golden.json"), JSON.stringify(expected));
  run("npm", "install", "--silent", "--offline", "--no-audit", tarball);
});

test.afterAll(() => rmSync(folder, { recursive: true }));

test("it is below 300 kB", () => {
  expect(statSync(tarball).size).toBeLessThan(300_000);
});

test("it has no dependency, and all licences", () => {
  expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
    "kpalette",
  ]);
  const files = readdirSync(join(folder, "node_modules/kpalette"), { recursive: true });
  for (const name of ["LICENSE", "README.md", "wasm/licenses.txt"]) expect(files).toContain(name);
});

test("it works in Node", () => {
  copyFileSync(join(import.meta.dirname, "node.mjs"), join(folder, "node.mjs"));
  run(process.execPath, "--test", "node.mjs");
});

test("its types are found and right", () => {
  writeFileSync(
    join(folder, "user.ts"),
    `import { encodePng, quantize, theme, type Theme } from "kpalette";
     const size = { width: 1, height: 1 };
     export const found: Theme = await theme(new Uint8Array(4), { ...size, k: "auto" });
     export const file: Uint8Array = await encodePng(await quantize(new Uint8Array(4), size));
     // @ts-expect-error: there is no such space
     await quantize(new Uint8Array(4), { ...size, space: "cmyk" });`,
  );
  const how = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2022"];
  run(join(ROOT, "playground/node_modules/.bin/tsc"), ...how, "user.ts");
});

test.describe("in Chromium", () => {
  let server: Server;
  let origin: string;

  test.beforeAll(async () => {
    server = createServer(({ url }, response) => {
      const path = join(folder, new URL(url!, "http://x").pathname);
      const type = TYPES[extname(path)];
      response.setHeader("Content-Type", type ?? "text/html");
      response.end(type ? readFileSync(path) : "<!doctype html><title>x</title>");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  test.afterAll(() => void server.close());

  test("it works where it is called, and in a worker that can be ended", async ({ page }) => {
    await page.goto(origin);
    const found = await page.evaluate(
      async ({ rgba, width, height, theme: { case: given } }) => {
        const address = "/node_modules/kpalette/index.js";
        const { Engine, theme } = await import(address);
        const pixels = Uint8ClampedArray.from(atob(rgba), (letter) => letter.charCodeAt(0));
        const here = await theme(pixels, { width, height, ...given });
        const engine = await Engine.start();
        await engine.load(pixels, width, height);
        const there = await engine.theme(given);
        const under = engine.quantize({
          ...{ k: 200, space: "oklab", effort: "best", seed: 0 },
          ...{ fixed: [], dither: null, strength: 1 },
        });
        engine.terminate();
        const ended = await Promise.allSettled([under, engine.theme(given)]);
        return {
          here: here.roles,
          there: there.roles,
          ended: ended.map((one) => one.status === "rejected" && one.reason.name),
        };
      },
      expected,
    );
    const { roles } = expected.theme.gives;
    expect(found).toEqual({ here: roles, there: roles, ended: ["AbortError", "AbortError"] });
  });
});
