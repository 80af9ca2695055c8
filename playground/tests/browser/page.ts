// The page under test: opened, and watched for what must never happen.

import { readFile } from "node:fs/promises";
import { test as base, expect, type Download, type Page } from "@playwright/test";
import type { Upload } from "./files";

interface Fixtures {
  /** What the page complained about: nothing, or the test fails. */
  complaints: string[];
  /** The page, with its first sample. */
  playground: Page;
}

export const test = base.extend<Fixtures>({
  complaints: async ({}, use) => {
    const complaints: string[] = [];
    await use(complaints);
    expect(complaints).toEqual([]);
  },
  playground: async ({ page, baseURL, complaints }, use) => {
    watch(page, baseURL as string, complaints);
    await page.goto("/");
    await ready(page);
    await use(page);
  },
});

export { expect };

/** Notes errors, and requests to anything but the page's own server. */
export function watch(page: Page, origin: string, complaints: string[]): void {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.context().on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith(`blob:${origin}/`)) complaints.push(url);
  });
}

export async function ready(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-ready", "true");
  await settled(page);
}

/** Waits until nothing is being made, and the file's size and the theme are of what is shown. */
export async function settled(page: Page): Promise<void> {
  await expect(page.locator("#stage")).toHaveAttribute("aria-busy", "false");
  await expect(page.locator("#bytes")).not.toHaveClass(/old/);
  await expect(page.locator("#theme-card")).toHaveAttribute("aria-busy", "false");
}

export async function openFile(page: Page, file: Upload): Promise<void> {
  await page.setInputFiles("#file", file);
  await expect(page.locator("#about")).toContainText(file.name);
  await settled(page);
}

export async function setK(page: Page, k: number): Promise<void> {
  await page.locator("#k-number").fill(String(k));
  await settled(page);
}

/** The palette on the page, in its order. */
export function swatches(page: Page): Promise<string[]> {
  return page.locator("#swatches .hex").allTextContents();
}

export async function downloaded(
  page: Page,
  click: () => Promise<void>,
): Promise<{ name: string; data: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), click()]);
  return {
    name: (download as Download).suggestedFilename(),
    data: await readFile(await download.path()),
  };
}

/** Drops files, of which the data is in base64, on the page. */
export async function drop(
  page: Page,
  files: { name: string; data: string; type: string }[],
): Promise<void> {
  const transfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, data, type } of files) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type }));
    }
    return transfer;
  }, files);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("#stage", kind, { dataTransfer: transfer });
  }
}

/** From now on work of this kind is begun only so many ms after it was asked for. */
export async function slowDown(
  page: Page,
  kind: "quantize" | "remap",
  ms: number,
): Promise<void> {
  await page.evaluate(
    ([kind, ms]) => {
      const post = Worker.prototype.postMessage as (...given: unknown[]) => void;
      Worker.prototype.postMessage = function (this: Worker, ...given: unknown[]) {
        const slow = (given[0] as { kind: string }).kind === kind;
        setTimeout(() => post.apply(this, given), slow ? ms : 0);
      };
    },
    [kind, ms] as const,
  );
}
