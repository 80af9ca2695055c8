import { defineConfig } from "@playwright/test";
import page from "../playwright.config";

// Of the package for npm, as `npm run pack` left it.
export default defineConfig({
  ...page,
  testDir: "../tests/npm",
  outputDir: "../../build/npm-tests",
  timeout: 120_000, // machines may be slow
  webServer: undefined,
});
