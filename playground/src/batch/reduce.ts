// One of many pictures, reduced to k colours, or to the fewest that look good.

import type { Engine, Quantized } from "kpalette";
import type { Opened } from "../picture/decode.worker";
import { LEAST, MOST } from "../scale";
import { SEED, type Settings } from "../settings";

export interface Reduced {
  file: Uint8Array<ArrayBuffer>;
  /** The number of colours. */
  k: number;
  /** Its looks, if a target of looks was given. */
  looks: number | null;
}

interface Made {
  picture: Quantized;
  looks: number | null;
}

/** Reduces a picture to at least `looks`, or to k colours if that is null; may throw AbortError. */
export async function reduce(
  engine: Engine,
  { pixels, width, height }: Opened,
  settings: Settings,
  looks: number | null,
  signal: AbortSignal,
): Promise<Reduced> {
  await engine.load(pixels, width, height);
  const { sort: _, cloud: __, ...options } = settings; // which are the page's
  const quantize = (k: number) =>
    engine.quantize({ ...options, k, seed: SEED }, { signal, deltaE: false });
  const made =
    looks === null
      ? { picture: await quantize(settings.k), looks: null }
      : await fewest(Math.max(LEAST, settings.fixed.length), looks, async (k) => {
          const picture = await quantize(k);
          return { picture, looks: (await engine.looks({ signal })).looks };
        });
  const { picture } = made;
  const quick = settings.effort === "fast";
  const file = picture.file ?? (await engine.encodePng({ ...picture, quick }, { signal }));
  return { file, k: picture.counts.length, looks: made.looks };
}

/** The one that looks good where one colour less does not; or the one of most colours. */
async function fewest(
  least: number,
  wanted: number,
  make: (k: number) => Promise<Made>,
): Promise<Made> {
  let best = await make(MOST);
  let [low, high] = [least - 1, best.picture.counts.length]; // too few, and enough
  if (best.looks! < wanted) return best;
  while (high - low > 1) {
    const k = Math.round(Math.sqrt(Math.max(1, low) * high)); // as looks go by doublings
    const middle = Math.min(high - 1, Math.max(low + 1, k));
    const made = await make(middle);
    if (made.looks! >= wanted) [best, high] = [made, middle];
    else low = middle;
  }
  return best;
}
