import { defineConfig } from "vitest/config";

import { licenses } from "./licenses.ts";

// What the page may do: nothing with any other origin. `kpalette serve` says the same in headers.
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

const licensed = licenses();

export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/kpalette/playground",
    emptyOutDir: true,
    target: "es2022",
    // The first with SIMD, workers that are modules, and canvases in workers.
    cssTarget: ["chrome93", "firefox114", "safari16.4"],
    assetsInlineLimit: 0, // fetching from data: is against the policy
    modulePreload: { polyfill: false },
  },
  worker: { format: "es", plugins: () => [licensed.worker] },
  plugins: [
    licensed.page,
    {
      name: "policy",
      apply: "build", // the development server puts scripts into the page
      transformIndexHtml: () => [
        {
          tag: "meta",
          attrs: { "http-equiv": "Content-Security-Policy", content: POLICY.join("; ") },
          injectTo: "head-prepend",
        },
      ],
    },
  ],
  test: { include: ["tests/*.test.ts"], testTimeout: 60_000 }, // machines may be slow
});
