// The worker's side: it holds one image, and answers messages by jobs on it.

import { Core, CoreError } from "./core.ts";
import { Image } from "./image.ts";
import { afterMessages, type Job, Jobs, type Work } from "./jobs.ts";
import { encodeGif } from "./gif.ts";
import { type Mapped, quantize, remap } from "./pipeline.ts";
import { encodePng } from "./png.ts";
import type { FromWorker, Request, Step, SweepPoint, ToWorker } from "./protocol.ts";
import { steps } from "./steps.ts";
import { sweep } from "./sweep.ts";
import { drawCard, makeTheme } from "./theme.ts";

export type Post = (message: FromWorker, transfer: Transferable[]) => void;

/** The order of jobs. A new job ends an older one of its kind, except for files. */
const RANKS = { step: 0, picture: 1, theme: 2, looks: 3, deltaE: 4, file: 5, sweep: 6 };
type Kind = keyof typeof RANKS;

type Asked<K extends Request["kind"]> = Extract<Request, { kind: K }> & { id: number };

export class Server {
  private readonly jobs: Jobs;
  private readonly running = new Map<string, { id: number; job: Job }>();
  private image: Image | undefined;
  /** The core for files, if no image is loaded. */
  private bare: Core | undefined;
  private mapped: Mapped | undefined;
  private walk: { number: number; steps: Generator<Step, void>; last?: Step } | undefined;

  constructor(
    private readonly module: WebAssembly.Module,
    private readonly post: Post,
    later = afterMessages(),
  ) {
    this.jobs = new Jobs(later);
  }

  receive(message: ToWorker): void {
    if (message.kind === "abort") {
      for (const { id, job } of this.running.values()) if (id === message.id) this.jobs.stop(job);
    } else if (message.kind === "end walk") {
      if (this.walk?.number === message.walk) this.endWalk();
    } else {
      try {
        this.serve(message);
      } catch (error) {
        this.fail(message.id, error);
      }
    }
  }

  private serve(asked: Request & { id: number }): void {
    switch (asked.kind) {
      case "load":
        return this.load(asked);
      case "quantize":
        return this.show(asked, quantize(this.loaded(), asked.options));
      case "remap":
        return this.show(asked, remap(this.loaded(), asked.palette, asked.options));
      case "deltaE":
        return this.run("deltaE", asked.id, this.shown("deltaE").deltaE());
      case "looks":
        return this.run("looks", asked.id, this.shown("looks").looks());
      case "theme":
        return this.run("theme", asked.id, makeTheme(this.loaded(), asked.options));
      case "card":
        return this.answer(asked.id, drawCard(this.anyCore(), asked.theme, asked.options));
      case "sweep":
        return this.sweep(asked);
      case "step":
        return this.step(asked);
      case "png":
        return this.file(asked.id, (core) => encodePng(core, asked.image));
      case "gif":
        return this.file(asked.id, (core) => encodeGif(core, asked.images));
    }
  }

  private loaded(): Image {
    if (this.image === undefined) throw new Error("expected an image to be loaded");
    return this.image;
  }

  private shown(asked: string): Mapped {
    if (this.mapped === undefined) throw new Error(`${asked}: expected an image in few colours`);
    return this.mapped;
  }

  private load({ id, rgba, width, height, timing }: Asked<"load">): void {
    this.unload();
    const core = Core.instantiate(this.module); // anew: an instance never gives memory back
    this.image = Image.load(core, rgba, width, height, timing);
    this.answer(id, this.image.describe());
  }

  private unload(): void {
    for (const kind of Object.keys(RANKS)) this.stop(kind); // files go on: they are of no image
    this.endWalk();
    this.image = this.mapped = this.bare = undefined;
  }

  private show({ id, deltaE }: Asked<"quantize" | "remap">, work: Work<Mapped>): void {
    this.stop("deltaE");
    this.stop("looks");
    const all = function* (): Work<Mapped> {
      const mapped = yield* work;
      if (deltaE) mapped.quantized.deltaE = yield* mapped.deltaE();
      return mapped;
    };
    this.run("picture", id, all(), (mapped) => {
      this.mapped = mapped;
      const { quantized } = mapped;
      const { indices, rgba, file } = quantized;
      this.answer(id, quantized, [indices, rgba, ...(file ? [file] : [])].map((a) => a.buffer));
    });
  }

  private sweep({ id, ks, options }: Asked<"sweep">): void {
    const onPoint = (point: SweepPoint) => this.post({ kind: "point", id, point }, []);
    this.run("sweep", id, sweep(this.loaded(), ks, options, onPoint));
  }

  private step({ id, walk, options }: Asked<"step">): void {
    if (this.walk?.number !== walk) {
      this.endWalk();
      this.walk = { number: walk, steps: steps(this.loaded(), options) };
    }
    const current = this.walk;
    const next = function* (): Work<Step> {
      current.last = current.steps.next().value ?? current.last;
      return current.last!;
    };
    this.run("step", id, next());
  }

  private file(id: number, encode: (core: Core) => Work<Uint8Array<ArrayBuffer>>): void {
    const work = encode(this.anyCore());
    this.run("file", id, work, (file) => this.answer(id, file, [file.buffer]));
  }

  /** The image's core, or one without an image. */
  private anyCore(): Core {
    return this.image?.core ?? (this.bare ??= Core.instantiate(this.module));
  }

  private endWalk(): void {
    this.stop("step");
    this.walk?.steps.return();
    this.walk = undefined;
  }

  private stop(key: string): void {
    const running = this.running.get(key);
    if (running !== undefined) this.jobs.stop(running.job);
  }

  /** Adds a job. By default, its result is the answer. */
  private run<T>(
    kind: Kind,
    id: number,
    work: Work<T>,
    finish = (result: T) => this.answer(id, result),
  ): void {
    const key = kind === "file" ? `file ${id}` : kind;
    this.stop(key);
    let told = 0;
    const job = {
      rank: RANKS[kind],
      step: () => {
        try {
          const { done, value } = work.next();
          if (!done) {
            if (value > told) this.post({ kind: "progress", id, passes: (told = value) }, []);
            return false;
          }
          this.running.delete(key);
          finish(value);
        } catch (error) {
          this.running.delete(key);
          this.fail(id, error);
        }
        return true;
      },
      stop: () => {
        if (!this.running.delete(key)) return; // it has just failed
        work.return(undefined as T);
        this.fail(id, new DOMException("ended before it was done", "AbortError"));
      },
    };
    this.running.set(key, { id, job });
    this.jobs.add(job);
  }

  private answer(id: number, result: unknown, transfer: Transferable[] = []): void {
    this.post({ kind: "done", id, result }, transfer);
  }

  private fail(id: number, error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const isOfCore = error instanceof CoreError;
    const shown = isOfCore && error.isOfMemory ? "RangeError" : name;
    this.post({ kind: "failed", id, name: shown, message }, []);
    if (isOfCore) this.unload();
  }
}
