// The stage: a picture and its result under one divider. Here is what the visitor does to it; the
// painter draws.

import type { Looked, Timing } from "kpalette";
import { darkTheme, find } from "../dom";
import { Signal } from "../signal";
import { MOST, STOPS } from "./heat";
import { Pins } from "./pins";
import { Player } from "./player";
import type { FromPainter, Mode, Result, ToPainter } from "./painting";
import { centered, fitted, kept, type Size, type View, zoomed } from "./view";

/** Of the arrow keys, in CSS pixels. */
const PAN = 40;
const ZOOM = 1.25;
const CHECKS: Record<"light" | "dark", [string, string]> = {
  light: ["#ffffff", "#e4e4e1"],
  dark: ["#3a3b40", "#2c2d31"],
};

export class Stage {
  /** Says that the result of a turn is on the screen. */
  readonly painted = new Signal<number>();
  readonly failed = new Signal<string>();
  readonly pins = new Pins();
  #worker = new Worker(new URL("./paint.worker.ts", import.meta.url), { type: "module" });
  #area = find("#stage");
  #handle = find("#divider");
  #picture: Size | null = null;
  #view: View = { scale: 1, left: 0, top: 0 };
  #whole = true; // as long as nobody zooms
  #divider = 0.5;
  #mode: Mode = "compare";
  #label = "Result";
  #marked: Looked["worst"] = null;
  #player = new Player();
  #copies = new Map<number, (pixels: Uint8ClampedArray<ArrayBuffer>) => void>();
  #copyId = 0;

  constructor() {
    const canvas = find<HTMLCanvasElement>("#picture").transferControlToOffscreen();
    this.#post({ kind: "canvas", canvas }, [canvas]);
    this.#worker.onmessage = ({ data }: MessageEvent<FromPainter>) => this.#hear(data);
    new ResizeObserver(() => this.#resized()).observe(this.#area);
    darkTheme.addEventListener("change", () => this.#draw());
    this.#player.moved.on(() => this.#draw());
    this.#listen();
    this.#drawLegend();
    this.#moveDivider(0.5);
  }

  /** Shows another picture, whose pixels are given away; `height` is that of a frame. */
  show(
    pixels: Uint8ClampedArray<ArrayBuffer>,
    width: number,
    height: number,
    { durations }: Timing,
  ): void {
    this.#picture = { width, height };
    this.pins.set([]); // those of the picture before
    this.#whole = true;
    this.#area.style.setProperty("--aspect", String(Math.max(0.6, width / height)));
    const frames = durations.length;
    this.#post({ kind: "original", pixels, width, height, frames }, [pixels.buffer]);
    this.#player.load(durations);
    this.#resized();
  }

  /** Shows a result of the picture, which is given away. `turn` comes back once it is painted. */
  update(result: Result, turn: number, label = "Result"): void {
    this.#label = label;
    this.#showLabel();
    this.#post({ kind: "result", result, turn }, [result.rgba.buffer, result.indices.buffer]);
  }

  /** Frames a place of the picture where errors are shown, or none. */
  mark(place: Looked["worst"]): void {
    this.#marked = place;
    this.#placeMark();
  }

  describe(text: string): void {
    find("#picture").setAttribute("aria-label", text);
  }

  /** The picture's pixels, once more. */
  copy(): Promise<Uint8ClampedArray<ArrayBuffer>> {
    const id = ++this.#copyId;
    this.#post({ kind: "copy", id });
    return new Promise((resolve) => this.#copies.set(id, resolve));
  }

  #post(message: ToPainter, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #hear(message: FromPainter): void {
    if (message.kind === "painted") this.painted.emit(message.turn);
    else if (message.kind === "failed") this.failed.emit(message.message);
    else {
      this.#copies.get(message.id)?.(message.pixels);
      this.#copies.delete(message.id);
    }
  }

  get #ratio(): number {
    return Math.min(2, devicePixelRatio);
  }

  get #size(): Size {
    const { clientWidth, clientHeight } = this.#area;
    return {
      width: Math.max(1, Math.round(clientWidth * this.#ratio)),
      height: Math.max(1, Math.round(clientHeight * this.#ratio)),
    };
  }

  get #fit(): View {
    return fitted(this.#picture ?? this.#size, this.#size, 4 * this.#ratio);
  }

  get #least(): number {
    return Math.min(this.#fit.scale, this.#ratio);
  }

  #resized(): void {
    this.#setView(this.#whole ? this.#fit : this.#view);
  }

  #setView(view: View): void {
    if (!this.#picture) return;
    this.#view = kept(view, this.#picture, this.#size);
    this.#whole = Math.abs(this.#view.scale / this.#fit.scale - 1) < 1e-6;
    this.#area.dataset.zoomed = String(!this.#whole);
    const percent = Math.round((100 * this.#view.scale) / this.#ratio);
    find("#zoom-level").textContent = `${percent} %`;
    this.#draw();
  }

  #zoom(factor: number, x?: number, y?: number): void {
    const { width, height } = this.#size;
    this.#setView(zoomed(this.#view, factor, x ?? width / 2, y ?? height / 2, this.#least));
  }

  #placeMark(): void {
    const frame = find("#worst-frame");
    const place = this.#marked;
    const start = this.#player.frame * (this.#picture?.height ?? 0);
    const isHere = place && start <= place.top && place.top < start + this.#picture!.height;
    frame.hidden = !isHere || this.#mode !== "error";
    if (place === null) return;
    const { scale, left, top } = this.#view;
    const css = (pixels: number) => `${pixels / this.#ratio}px`;
    frame.style.left = css(left + scale * place.left);
    frame.style.top = css(top + scale * (place.top - start));
    frame.style.width = css(scale * place.width);
    frame.style.height = css(scale * place.height);
  }

  /** Moves the pins to where the picture is now. */
  placePins(): void {
    this.pins.place(this.#view, this.#size, this.#ratio);
  }

  #draw(): void {
    const stage = this.#size;
    this.#placeMark();
    this.placePins();
    this.#post({
      kind: "scene",
      scene: {
        stage,
        view: this.#view,
        divider: this.#divider * stage.width,
        mode: this.#mode,
        checks: CHECKS[darkTheme.matches ? "dark" : "light"],
        ratio: this.#ratio,
        frame: this.#player.frame,
      },
    });
  }

  #moveDivider(part: number): void {
    this.#divider = Math.min(1, Math.max(0, part));
    const percent = Math.round(100 * this.#divider);
    this.#area.style.setProperty("--divider", `${100 * this.#divider}%`);
    this.#handle.setAttribute("aria-valuenow", String(percent));
    this.#handle.setAttribute("aria-valuetext", `${percent} % original`);
    this.#draw();
  }

  #listen(): void {
    find("#zoom-in").addEventListener("click", () => this.#zoom(ZOOM));
    find("#zoom-out").addEventListener("click", () => this.#zoom(1 / ZOOM));
    find("#zoom-fit").addEventListener("click", () => this.#setView(this.#fit));
    find("#zoom-one").addEventListener("click", () => this.#actualSize());
    const mode = find<HTMLInputElement>("#error-map");
    mode.addEventListener("change", () => this.#setMode(mode.checked ? "error" : "compare"));
    this.#handle.addEventListener("keydown", (event) => this.#keyOnDivider(event));
    this.#area.addEventListener("keydown", (event) => this.#keyOnStage(event));
    this.#area.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#listenToPointers();
  }

  #actualSize(): void {
    if (this.#picture) this.#setView(centered(this.#picture, this.#size, this.#ratio));
  }

  #setMode(mode: Mode): void {
    this.#mode = mode;
    this.#area.dataset.mode = mode;
    find("#legend").hidden = mode !== "error";
    this.#showLabel();
    this.#draw();
  }

  #showLabel(): void {
    find("#result-tag").textContent = this.#mode === "error" ? "Error" : this.#label;
  }

  #keyOnDivider(event: KeyboardEvent): void {
    const step = event.shiftKey ? 0.1 : 0.02;
    const moves: Record<string, number> = {
      ArrowLeft: this.#divider - step,
      ArrowDown: this.#divider - step,
      ArrowRight: this.#divider + step,
      ArrowUp: this.#divider + step,
      PageDown: this.#divider - 0.2,
      PageUp: this.#divider + 0.2,
      Home: 0,
      End: 1,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    this.#moveDivider(moves[event.key]);
  }

  #keyOnStage(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== this.#area) return;
    const step = PAN * this.#ratio;
    const pan = (x: number, y: number) =>
      this.#setView({ ...this.#view, left: this.#view.left + x, top: this.#view.top + y });
    const actions: Record<string, () => void> = {
      "+": () => this.#zoom(ZOOM),
      "=": () => this.#zoom(ZOOM),
      "-": () => this.#zoom(1 / ZOOM),
      "0": () => this.#setView(this.#fit),
      "1": () => this.#actualSize(),
      ArrowLeft: () => pan(step, 0),
      ArrowRight: () => pan(-step, 0),
      ArrowUp: () => pan(0, step),
      ArrowDown: () => pan(0, -step),
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  }

  #wheel(event: WheelEvent): void {
    if (!this.#picture) return;
    // Where there is no way further out, the wheel is left to the page.
    if (event.deltaY > 0 && !event.ctrlKey && this.#view.scale <= this.#least) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    const { x, y } = this.#at(event);
    this.#zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
  }

  /** Where on the stage, in device pixels. */
  #at({ clientX, clientY }: { clientX: number; clientY: number }): { x: number; y: number } {
    const { left, top } = this.#area.getBoundingClientRect();
    return { x: (clientX - left) * this.#ratio, y: (clientY - top) * this.#ratio };
  }

  /** One pointer moves the divider, or the picture if that is zoomed; two zoom it. */
  #listenToPointers(): void {
    const pointers = new Map<number, { x: number; y: number }>();
    let dividing = false;
    this.#area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || (event.target as Element).closest("button, label")) return;
      const onHandle = (event.target as Element).closest("#divider") !== null;
      dividing = pointers.size === 0 && (onHandle || this.#whole);
      pointers.set(event.pointerId, this.#at(event));
      this.#area.setPointerCapture(event.pointerId);
      if (dividing) this.#moveDivider(this.#at(event).x / this.#size.width);
    });
    this.#area.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const now = this.#at(event);
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      pointers.set(event.pointerId, now);
      if (other) this.#pinch(before, now, other);
      else if (dividing) this.#moveDivider(now.x / this.#size.width);
      else {
        const { left, top } = this.#view;
        this.#setView({
          ...this.#view,
          left: left + now.x - before.x,
          top: top + now.y - before.y,
        });
      }
    });
    for (const kind of ["pointerup", "pointercancel"] as const) {
      this.#area.addEventListener(kind, (event) => pointers.delete(event.pointerId));
    }
  }

  #pinch(
    before: { x: number; y: number },
    now: { x: number; y: number },
    other: { x: number; y: number },
  ): void {
    const apart = (at: { x: number; y: number }) =>
      Math.max(1, Math.hypot(at.x - other.x, at.y - other.y));
    this.#zoom(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
  }

  #drawLegend(): void {
    const stops = STOPS.map((color) => `rgb(${color.join(" ")})`).join(", ");
    find("#legend-ramp").style.background = `linear-gradient(to right, ${stops})`;
    find("#legend-most").textContent = `${MOST}+`;
  }
}
