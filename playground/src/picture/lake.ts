// A sample: the sun goes down behind mountains, over a lake.

import { blend, type Color, gradient, layered, noise, smooth } from "./noise";

const HORIZON = 0.64;
const SUN = { x: 0.98, y: 0.43, radius: 0.042 };

const SKY: [number, Color][] = [
  [0, [24, 30, 78]],
  [0.3, [78, 62, 134]],
  [0.55, [190, 92, 140]],
  [0.75, [244, 132, 106]],
  [0.9, [255, 182, 112]],
  [1, [255, 222, 158]],
];

const RIDGES: { base: number; height: number; scale: number; color: Color }[] = [
  { base: 0.5, height: 0.13, scale: 2.3, color: [150, 92, 140] },
  { base: 0.565, height: 0.12, scale: 3.6, color: [92, 62, 116] },
  { base: 0.615, height: 0.08, scale: 6.5, color: [44, 38, 78] },
];

/** Where each ridge's top is, along x from -0.1 to 1.7: the same for all pixels of a column. */
const TOPS = RIDGES.map(({ base, height, scale }, i) =>
  Float64Array.from({ length: 2048 }, (_, at) => {
    const x = (at / 2048) * 1.8 - 0.1;
    return base - height * (layered(x * scale + 7.3 * i, 1.7 * i, 11 + i, 6) - 0.35) * 1.6;
  }),
);

/** The colour at x (0 to about 1.5) and y (0 to 1), downwards. */
export function lake(x: number, y: number): Color {
  if (y <= HORIZON) return above(x, y);
  const depth = (y - HORIZON) / (1 - HORIZON);
  const ripple = noise(x * (10 + 26 * (1 - depth)), depth ** 0.45 * 75, 5) - 0.5;
  const mirrored = HORIZON - (y - HORIZON) * 1.25 + ripple * 0.055 * (0.3 + depth);
  let color = above(x + ripple * 0.03, Math.min(HORIZON, Math.max(0, mirrored)));
  color = blend(color, [18, 22, 62], 0.18 + 0.5 * depth);
  const glitter =
    Math.exp(-(((x - SUN.x) / (0.035 + 0.13 * depth)) ** 2)) * smooth(0.02, 0.34, ripple);
  return blend(color, [255, 226, 150], 0.85 * glitter);
}

function above(x: number, y: number): Color {
  let color = gradient(SKY, y / HORIZON);
  const far = Math.hypot(x - SUN.x, y - SUN.y);
  color = blend(color, [255, 206, 128], 0.7 * Math.exp(-far * 5.5));
  const cloud = layered(x * 2.2 + 4, y * 11, 3, 4);
  const lit = blend([170, 112, 176], [255, 190, 150], smooth(0.16, 0.42, y));
  color = blend(color, lit, 0.75 * smooth(0.5, 0.78, cloud) * smooth(0.02, 0.2, y));
  color = blend(color, [255, 246, 214], smooth(SUN.radius, SUN.radius - 0.004, far));
  for (const [i, { scale, color: rock }] of RIDGES.entries()) {
    const top = TOPS[i][Math.min(2047, Math.max(0, Math.floor(((x + 0.1) / 1.8) * 2048)))];
    if (y < top - 0.002) continue;
    const light = 0.5 * layered(x * scale * 6, y * 40, 31 + i, 2);
    const hazy = blend(
      rock,
      [255, 176, 130],
      0.42 * smooth(top, HORIZON, y) * (1 - 0.26 * i) + 0.12 * light,
    );
    color = blend(color, hazy, smooth(top - 0.002, top + 0.002, y));
  }
  return color;
}
