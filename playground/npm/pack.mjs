// Packs the engine for npm: build/npm/, and its tarball beside it. `npm run pack`.

import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);
const out = new URL("build/npm/", root);
const read = (path, base = root) => readFileSync(new URL(path, base), "utf8");

rmSync(out, { recursive: true, force: true });
// Comments are for declarations, which editors show.
for (const how of [["--emitDeclarationOnly"], ["--declaration", "false", "--removeComments"]]) {
  execFileSync("npx", ["tsc", "-p", "tsconfig.npm.json", ...how], {
    cwd: new URL("playground/", root),
    stdio: "inherit",
  });
}
// What tsc leaves as it is in declarations and addresses.
for (const name of readdirSync(out)) {
  const text = read(name, out).replace(/"(\.\/\w+)\.ts"/g, '"$1.js"');
  writeFileSync(new URL(name, out), text);
}
// Of declarations, those that index.d.ts leads to.
const reached = new Set(["index.d.ts"]);
for (const name of reached) {
  for (const [, other] of read(name, out).matchAll(/"\.\/(\w+)\.js"/g)) reached.add(`${other}.d.ts`);
}
for (const name of readdirSync(out)) {
  if (name.endsWith(".d.ts") && !reached.has(name)) rmSync(new URL(name, out));
}
cpSync(new URL("playground/engine/wasm/", root), new URL("wasm/", out), { recursive: true });
cpSync(new URL("playground/npm/README.md", root), new URL("README.md", out));
cpSync(new URL("LICENSE", root), new URL("LICENSE", out));

const { name, description, license, type } = JSON.parse(read("playground/engine/package.json"));
const version = /^__version__ = "(.+)"$/m.exec(read("src/kpalette/__init__.py"))[1];
// npm compares it with where a release was built. Only there is it known.
const at = process.env.GITHUB_REPOSITORY;
const about = {
  ...{ name, version, description, license, type },
  keywords: ["color", "palette", "quantization", "k-means", "theme", "png", "gif", "wasm"],
  exports: { ".": { types: "./index.d.ts", default: "./index.js" } },
  types: "./index.d.ts",
  ...(at && { repository: { type: "git", url: `git+https://github.com/${at}.git` } }),
  sideEffects: false,
  engines: { node: ">=20.16" },
};
writeFileSync(new URL("package.json", out), `${JSON.stringify(about, null, 2)}\n`);
execFileSync("npm", ["pack", "--silent", "--pack-destination", ".."], { cwd: out, stdio: "inherit" });
