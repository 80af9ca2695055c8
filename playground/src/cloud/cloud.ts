// The cloud's canvas on the page: it turns by pointer and keys, and a worker draws it.

import { darkTheme, find, reducedMotion } from "../dom";
import type { CloudSpace } from "../settings";
import { AXES, colorOf, PLACES } from "./places";
import type { Camera, Centers, FromCloud, ToCloud } from "./protocol";
import { type Place, project, type Size, unproject } from "./view";

const TURN = 0.2; // of a key, in radians
const SMOOTH_MS = 500;
/** How near to a centre a pointer takes hold of it, in pixels. */
const GRASP = 16;

export class Cloud {
  #canvas = find<HTMLCanvasElement>("#cloud");
  #worker: Worker | null = null;
  #waiting: ToCloud[] = [];
  #camera: Camera = { yaw: 0.5, pitch: 0.35, distance: 1.8 };
  #space: CloudSpace = "oklab";
  #centers: Centers | null = null;
  #axes = find<SVGSVGElement>("#cloud-axes");
  /** Receives where a centre is dragged to, `done` when it is released; null if none can be dragged. */
  drag: ((center: number, color: Place, done: boolean) => void) | null = null;

  /** Starts the worker. It is large, so this is done after the page has loaded. */
  start(): void {
    if (!("transferControlToOffscreen" in this.#canvas)) return this.#fail();
    this.#worker = new Worker(new URL("./cloud.worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromCloud>) => {
      if (data.kind === "failed") this.#fail();
    };
    const canvas = this.#canvas.transferControlToOffscreen();
    this.#worker.postMessage({ kind: "canvas", canvas } satisfies ToCloud, [canvas]);
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
    darkTheme.addEventListener("change", () => this.#setTheme());
    this.#setTheme();
    this.#resize();
    this.#turn({});
    for (const message of this.#waiting) this.#worker.postMessage(message);
    this.#waiting = [];
    this.#listen();
  }

  setPoints(colors: Uint8Array, counts: Float64Array): void {
    this.#post({ kind: "points", colors, counts });
  }

  /** Gives the points other colours (n, 3), or, by null, their own. */
  setShades(colors: Uint8Array | null): void {
    this.#post({ kind: "shades", colors });
  }

  /** Moves the centres at once, or gradually. */
  setCenters(centers: Centers, walks: boolean): void {
    this.#centers = centers;
    this.#post({ kind: "centers", centers, ms: walks && !reducedMotion.matches ? SMOOTH_MS : 0 });
  }

  setSpace(space: CloudSpace): void {
    this.#space = space;
    this.#nameAxes();
    this.#post({ kind: "space", space, ms: reducedMotion.matches ? 0 : SMOOTH_MS });
  }

  describe(text: string): void {
    this.#canvas.setAttribute("aria-label", text);
  }

  #post(message: ToCloud): void {
    if (this.#worker) this.#worker.postMessage(message);
    else this.#waiting = [...this.#waiting.filter(({ kind }) => kind !== message.kind), message];
  }

  #fail(): void {
    find("#cloud-note").textContent = "The cloud needs WebGL 2, which this browser lacks.";
    this.#worker?.terminate();
    this.#worker = null;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (!clientWidth || !clientHeight) return;
    const ratio = Math.min(2, devicePixelRatio);
    this.#post({ kind: "size", width: clientWidth, height: clientHeight, ratio });
    this.#nameAxes();
  }

  get #size(): Size {
    return { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
  }

  /** Writes the axes' names where they end. */
  #nameAxes(): void {
    const { width, height } = this.#size;
    if (!this.#worker || !width) return;
    this.#axes.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const names = AXES[this.#space].map(([name, place]) => {
      const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      const { x, y } = project(place, this.#camera, { width, height });
      text.setAttribute("x", Math.min(width - 34, Math.max(34, x)).toFixed(1));
      text.setAttribute("y", Math.min(height - 6, Math.max(14, y)).toFixed(1));
      text.textContent = name;
      return text;
    });
    this.#axes.replaceChildren(...names);
  }

  /** The centre under a point of the canvas, the nearest one to the eye. */
  #centerAt(x: number, y: number): { center: number; depth: number } | null {
    const { colors, shares } = this.#centers ?? { colors: [], shares: [] };
    const seen = [...shares.keys()]
      .map((center) => {
        const [r, g, b] = colors.slice(3 * center, 3 * center + 3);
        return { center, ...project(PLACES[this.#space](r, g, b), this.#camera, this.#size) };
      })
      .filter((at) => Math.hypot(at.x - x, at.y - y) <= GRASP);
    return seen.sort((a, b) => a.depth - b.depth)[0] ?? null;
  }

  /** Moves a centre to where the pointer is, as far from the eye as before. */
  #dragTo(held: { center: number; depth: number }, x: number, y: number, done: boolean): void {
    const place = unproject({ x, y, depth: held.depth }, this.#camera, this.#size);
    const color = colorOf(place, this.#space);
    const centers = this.#centers;
    if (!centers || !this.drag) return;
    const colors = centers.colors.slice();
    colors.set(color, 3 * held.center);
    this.setCenters({ colors, shares: centers.shares }, false);
    this.drag(held.center, color, done);
  }

  #setTheme(): void {
    const style = getComputedStyle(this.#canvas);
    const [line, outline] = ["--cloud-line", "--cloud-outline"].map((name) =>
      longHex(style.getPropertyValue(name)),
    );
    this.#post({ kind: "theme", line, outline });
  }

  #turn(change: Partial<Camera>): void {
    const camera = { ...this.#camera, ...change };
    camera.pitch = Math.min(1.5, Math.max(-1.5, camera.pitch));
    camera.distance = Math.min(5, Math.max(0.6, camera.distance));
    this.#camera = camera;
    this.#post({ kind: "camera", camera });
    this.#nameAxes();
  }

  #listen(): void {
    const canvas = this.#canvas;
    const pointers = new Map<number, { x: number; y: number }>();
    let held: { center: number; depth: number } | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held = this.drag && !pointers.size ? this.#centerAt(event.offsetX, event.offsetY) : null;
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      pointers.set(event.pointerId, now);
      if (held) {
        this.#dragTo(held, event.offsetX, event.offsetY, false);
        return;
      }
      if (other) {
        const apart = (at: { x: number; y: number }) =>
          Math.max(1, Math.hypot(at.x - other.x, at.y - other.y));
        this.#turn({ distance: (this.#camera.distance * apart(before)) / apart(now) });
        return;
      }
      const { yaw, pitch } = this.#camera;
      this.#turn({
        yaw: yaw - (now.x - before.x) * 0.01,
        pitch: pitch + (now.y - before.y) * 0.01,
      });
    });
    for (const kind of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(kind, (event) => {
        pointers.delete(event.pointerId);
        if (held) this.#dragTo(held, event.offsetX, event.offsetY, true);
        held = null;
      });
    }
    canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.#turn({ distance: this.#camera.distance * Math.exp(event.deltaY * 0.0015) });
      },
      { passive: false },
    );
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { yaw, pitch, distance } = this.#camera;
    const turns: Record<string, Partial<Camera>> = {
      ArrowLeft: { yaw: yaw - TURN },
      ArrowRight: { yaw: yaw + TURN },
      ArrowUp: { pitch: pitch + TURN },
      ArrowDown: { pitch: pitch - TURN },
      "+": { distance: distance / 1.2 },
      "=": { distance: distance / 1.2 },
      "-": { distance: distance * 1.2 },
    };
    if (!Object.hasOwn(turns, event.key)) return;
    event.preventDefault();
    this.#turn(turns[event.key]);
  }
}

/** Returns a colour of the style sheet as #rrggbb. */
function longHex(color: string): string {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return "#808080";
  context.fillStyle = color;
  return context.fillStyle;
}
