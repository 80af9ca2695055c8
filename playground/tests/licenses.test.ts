// The page's licences: of each package that a module of it is from, and none without.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { licenses } from "../licenses.ts";

const folder = mkdtempSync(join(tmpdir(), "kpalette-licenses-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module of a package, and the package's file with its licence. */
function bundled(name: string, text?: string): string {
  const home = join(folder, "node_modules", name);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name, version: "1.2.3" }));
  if (text !== undefined) writeFileSync(join(home, "LICENSE.md"), text);
  return join(home, "dist/index.js");
}

/** What the build writes, of modules in the page and in its workers. */
function written(page: string[], worker: string[] = []): string {
  const { page: ofPage, worker: ofWorkers } = licenses();
  const emitted: { source: string }[] = [];
  const context = { emitFile: (file: { source: string }) => emitted.push(file) };
  const run = (plugin: { generateBundle?: unknown }, moduleIds: string[]) =>
    (plugin.generateBundle as Function).call(context, {}, { chunk: { moduleIds } });
  run(ofWorkers, worker);
  run(ofPage, page);
  return emitted[0].source;
}

test("each bundled package is there once, from page and workers", () => {
  const one = bundled("one", "Copyright (c) One\n");
  const scoped = bundled("@some/two", "Copyright (c) Two\n");
  const text = written([one, "/src/main.ts", one], [scoped, one]);
  expect(text.match(/^==== one 1\.2\.3 ====$/gm)).toHaveLength(1);
  expect(text).toContain("==== @some/two 1.2.3 ====\n\nCopyright (c) Two\n");
});

test("so is what the engine is linked with", () => {
  const names = [...written([]).matchAll(/^==== (\S+)/gm)].map(([, name]) => name);
  expect(names).toEqual(expect.arrayContaining(["libdeflate", "wasi-libc", "musl,", "libc++"]));
});

test("a bundled package without a licence ends the build", () => {
  const lacking = bundled("lacking");
  expect(() => written([lacking])).toThrow("lacking: expected a file with its licence");
  expect(() => written([], [lacking])).toThrow("lacking: expected a file with its licence");
});

test("an empty licence is none", () => {
  expect(() => written([bundled("empty", "\n")])).toThrow("empty: expected a file with its licence");
});
