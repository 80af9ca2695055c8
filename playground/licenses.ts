// The licences of what the built page holds, in licenses.txt: those of packages of which a module
// is in the page or in one of its workers, and those of what is linked into the engine.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/** Of what is linked into the engine: the Makefile writes it beside the engine. */
const LINKED = new URL("engine/wasm/licenses.txt", import.meta.url);

/** The folder of the package that a module is in. */
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/** Returns the plugins for the page's build and for its workers', which see modules apart. */
export function licenses(): { page: Plugin; worker: Plugin } {
  const folders = new Set<string>();

  function collect(chunks: object): void {
    for (const chunk of Object.values(chunks) as { moduleIds?: string[] }[]) {
      for (const id of chunk.moduleIds ?? []) {
        const folder = PACKAGE.exec(id)?.[0];
        if (folder) folders.add(folder);
      }
    }
  }

  return {
    worker: {
      name: "licenses-of-workers",
      generateBundle: (_, chunks) => collect(chunks),
    },
    page: {
      name: "licenses",
      apply: "build",
      // After the workers, which are built where the page's modules name them.
      generateBundle(_, chunks) {
        collect(chunks);
        const texts = [...folders].sort().map(textOf);
        const source = [...texts, readFileSync(LINKED, "utf8")].join("\n");
        this.emitFile({ type: "asset", fileName: "licenses.txt", source });
      },
    },
  };
}

function textOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file && readFileSync(join(folder, file), "utf8").trim();
  if (!text) throw new Error(`${name}: expected a file with its licence in ${folder}`);
  return `==== ${name} ${version} ====\n\n${text}\n`;
}
