// Draws the stage, off the page's thread: even a large picture never keeps the page waiting.

import { page } from "../worker_port";
import { Film } from "./film";
import { heat } from "./heat";
import { contextOf } from "./layer";
import type { FromPainter, Result, Scene, ToPainter } from "./painting";
import type { Size } from "./view";

/** Of the checks behind what is transparent, in CSS pixels. */
const CHECK = 10;

let context: OffscreenCanvasRenderingContext2D | null = null;
let scene: Scene | null = null;
let original: { film: Film; frames: number } | null = null;
let result: { film: Film; shown: Result } | null = null;
let turn = 0;
let asked = false;

const post = (message: FromPainter, transfer: Transferable[] = []) =>
  page.postMessage(message, transfer);

page.onmessage = ({ data: message }: MessageEvent<ToPainter>) => {
  try {
    receive(message);
  } catch (error) {
    post({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
};

function receive(message: ToPainter): void {
  switch (message.kind) {
    case "canvas":
      context = contextOf(message.canvas);
      break;
    case "original":
      original = { film: new Film(message.pixels, sizeOf(message)), frames: message.frames };
      result = null;
      break;
    case "result":
      if (original) result = resultOf(message.result, original.frames);
      turn = message.turn;
      break;
    case "scene":
      scene = message.scene;
      break;
    case "copy": {
      const pixels = original ? original.film.pixels.slice() : new Uint8ClampedArray();
      post({ kind: "copied", id: message.id, pixels }, [pixels.buffer]);
      return;
    }
  }
  // Once for all messages that wait. A result is drawn at once: a hidden page has no frames.
  if (message.kind === "result") paint();
  else if (!asked) {
    asked = true;
    requestAnimationFrame(paint);
  }
}

/** The frame that is shown: the scene may be of a picture before. */
const frameOf = ({ frame }: Scene, frames: number) => Math.min(frame, frames - 1);

const sizeOf = ({ width, height }: Size): Size => ({ width, height });

function resultOf(shown: Result, frames: number): NonNullable<typeof result> {
  const size = { width: shown.width, height: shown.height / frames };
  return { film: new Film(shown.rgba, size), shown };
}

function paint(): void {
  asked = false;
  if (!context || !scene) return;
  const { stage, divider, view } = scene;
  const { canvas } = context;
  if (canvas.width !== stage.width || canvas.height !== stage.height) {
    canvas.width = stage.width;
    canvas.height = stage.height;
  }
  context.clearRect(0, 0, stage.width, stage.height);
  if (original) {
    const { size } = original.film;
    checkered(context, scene, size);
    const layer = original.film.layer(frameOf(scene, original.frames));
    const edge = result ? Math.round(divider) : stage.width;
    clipped(0, edge, () => layer.draw(context!, view, size, stage));
    clipped(edge, stage.width, () => drawResult(size));
  }
  post({ kind: "painted", turn });
}

function drawResult(size: Size): void {
  if (!context || !scene || !original || !result) return;
  const { view, stage, mode } = scene;
  const frame = frameOf(scene, original.frames);
  const { film, shown } = result;
  if (mode === "compare") {
    film.layer(frame).draw(context, view, size, stage);
    return;
  }
  const compared = {
    original: original.film.part(original.film.pixels, frame, 4),
    size,
    indices: film.part(shown.indices, frame),
    indexed: film.size,
    palette: shown.palette,
  };
  const image = heat(compared, view, stage);
  const map = new OffscreenCanvas(image.width, image.height);
  contextOf(map).putImageData(image, 0, 0); // which knows no clip itself
  context.drawImage(map, 0, 0);
}

function clipped(from: number, to: number, draw: () => void): void {
  if (!context || to <= from) return;
  context.save();
  context.beginPath();
  context.rect(from, 0, to - from, context.canvas.height);
  context.clip();
  draw();
  context.restore();
}

function checkered(context: OffscreenCanvasRenderingContext2D, scene: Scene, size: Size): void {
  const { view, checks, ratio } = scene;
  const side = Math.round(CHECK * ratio);
  const tile = new OffscreenCanvas(2 * side, 2 * side);
  const on = contextOf(tile);
  on.fillStyle = checks[0];
  on.fillRect(0, 0, 2 * side, 2 * side);
  on.fillStyle = checks[1];
  on.fillRect(0, 0, side, side);
  on.fillRect(side, side, side, side);
  context.fillStyle = context.createPattern(tile, "repeat") ?? checks[0];
  // A little smaller than the picture, so that its edges show nothing of it.
  context.fillRect(
    view.left + 0.5,
    view.top + 0.5,
    size.width * view.scale - 1,
    size.height * view.scale - 1,
  );
}
