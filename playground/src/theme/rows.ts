// How swatches lie in rows.

/**
 * Returns how many of n swatches are side by side: in the fewest rows that there is room for, of
 * which the last is as long as it can be.
 */
export function columnsFor(n: number, width: number, least: number, gap: number): number {
  const most = Math.max(1, Math.floor((width + gap) / (least + gap)));
  return n > 0 ? Math.ceil(n / Math.ceil(n / most)) : 1;
}
