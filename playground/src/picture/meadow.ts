// A sample: poppies in a meadow, few and small, which few colours would lose.

import { blend, type Color, layered, noise, smooth } from "./noise";

const HORIZON = 0.3;

/** The colour at x (0 to about 1.5) and y (0 to 1), downwards. */
export function meadow(x: number, y: number): Color {
  const hill = HORIZON - 0.05 * Math.sin(x * 2.1 + 0.6);
  const wood = hill - 0.075 * layered(x * 9, 0, 21, 5);
  if (y < wood) return sky(x, y);
  if (y < hill) {
    const leaf = layered(x * 40, y * 60, 25, 4);
    return blend([46, 74, 66], [112, 140, 104], leaf * smooth(hill, wood, y) + 0.15);
  }
  const near = (y - hill) / (1 - hill);
  let color = grass(x, y, near);
  // Rows of cells, wider the nearer; some have a flower.
  for (let row = 34; row >= 3; row--) {
    const cell = 0.3 / row;
    const ground = hill + (1 - hill) * (1.25 / (row * 0.32 + 1));
    if (Math.abs(y - ground) > cell) continue;
    const shift = noise(row * 7.7, 0.5, 43) * 5;
    const column = Math.floor(x / cell + shift);
    if (noise(column * 3.7, row * 5.3, 47) < 0.655) continue;
    const centerX = (column + 0.5 - shift) * cell;
    const centerY = ground - 0.35 * cell * noise(column, row, 49);
    color = flower(color, (x - centerX) / cell, (y - centerY) / cell, column + row);
  }
  return color;
}

function sky(x: number, y: number): Color {
  const color = blend([120, 170, 222], [222, 234, 240], smooth(0, HORIZON, y));
  return blend(color, [250, 250, 250], 0.85 * smooth(0.48, 0.75, layered(x * 2.4, y * 6, 51, 5)));
}

function grass(x: number, y: number, near: number): Color {
  const size = 6 + 60 * (1 - near) ** 2;
  const broad = layered(x * 3, y * size * 0.4, 55, 4);
  const blades = layered(x * (70 + 120 * (1 - near)), y * (10 + size), 57, 3);
  const color = blend(
    [148, 178, 84],
    [62, 112, 44],
    0.25 + 0.75 * near * broad + 0.2 * (blades - 0.5),
  );
  return blend(
    color,
    blades > 0.5 ? [204, 214, 122] : [26, 62, 30],
    0.75 * Math.abs(blades - 0.5) * (0.5 + near),
  );
}

function flower(color: Color, x: number, y: number, seed: number): Color {
  const angle = Math.atan2(y, x);
  const radius = 0.24 + 0.025 * Math.sin(5 * angle + seed);
  const away = Math.hypot(x, y * 1.25);
  const petal = blend([226, 34, 22], [150, 10, 16], smooth(0.02, radius, away + 0.1 * y));
  const red = blend(petal, [255, 104, 70], smooth(0.05, -0.24, y) * 0.6);
  const whole = blend(color, red, smooth(radius, radius - 0.05, away));
  return blend(whole, [40, 20, 26], smooth(0.07, 0.04, away));
}
