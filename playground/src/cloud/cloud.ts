// The cloud's canvas on the page: what turns it, and what is told to the worker that draws.

import { darkTheme, find, reducedMotion } from "../dom";
import type { CloudSpace } from "../settings";
import type { Camera, Centers, FromCloud, ToCloud } from "./protocol";

const TURN = 0.2; // of a key, in radians
const SMOOTH_MS = 500;

export class Cloud {
  #canvas = find<HTMLCanvasElement>("#cloud");
  #worker: Worker | null = null;
  #waiting: ToCloud[] = [];
  #camera: Camera = { yaw: 0.5, pitch: 0.35, distance: 1.8 };

  /** Starts the worker, which is large: once the page is used already. */
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

  /** Moves the centres there: at once, or walking. */
  setCenters(centers: Centers, walks: boolean): void {
    this.#post({ kind: "centers", centers, ms: walks && !reducedMotion.matches ? SMOOTH_MS : 0 });
  }

  setSpace(space: CloudSpace): void {
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
    find("#cloud-note").textContent = "The cloud needs WebGL 2, which this browser does not give.";
    this.#worker?.terminate();
    this.#worker = null;
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    if (!clientWidth || !clientHeight) return;
    const ratio = Math.min(2, devicePixelRatio);
    this.#post({ kind: "size", width: clientWidth, height: clientHeight, ratio });
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
  }

  #listen(): void {
    const canvas = this.#canvas;
    const pointers = new Map<number, { x: number; y: number }>();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = { x: event.clientX, y: event.clientY };
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      pointers.set(event.pointerId, now);
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
      canvas.addEventListener(kind, (event) => pointers.delete(event.pointerId));
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

/** A colour of the style sheet as #rrggbb, however it is written there by now. */
function longHex(color: string): string {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return "#808080";
  context.fillStyle = color;
  return context.fillStyle;
}
