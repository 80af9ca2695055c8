/**
 * Suggests a k beyond which more colours pay less than they did on average, as the library's
 * `find_elbow`: Kneedle without smoothing, on the logarithm of the cost (Satopää et al. 2011,
 * doi:10.1109/ICDCSW.2011.20). `ks` ascend, and `costs` never rise.
 */
export function findElbow(ks: number[], costs: number[]): number {
  if (costs[0] === 0) return ks[0];
  // The floor, 90 dB down, gives a place to where nothing is lost.
  const levels = costs.map((cost) => Math.log(Math.max(cost / costs[0], 1e-9)));
  const span = Math.max(1, ks[ks.length - 1] - ks[0]);
  const last = levels[levels.length - 1];
  const depths = levels.map((level, i) => (last * (ks[i] - ks[0])) / span - level);
  const most = Math.max(...depths);
  if (most <= 1e-9) return ks[costs.indexOf(Math.min(...costs))];
  return ks[depths.indexOf(most)];
}
