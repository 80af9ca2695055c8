// The slider of k: as much way from 1 to 2 as from 128 to 256, because that is how it looks.

export const LEAST = 1;
export const MOST = 256;
/** Positions of the slider are 0 to this. */
export const POSITIONS = 2000;

const OCTAVES = Math.log2(MOST / LEAST);

export function toPosition(k: number): number {
  return Math.round((POSITIONS * Math.log2(k / LEAST)) / OCTAVES);
}

export function fromPosition(position: number): number {
  return clampK(LEAST * 2 ** ((OCTAVES * position) / POSITIONS));
}

export function clampK(k: number): number {
  return Math.min(MOST, Math.max(LEAST, Math.round(k)));
}

/** Where a key moves k to; null for keys that mean something else. */
export function keyed(key: string, k: number): number | null {
  const moves: Record<string, number> = {
    ArrowRight: k + 1,
    ArrowUp: k + 1,
    ArrowLeft: k - 1,
    ArrowDown: k - 1,
    PageUp: 2 * k,
    PageDown: k / 2,
    Home: LEAST,
    End: MOST,
  };
  return key in moves ? clampK(moves[key]) : null;
}
