import { defineConfig } from "vitest/config";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/kpalette/playground",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // nothing as data: in the page's policy
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  test: { include: ["tests/*.test.ts"] },
});
