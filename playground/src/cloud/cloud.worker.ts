// Draws the cloud, off the page's thread, and only when something changes.

import { page } from "../worker_port";
import { placed } from "./places";
import type { Centers, FromCloud, ToCloud } from "./protocol";
import { CloudScene } from "./scene";

interface Walk {
  from: Float32Array;
  to: Float32Array;
  start: number;
  ms: number;
}

let scene: CloudScene | null = null;
let centers: Centers = { colors: new Float32Array(), shares: new Float32Array() };
let places = new Float32Array();
let walk: Walk | null = null;
let turning: { from: number; to: number; start: number; ms: number } | null = null;
let toRgb = 0;
let asked = false;

const post = (message: FromCloud) => page.postMessage(message);

page.onmessage = ({ data: message }: MessageEvent<ToCloud>) => {
  try {
    receive(message);
  } catch (error) {
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};

function receive(message: ToCloud): void {
  if (message.kind === "canvas") {
    scene = new CloudScene(message.canvas);
    post({ kind: "ready" });
    return;
  }
  if (!scene) return;
  if (message.kind === "size") scene.resize(message.width, message.height, message.ratio);
  else if (message.kind === "points") scene.setPoints(message.colors, message.counts);
  else if (message.kind === "shades") scene.shade(message.colors);
  else if (message.kind === "camera") scene.turn(message.camera);
  else if (message.kind === "theme") scene.setTheme(levels(message.line), levels(message.outline));
  else if (message.kind === "space") setSpace(message.space === "rgb" ? 1 : 0, message.ms);
  else setCenters(message.centers, message.ms);
  ask();
}

function setSpace(to: number, ms: number): void {
  turning = { from: toRgb, to, start: performance.now(), ms };
}

function setCenters(next: Centers, ms: number): void {
  const walks = ms > 0 && next.colors.length === centers.colors.length;
  walk = walks ? { from: colorsNow(), to: next.colors, start: performance.now(), ms } : null;
  centers = next;
}

/** The centres' current places, between their last and next ones. */
function colorsNow(): Float32Array {
  if (!walk) return centers.colors;
  const t = eased(walk);
  const { from, to } = walk;
  return to.map((level, i) => from[i] + t * (level - from[i]));
}

function eased({ start, ms }: { start: number; ms: number }): number {
  const t = ms ? Math.min(1, (performance.now() - start) / ms) : 1;
  return t * t * (3 - 2 * t);
}

function ask(): void {
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

function draw(): void {
  asked = false;
  if (!scene) return;
  if (turning) {
    const t = eased(turning);
    toRgb = turning.from + t * (turning.to - turning.from);
    if (t === 1) turning = null;
    scene.setSpace(toRgb);
  }
  const colors = colorsNow();
  if (walk && eased(walk) === 1) walk = null;
  const [first, second] = [placed(colors, "oklab"), placed(colors, "rgb")];
  places = first.map((at, i) => at + toRgb * (second[i] - at));
  scene.setCenters(places, { colors, shares: centers.shares });
  scene.render();
  if (walk || turning) ask();
}

/** Returns the levels of #rrggbb, from 0 to 1. */
function levels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255);
}
