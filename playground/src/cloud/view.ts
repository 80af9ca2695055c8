// The projection from places in the cloud to pixels of its canvas, and back.

import type { Camera } from "./protocol";

export type Place = [number, number, number];

/** The camera's vertical angle of view, in degrees. */
export const FIELD = 38;

export interface Seen {
  /** In CSS pixels from the canvas's top left. */
  x: number;
  y: number;
  /** Along the line of sight. */
  depth: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Where the camera is: it looks at the middle. */
export function eyeOf({ yaw, pitch, distance }: Camera): Place {
  const level = Math.cos(pitch) * distance;
  return [level * Math.sin(yaw), distance * Math.sin(pitch), level * Math.cos(yaw)];
}

/** To the right, up, and along the line of sight: three unit vectors. */
function axesOf({ yaw, pitch }: Camera): [Place, Place, Place] {
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  return [
    [cy, 0, -sy],
    [-sy * sp, cp, -cy * sp],
    [-sy * cp, -sp, -cy * cp],
  ];
}

const dot = (a: Place, b: Place) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** How many pixels an object of width 1 covers at depth 1. */
const zoomOf = ({ height }: Size) => height / 2 / Math.tan((FIELD / 2) * (Math.PI / 180));

export function project(place: Place, camera: Camera, size: Size): Seen {
  const eye = eyeOf(camera);
  const from: Place = [place[0] - eye[0], place[1] - eye[1], place[2] - eye[2]];
  const [right, up, ahead] = axesOf(camera);
  const depth = dot(from, ahead);
  const zoom = zoomOf(size) / depth;
  return {
    x: size.width / 2 + zoom * dot(from, right),
    y: size.height / 2 - zoom * dot(from, up),
    depth,
  };
}

/** Returns the place that is seen at a pixel. */
export function unproject({ x, y, depth }: Seen, camera: Camera, size: Size): Place {
  const zoom = zoomOf(size) / depth;
  const [right, up, ahead] = axesOf(camera);
  const [across, above] = [(x - size.width / 2) / zoom, (size.height / 2 - y) / zoom];
  const eye = eyeOf(camera);
  return [0, 1, 2].map(
    (i) => eye[i] + across * right[i] + above * up[i] + depth * ahead[i],
  ) as Place;
}
