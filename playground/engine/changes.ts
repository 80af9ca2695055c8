// The changes from frame to frame of a GIF, as src/kpalette/files/changes.py finds them.

import { withAlpha } from "./colors";
import type { Frame } from "./protocol";

/** The rectangle that is written for a frame. */
export interface Change {
  left: number;
  top: number;
  width: number;
  height: number;
  indices: Uint8Array;
  frame: Frame;
  /** 1 where a pixel's colour differs from the one already shown there. */
  changed: Uint8Array;
  /** Not 0 where a pixel is not transparent. */
  opaque: Uint8Array;
  /** In hundredths of a second. */
  duration: number;
  /** Whether the rectangle becomes transparent before the next frame. */
  cleared: boolean;
}

/** The longest duration of one frame, in hundredths of a second. */
export const LONGEST = 65_535;

/** Yields what to write for each frame: the smallest rectangle that holds its changes. */
export function* changes(
  frames: readonly Frame[],
  [height, width]: [number, number],
): Generator<Change> {
  let canvas: Uint32Array | null = null;
  const n = height * width;
  for (const { frame, now, duration, following } of timed(frames)) {
    const changed = new Uint8Array(n);
    for (let i = 0; i < n; ++i) changed[i] = Number(canvas === null || now[i] !== canvas[i]);
    const touched = changed.slice();
    let cleared = false;
    if (following) {
      for (let i = 0; i < n; ++i) {
        if (following[i] !== 0 || now[i] === 0) continue;
        cleared = true;
        touched[i] = 1;
      }
    }
    const part = around(touched, [height, width]);
    const opaque = new Uint8Array(part.width * part.height);
    cut(now, width, part).forEach((color, i) => (opaque[i] = Number(color !== 0)));
    yield {
      ...part,
      indices: cut(frame.indices, width, part),
      changed: cut(changed, width, part),
      ...{ frame, opaque, duration, cleared },
    };
    canvas = now;
    if (!cleared) continue;
    canvas = now.slice();
    for (let y = 0; y < part.height; ++y) {
      const start = (part.top + y) * width + part.left;
      canvas.fill(0, start, start + part.width);
    }
  }
}

/**
 * Milliseconds in hundredths of a second, whose rounding errors are carried to the next. Those above
 * 0 become at least 2, since browsers show shorter ones for a tenth of a second.
 */
export function hundredths(durations: readonly number[]): number[] {
  let owed = 0;
  return durations.map((duration) => {
    const least = duration ? 2 : 0;
    const rounded = Math.max(least, Math.floor((duration + owed + 5) / 10));
    owed = Math.max(-5, duration + owed - 10 * rounded);
    return rounded;
  });
}

interface Timed {
  frame: Frame;
  now: Uint32Array;
  /** In hundredths of a second. */
  duration: number;
}

/** Merges frames, splits durations that are too long, and gives each what the next one shows. */
function* timed(
  frames: readonly Frame[],
): Generator<Timed & { following: Uint32Array | null }> {
  let last: Timed | null = null;
  for (const next of split(frames)) {
    if (last) yield { ...last, following: next.now };
    last = next;
  }
  if (last) yield { ...last, following: null };
}

function* split(frames: readonly Frame[]): Generator<Timed> {
  const kept: Frame[] = [];
  const totals: number[] = [];
  let before: Uint32Array | null = null;
  for (const frame of frames) {
    const now = shown(frame);
    if (before && same(now, before)) {
      totals[totals.length - 1] += frame.duration;
      continue;
    }
    before = now;
    kept.push(frame);
    totals.push(frame.duration);
  }
  const times = hundredths(totals);
  for (const [i, frame] of kept.entries()) {
    const now = shown(frame); // made once more, since all would not fit
    for (let done = 0; done < Math.max(times[i], 1); done += LONGEST) {
      yield { frame, now, duration: Math.min(LONGEST, times[i] - done) };
    }
  }
}

/** A number for each pixel's colour; 0 is transparent. */
function shown({ indices, ...palette }: Frame): Uint32Array {
  const levels = withAlpha(palette);
  const table = new Uint32Array(levels.slice().buffer);
  for (let j = 0; j < table.length; ++j) if (levels[4 * j + 3] === 0) table[j] = 0;
  return Uint32Array.from(indices, (entry) => table[entry]);
}

function same(one: Uint32Array, other: Uint32Array): boolean {
  return one.every((color, i) => color === other[i]);
}

interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The smallest rectangle around what is 1; one pixel if all is 0. */
function around(mask: Uint8Array, [height, width]: [number, number]): Part {
  let [top, left, bottom, right] = [height, width, 0, 0];
  for (let y = 0; y < height; ++y) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    top = Math.min(top, y);
    left = Math.min(left, first);
    bottom = y + 1;
    right = Math.max(right, row.lastIndexOf(1) + 1);
  }
  if (bottom === 0) return { left: 0, top: 0, width: 1, height: 1 };
  return { left, top, width: right - left, height: bottom - top };
}

function cut<T extends Uint8Array | Uint32Array>(values: T, across: number, part: Part): T {
  const { left, top, width, height } = part;
  const out = new (values.constructor as new (n: number) => T)(width * height);
  for (let y = 0; y < height; ++y) {
    const start = (top + y) * across + left;
    out.set(values.subarray(start, start + width) as T, y * width);
  }
  return out;
}
