// Opens pictures, off the page's thread.

import { page } from "../worker_port";
import { decode, type Decoded, STILL } from "./decode";
import { pixelsOf } from "./pixels";
import { PictureProblem } from "./problem";
import { draw, HEIGHT, type Sample, WIDTH } from "./samples";

export type Source = { file: Blob; firstFrame?: boolean } | { sample: Sample };

export type ToDecoder =
  | { kind: "open"; id: number; source: Source }
  | { kind: "thumbnail"; id: number; sample: Sample; width: number; height: number };

/** As many frames, of fewer pixels. */
export interface Small {
  pixels: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  /** Of one frame. */
  height: number;
}

export interface Opened extends Decoded {
  /** A copy of the pixels, as the engine takes the others over. */
  copy: Uint8ClampedArray<ArrayBuffer>;
  /** A smaller copy for quick results, if the picture is large. */
  small: Small | null;
}

export type FromDecoder =
  | { kind: "opened"; id: number; picture: Opened }
  | { kind: "thumbnail"; id: number; bitmap: ImageBitmap }
  | { kind: "failed"; id: number; message: string };

/** Above this, results during a move are made from fewer pixels. */
const LARGE = 1_500_000;
const SMALL = 400_000;

const post = (message: FromDecoder, transfer: Transferable[] = []) =>
  page.postMessage(message, transfer);

page.onmessage = async ({ data: message }: MessageEvent<ToDecoder>) => {
  const { id } = message;
  try {
    if (message.kind === "thumbnail") {
      const bitmap = draw(message.sample, message.width, message.height).transferToImageBitmap();
      post({ kind: "thumbnail", id, bitmap }, [bitmap]);
      return;
    }
    const picture = await open(message.source);
    const transfer = [picture.pixels.buffer, picture.copy.buffer];
    if (picture.small) transfer.push(picture.small.pixels.buffer);
    post({ kind: "opened", id, picture }, transfer);
  } catch (error) {
    post({ kind: "failed", id, message: told(error) });
  }
};

async function open(source: Source): Promise<Opened> {
  const decoded = "sample" in source ? drawn(source.sample) : await decode(source.file, source.firstFrame);
  return { ...decoded, copy: decoded.pixels.slice(), small: await smaller(decoded) };
}

function drawn(sample: Sample): Decoded {
  const pixels = pixelsOf(draw(sample, WIDTH, HEIGHT));
  return { pixels, width: WIDTH, height: HEIGHT, timing: STILL, still: null };
}

async function smaller({ pixels, width, height, timing }: Decoded): Promise<Small | null> {
  const n = timing.durations.length;
  if (n * width * height <= LARGE) return null;
  const scale = Math.sqrt(SMALL / (n * width * height));
  const resizeWidth = Math.max(1, Math.round(width * scale));
  const resizeHeight = Math.max(1, Math.round(height * scale));
  const options = { resizeWidth, resizeHeight, resizeQuality: "medium" } as const;
  const all = new Uint8ClampedArray(4 * n * resizeWidth * resizeHeight);
  for (let frame = 0; frame < n; ++frame) {
    const whole = pixels.subarray(4 * frame * width * height, 4 * (frame + 1) * width * height);
    const bitmap = await createImageBitmap(new ImageData(whole, width, height), options);
    all.set(pixelsOf(bitmap), 4 * frame * resizeWidth * resizeHeight);
    bitmap.close();
  }
  return { pixels: all, width: resizeWidth, height: resizeHeight };
}

function told(error: unknown): string {
  if (error instanceof PictureProblem) return error.message;
  if (error instanceof RangeError) return "is too large for this browser's memory.";
  return `cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
}
