// A sample: marbles of many colours on a table, by ray tracing.

import { blend, type Color, layered, smooth } from "./noise";

type Vector = [number, number, number];

interface Marble {
  center: Vector;
  radius: number;
  colors: [Color, Color];
}

const MARBLES: Marble[] = [
  {
    center: [-1.75, 0.62, 3.4],
    radius: 0.62,
    colors: [
      [214, 38, 52],
      [255, 148, 110],
    ],
  },
  {
    center: [-0.45, 0.72, 4.1],
    radius: 0.72,
    colors: [
      [20, 92, 188],
      [120, 206, 240],
    ],
  },
  {
    center: [1.05, 0.66, 3.6],
    radius: 0.66,
    colors: [
      [248, 176, 24],
      [255, 240, 170],
    ],
  },
  {
    center: [2.35, 0.75, 4.7],
    radius: 0.75,
    colors: [
      [18, 132, 84],
      [168, 226, 120],
    ],
  },
  {
    center: [-2.9, 0.7, 4.9],
    radius: 0.7,
    colors: [
      [112, 52, 160],
      [226, 150, 232],
    ],
  },
  {
    center: [0.35, 0.36, 2.55],
    radius: 0.36,
    colors: [
      [236, 98, 24],
      [255, 214, 96],
    ],
  },
  {
    center: [-1.0, 0.32, 2.45],
    radius: 0.32,
    colors: [
      [16, 148, 160],
      [214, 246, 226],
    ],
  },
  {
    center: [1.75, 0.3, 2.6],
    radius: 0.3,
    colors: [
      [228, 62, 132],
      [255, 206, 220],
    ],
  },
  {
    center: [1.0, 0.6, 5.9],
    radius: 0.6,
    colors: [
      [60, 60, 72],
      [214, 214, 220],
    ],
  },
];

const EYE: Vector = [0, 2.05, -1.2];
const LIGHT = unit([-0.55, 0.9, -0.5]);

/** The colour at x (0 to about 1.5) and y (0 to 1), downwards. */
export function marbles(x: number, y: number): Color {
  const ray = unit([(x - 0.75) * 1.04, 0.13 - y * 1.04, 1.2]);
  const [marble, distance] = nearest(EYE, ray);
  const floor = ray[1] < 0 ? -EYE[1] / ray[1] : Infinity;
  if (marble && distance < floor) return glass(marble, along(EYE, ray, distance), ray);
  return table(along(EYE, ray, Math.min(floor, 60)), floor);
}

function table(point: Vector, distance: number): Color {
  const grain = layered(point[0] * 0.8, point[2] * 9, 3, 4);
  let color = blend([226, 214, 200], [198, 180, 160], grain);
  for (const { center, radius, colors } of MARBLES) {
    // Light falls aslant: the shadow lies behind, soft, with some of the marble's colour in it.
    const [dx, dz] = [point[0] - center[0] - 0.45 * radius, point[2] - center[2] - 0.4 * radius];
    const away = Math.hypot(dx, dz * 0.9) / radius;
    color = blend(color, blend([58, 48, 52], colors[0], 0.28), 0.72 * smooth(1.45, 0.25, away));
  }
  return blend(color, [150, 160, 178], smooth(5, 17, distance));
}

function glass({ center, radius, colors }: Marble, point: Vector, ray: Vector): Color {
  const normal = scaled(minus(point, center), 1 / radius);
  const swirl = layered(
    normal[0] * 1.6 + center[0] * 3,
    normal[1] * 2.6 + normal[2] * 1.4 + 0.8 * Math.sin(3 * normal[0]),
    17,
    4,
  );
  let color = blend(colors[0], colors[1], smooth(0.44, 0.66, swirl));
  const light = Math.max(0, dot(normal, LIGHT));
  color = scaled(color, 0.36 + 0.74 * light + 0.1 * normal[1]);
  const below = smooth(0.1, -0.9, normal[1]);
  color = blend(color, [190, 160, 130], 0.35 * below);
  const facing = -dot(normal, ray);
  const bounced = minus(ray, scaled(normal, 2 * dot(ray, normal)));
  color = blend(color, bounced[1] > 0 ? [226, 236, 250] : [170, 150, 130], 0.5 * (1 - facing) ** 3);
  const shine = Math.max(0, dot(bounced, LIGHT));
  return blend(color, [255, 255, 255], 0.95 * smooth(0.955, 0.985, shine) + 0.18 * shine ** 9);
}

function nearest(from: Vector, ray: Vector): [Marble | null, number] {
  let [found, least]: [Marble | null, number] = [null, Infinity];
  for (const marble of MARBLES) {
    const to = minus(from, marble.center);
    const b = dot(to, ray);
    const inside = b * b - dot(to, to) + marble.radius ** 2;
    const distance = -b - Math.sqrt(inside);
    if (inside > 0 && distance > 0 && distance < least) [found, least] = [marble, distance];
  }
  return [found, least];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function scaled(a: Vector, by: number): Vector {
  return [a[0] * by, a[1] * by, a[2] * by];
}

function along(from: Vector, ray: Vector, distance: number): Vector {
  return [from[0] + ray[0] * distance, from[1] + ray[1] * distance, from[2] + ray[2] * distance];
}

function unit(a: Vector): Vector {
  return scaled(a, 1 / Math.hypot(...a));
}
