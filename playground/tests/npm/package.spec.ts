// The tarball, installed in an empty folder: in Node, in Chromium, and for the type checker.

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
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
import { expect, type Page, test } from "@playwright/test";
import { build } from "vite";
import { makeImage } from "../images";

const ROOT = join(import.meta.dirname, "../../..");
/** A page with a picture, and the package at its name. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>x</title><canvas width="96" height="64"></canvas>
<script type="importmap">{"imports": {"kpalette": "/node_modules/kpalette/index.js"}}</script>
<script>
  const drawn = document.querySelector("canvas").getContext("2d");
  for (const [at, color] of ["#2a6f97", "#2a6f97", "#d7263d", "#f4d35e"].entries()) {
    drawn.fillStyle = color;
    drawn.fillRect(24 * at, 0, 24, 64);
  }
  for (let at = 0; at < 24 * 64; ++at) {
    drawn.fillStyle = "hsl(" + at % 360 + " 60% " + (at >> 5) + "%)";
    drawn.fillRect(72 + (at % 24), Math.floor(at / 24), 1, 1);
  }
</script>
`;
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

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

/** The README's code for Node or browsers. */
function snippets(where: "browser" | "node"): string[] {
  const page = readFileSync(join(ROOT, "playground/npm/README.md"), "utf8");
  return [...page.matchAll(new RegExp(`^\`\`\`js ${where}\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code);
}

const run = (program: string, ...words: string[]) =>
  execFileSync(program, words, {
    cwd: folder,
    env: { ...process.env, FORCE_COLOR: "0", GOLDEN: join(folder, "golden.json") },
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

test("what its README shows for Node runs there", () => {
  mkdirSync(join(folder, "node_modules/sharp"));
  // In place of a decoder: pixels, as sharp gives them.
  writeFileSync(
    join(folder, "node_modules/sharp/index.js"),
    `const { rgba, ...info } = ${JSON.stringify(expected)};
     const decoded = { data: Buffer.from(rgba, "base64"), info };
     const pipeline = { ensureAlpha: () => pipeline, raw: () => pipeline, toBuffer: async () => decoded };
     module.exports = () => pipeline;`,
  );
  const [photo, gif, worker, ...more] = snippets("node").map((code, i) => {
    writeFileSync(join(folder, `snippet-${i}.mjs`), code);
    return run(process.execPath, `snippet-${i}.mjs`);
  });
  expect([photo, gif, worker, ...more]).toEqual(["", "", "8\n"]);
  expect(readFileSync(join(folder, "photo.png")).subarray(1, 4).toString()).toBe("PNG");
  expect(readFileSync(join(folder, "square.gif")).subarray(0, 6).toString()).toBe("GIF89a");
});

test("its types are found and right, however modules are resolved", () => {
  writeFileSync(
    join(folder, "user.ts"),
    `import { encodePng, Engine, palette, quantize, theme, type Theme } from "kpalette";
     const size = { width: 1, height: 1 };
     export const found: Theme = await theme(new Uint8Array(4), { ...size, k: "auto" });
     export const file: Uint8Array = await encodePng(await quantize(new Uint8Array(4), size));
     export const worker: Promise<Engine> = Engine.start();
     // @ts-expect-error: a palette is not dithered
     await palette(new Uint8Array(4), { ...size, dither: "bayer" });
     // @ts-expect-error: there is no such space
     await quantize(new Uint8Array(4), { ...size, space: "cmyk" });`,
  );
  for (const [module, resolution] of [
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ]) {
    const how = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022"];
    how.push("--module", module, "--moduleResolution", resolution);
    run(join(ROOT, "playground/node_modules/.bin/tsc"), ...how, "user.ts");
  }
  // For Node alone, whose types lack what only pages have.
  const ofNode = ["--noEmit", "--strict", "--lib", "es2022", "--module", "nodenext", "--types", "node"];
  ofNode.push("--typeRoots", join(ROOT, "playground/node_modules/@types"));
  run(join(ROOT, "playground/node_modules/.bin/tsc"), ...ofNode, "user.ts");
  for (const name of readdirSync(join(folder, "node_modules/kpalette"))) {
    if (!name.endsWith(".d.ts")) continue;
    const text = readFileSync(join(folder, "node_modules/kpalette", name), "utf8");
    expect(text.replace(/\/\*.*?\*\//gs, ""), name).not.toMatch(/\bany\b/);
  }
});

test("a bundler brings along what is needed, and no more", async () => {
  writeFileSync(join(folder, "app.js"), snippets("browser").at(-1)!);
  writeFileSync(join(folder, "one.js"), 'import { palette } from "kpalette"; console.log(palette);');
  const bundled = async (name: string) => {
    writeFileSync(join(folder, `${name}.html`), `${PAGE}<script type="module" src="./${name}.js"></script>`);
    await build({
      ...{ root: folder, base: "./", configFile: false, logLevel: "error" },
      build: { outDir: `bundled-${name}`, rollupOptions: { input: join(folder, `${name}.html`) } },
      worker: { format: "es" },
    });
    return readdirSync(join(folder, `bundled-${name}`, "assets")).map((file) => file.replace(/-.*\./, "."));
  };
  expect((await bundled("app")).sort()).toEqual(["app.js", "kpalette.wasm", "worker.js"]);
  expect((await bundled("one")).sort()).toEqual(["kpalette.wasm", "one.js"]);
});

test.describe("in Chromium", () => {
  let server: Server;
  let origin: string;

  test.beforeAll(async () => {
    server = createServer(({ url }, response) => {
      const { pathname, searchParams } = new URL(url!, "http://x");
      const path = join(folder, pathname);
      const type = TYPES[extname(path)];
      response.setHeader("Content-Type", type ?? "text/html");
      const policy = searchParams.get("policy");
      if (policy) response.setHeader("Content-Security-Policy", policy);
      const snippet = searchParams.get("snippet");
      const script = snippet && snippets("browser")[Number(snippet)];
      response.end(type ? readFileSync(path) : `${PAGE}<script type="module">${script ?? ""}</script>`);
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

  /** Opens a page with the README's snippet of that number; what is wrong on it fails the test. */
  async function shown(page: Page, snippet: number): Promise<void> {
    page.on("pageerror", (error) => expect(error).toBeUndefined());
    await page.goto(`${origin}/?snippet=${snippet}`);
  }

  test("what its README shows for pages runs there", async ({ page }) => {
    expect(snippets("browser").length).toBe(3);
    const download = page.waitForEvent("download");
    await shown(page, 0);
    const file = await (await download).createReadStream();
    const chunks = await file.toArray();
    expect(Buffer.concat(chunks).subarray(1, 4).toString()).toBe("PNG");

    await shown(page, 1);
    await expect(page.locator("body")).not.toHaveCSS("background-color", "rgba(0, 0, 0, 0)");

    const passes = page.waitForEvent("console", (message) => Number(message.text()) > 0);
    await shown(page, 2);
    await passes;
  });

  test("it runs from a bundle", async ({ page }) => {
    const passes = page.waitForEvent("console", (message) => Number(message.text()) > 0);
    await page.goto(`${origin}/bundled-app/app.html`);
    await passes;
  });

  test("a policy that forbids WebAssembly, or workers, is told", async ({ page }) => {
    const tried = (policy: string) =>
      page.goto(`${origin}/?policy=${encodeURIComponent(policy)}`).then(() =>
        page.evaluate(async () => {
          const address = "/node_modules/kpalette/index.js";
          const { Engine, palette } = await import(address);
          const said = (error: Error) => error.message;
          return [
            await palette(new Uint8Array(4), { width: 1, height: 1, k: 1 }).then(() => "", said),
            await Engine.start().then(() => "", said),
          ];
        }),
      );
    const own = "script-src 'self' 'unsafe-inline'";
    expect(await tried(`${own} 'wasm-unsafe-eval'`)).toEqual(["", ""]);
    const [here, there] = await tried(own);
    expect(here).toMatch(/Content Security Policy.*wasm-unsafe-eval|unsafe-eval/);
    expect(there).toBe(""); // the worker has its own policy, which comes with its file
    expect(await tried(`${own} 'wasm-unsafe-eval'; worker-src 'none'`)).toEqual(["", expect.anything()]);
  });

  test("a worker that is ended, or fails, leaves no promise waiting", async ({ page }) => {
    await page.goto(origin);
    const found = await page.evaluate(async () => {
      const address = "/node_modules/kpalette/index.js";
      const { Engine } = await import(address);
      const made: Worker[] = [];
      const { Worker } = globalThis;
      globalThis.Worker = class extends Worker {
        constructor(...all: ConstructorParameters<typeof Worker>) {
          super(...all);
          made.push(this);
        }
      };
      const engine = await Engine.start();
      const told = (promise: Promise<unknown>) =>
        promise.then(() => "done", ({ name, message }: Error) => `${name}: ${message}`);
      const early = await told(engine.theme({ k: 6 }));
      const pixels = new Uint8ClampedArray(4 * 300 * 300).map((_, i) => (i * i) >> 3);
      await engine.load(pixels, 300, 300);
      const again = await told(engine.load(pixels, 300, 300)); // whose array has been taken
      const waiting = told(engine.theme({ k: 6 }));
      made[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
      return [early, again, await waiting, await told(engine.theme({ k: 6 }))];
    });
    expect(found).toEqual([
      "Error: expected an image to be loaded",
      "TypeError: rgba: expected a Uint8Array or Uint8ClampedArray, got one that is detached",
      "Error: out of memory",
      "Error: out of memory",
    ]);
  });
});
