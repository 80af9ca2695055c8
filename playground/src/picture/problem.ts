// Why a picture cannot be opened, in words for the visitor.

/** Its message is a sentence without the picture's name in front. */
export class PictureProblem extends Error {
  override name = "PictureProblem";
}

/**
 * While a picture is open, the page and the engine hold its pixels some six times over, and what
 * WebAssembly can address is 4 GB.
 */
export const MOST_PIXELS = 100_000_000;

/** The most bytes of a file, which is read as a whole. */
export const MOST_BYTES = 1_000_000_000;

export function tooLarge(width: number, height: number): PictureProblem {
  const megapixels = ((width * height) / 1e6).toFixed(0);
  return new PictureProblem(
    `has ${width.toLocaleString("en")}×${height.toLocaleString("en")} pixels, ${megapixels} million. ` +
      `This page takes up to ${MOST_PIXELS / 1e6} million, because a browser tab has no memory for ` +
      "more. The command line has no such limit.",
  );
}
