import { defineConfig } from "@playwright/test";

const PORT = 5187;

export default defineConfig({
  testDir: "tests/browser",
  outputDir: "../build/browser-tests",
  reporter: "line",
  timeout: 30_000,
  workers: 2,
  retries: process.env.CI ? 1 : 0, // of a busy machine; what needs it is reported as flaky
  use: {
    baseURL: `http://127.0.0.1:${PORT}`,
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Chromium's sandbox is not for root, as whom tests may run; and WebGL is by software.
      args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--enable-unsafe-swiftshader"],
    },
  },
  // What `npm run build` left.
  webServer: {
    command: `npx vite preview --host 127.0.0.1 --port ${PORT} --strictPort`,
    url: `http://127.0.0.1:${PORT}`,
    reuseExistingServer: false,
  },
});
