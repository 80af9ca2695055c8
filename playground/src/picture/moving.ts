// The frames of an animation, where the browser gives them.

import type { Timing } from "kpalette";
import { exactPixelsOf, isTranslucent, pixelsOf } from "./pixels";

/** Frames, and how they follow each other; pixels of frame after frame, (frames · height, width, 4). */
export interface Moving {
  pixels: Uint8ClampedArray<ArrayBuffer>;
  width: number;
  height: number;
  timing: Timing;
}

/** Why only the first frame is taken, as the end of a sentence. */
export interface Still {
  why: string;
}

/** Pixels of all frames together: half as many as a still may have, whose file needs less room. */
export const MOST_MOVING = 50_000_000;

/** What browsers show for a tenth of a second, in milliseconds: as they do. */
const SHORTEST = 10;
const SHOWN = 100;

/** Formats whose files may move. */
const MAY_MOVE = /^image\/(?:gif|png|apng|webp|avif)$/;

/** Whether a file is an animation, as far as one can tell. */
export async function isMoving(data: Uint8Array<ArrayBuffer>, type: string): Promise<boolean> {
  if (!MAY_MOVE.test(type)) return false;
  if (!("ImageDecoder" in self)) return saysItMoves(data);
  const decoder = new ImageDecoder({ data, type });
  try {
    await decoder.tracks.ready;
    await decoder.completed;
    const track = decoder.tracks.selectedTrack;
    return track !== null && track.animated && track.frameCount > 1;
  } catch {
    return false;
  } finally {
    decoder.close();
  }
}

/** Decodes all frames of an animation. */
export async function decodeMoving(
  data: Uint8Array<ArrayBuffer>,
  type: string,
): Promise<Moving | Still> {
  if (!("ImageDecoder" in self)) return { why: "this browser gives a page no other" };
  const decoder = new ImageDecoder({ data, type });
  try {
    await decoder.tracks.ready;
    await decoder.completed;
    return await framesOf(decoder);
  } catch {
    return { why: "another is damaged" };
  } finally {
    decoder.close();
  }
}

async function framesOf(decoder: ImageDecoder): Promise<Moving | Still> {
  const track = decoder.tracks.selectedTrack!;
  const n = track.frameCount;
  const durations: number[] = [];
  let all: Uint8ClampedArray<ArrayBuffer> | null = null;
  let [width, height] = [0, 0];
  for (let frameIndex = 0; frameIndex < n; ++frameIndex) {
    const { image } = await decoder.decode({ frameIndex });
    const milliseconds = Math.round((image.duration ?? 0) / 1000);
    durations.push(milliseconds);
    const bitmap = await createImageBitmap(image, { premultiplyAlpha: "none" });
    image.close();
    if (!all) {
      ({ width, height } = bitmap);
      const pixels = n * width * height;
      if (pixels > MOST_MOVING) {
        bitmap.close();
        return { why: tooMany(n, width, height) };
      }
      all = new Uint8ClampedArray(4 * pixels);
    }
    const read = pixelsOf(bitmap);
    const pixels = isTranslucent(read) ? ((await exactPixelsOf(bitmap)) ?? read) : read;
    bitmap.close();
    all.set(pixels, 4 * frameIndex * width * height);
  }
  const loop = track.repetitionCount === Infinity ? 0 : track.repetitionCount + 1;
  return { pixels: all!, width, height, timing: { durations, loop } };
}

function tooMany(n: number, width: number, height: number): string {
  const millions = ((n * width * height) / 1e6).toFixed(0);
  return (
    `its ${n} frames of ${width.toLocaleString("en")}×${height.toLocaleString("en")} have ${millions} ` +
    `million pixels, and a browser tab has memory for ${MOST_MOVING / 1e6} million`
  );
}

/** For how long a frame is shown, in milliseconds. */
export function shownFor(duration: number): number {
  return duration <= SHORTEST ? SHOWN : duration;
}

/** Whether a file says that it has frames: where the browser does not look. */
function saysItMoves(data: Uint8Array): boolean {
  const text = new TextDecoder("latin1").decode(data.subarray(0, 4096));
  return /^GIF8[^]*NETSCAPE2\.0|^\x89PNG[^]*acTL|^RIFF[^]{4}WEBPVP8X[^]*ANIM/.test(text);
}
