// The core in WebAssembly: its objects as classes, which are freed by hand, and arrays in and out.

import type { ColorList as Palette, Mask, Seeding, Space } from "./protocol";

export type { Palette };

type TypedArray =
  | Uint8Array
  | Uint16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array;

/** What bindings/wasm.cpp exports, where addresses and sizes are numbers. */
type Functions = Record<string, (...values: (number | bigint)[]) => number>;

export const SPACES: readonly Space[] = ["oklab", "srgb", "linear", "lab"];
export const SEEDINGS: readonly Seeding[] = ["random", "k-means++", "maximin", "wu"];
export const MASKS: readonly Mask[] = ["blue-noise", "bayer"];

/** The core could not go on: of this instance, nothing more is to be used. */
export class CoreError extends Error {
  override name = "CoreError";
}

export interface LloydResult {
  inertia: number;
  nIter: number;
  converged: boolean;
}

/** One instance of the module, with memory of its own that only grows. */
export class Core {
  private stopped = false;

  private constructor(
    private readonly functions: Functions,
    private readonly memory: WebAssembly.Memory,
  ) {}

  static instantiate(module: WebAssembly.Module): Core {
    const found: { memory?: WebAssembly.Memory } = {};
    const words = (at: number, n: number) => new Uint32Array(found.memory!.buffer, at >>> 0, n);
    const absent = () => 52; // WASI's ENOSYS
    const { exports } = new WebAssembly.Instance(module, {
      kpalette: {
        fail(message: number, length: number): never {
          const bytes = new Uint8Array(found.memory!.buffer, message >>> 0, length).slice();
          throw failure(new TextDecoder().decode(bytes));
        },
      },
      wasi_snapshot_preview1: {
        environ_sizes_get(count: number, size: number): number {
          words(count, 1)[0] = words(size, 1)[0] = 0;
          return 0;
        },
        environ_get: () => 0,
        fd_close: absent,
        fd_seek: absent,
        fd_write: absent,
        proc_exit(code: number): never {
          throw failure(`it ended with ${code}`);
        },
      },
    });
    found.memory = exports.memory as WebAssembly.Memory;
    (exports._initialize as () => void)();
    return new Core(exports as unknown as Functions, found.memory);
  }

  /** Calls by name. Whatever is thrown is a CoreError. */
  call(name: string, ...values: (number | bigint)[]): number {
    if (this.stopped) throw failure("it had stopped before");
    try {
      return this.functions[name](...values);
    } catch (error) {
      this.stopped = true;
      throw error instanceof CoreError ? error : failure(String(error)); // a trap
    }
  }

  /** Calls what frees an object, unless the whole instance is to go. */
  release(name: string, address: number): void {
    if (!this.stopped) this.call(name, address);
  }

  /** Calls with addresses of copies of some arrays. What it writes there is in them afterwards. */
  lend<T>(arrays: readonly TypedArray[], call: (...addresses: number[]) => T): T {
    const blocks = arrays.map((array) => this.take(array.byteLength));
    arrays.forEach((array, i) => blocks[i].bytes().set(bytesOf(array)));
    const result = call(...blocks.map((block) => block.address));
    arrays.forEach((array, i) => bytesOf(array).set(blocks[i].bytes()));
    blocks.forEach((block) => block.free());
    return result;
  }

  /** Memory of its own, for the caller to free. */
  take(bytes: number): Block {
    return new Block(this, this.call("malloc_bytes", bytes), bytes);
  }

  /** Bytes of memory, in use or not. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** Of the core's memory, until the next call. */
  view(address: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, address >>> 0, bytes); // an i32 comes signed
  }

  count(pixels: Block, channels: 3 | 4): Histogram {
    const n = pixels.length / channels;
    return new Histogram(this, this.call("count_colors", pixels.address, n, channels), channels);
  }

  collect(colors: Uint8Array, counts: BigInt64Array, channels: 3 | 4): Histogram {
    const made = this.lend([colors, counts], (...at) =>
      this.call("collect", ...at, counts.length, channels),
    );
    return new Histogram(this, made, channels);
  }

  place(colors: Uint8Array, channels: number, space: Space): Float64Array {
    const coords = new Float64Array(colors.length);
    this.lend([colors, coords], (from, to) =>
      this.call("place", from, colors.length / channels, channels, SPACES.indexOf(space), to),
    );
    return coords;
  }

  unplace(coords: Float64Array, channels: number, space: Space): Uint8Array {
    const colors = new Uint8Array(coords.length);
    this.lend([coords, colors], (from, to) =>
      this.call("unplace", from, coords.length / channels, channels, SPACES.indexOf(space), to),
    );
    return colors;
  }

  /** Coordinates per unit of the space's own scale. */
  steps(channels: number, space: Space): number {
    return this.call("steps", channels, SPACES.indexOf(space));
  }

  remap(pixels: Block, histogram: Histogram, labels: Uint16Array, indices: Block): void {
    this.lend([labels], (at) =>
      this.call("remap", pixels.address, indices.length, histogram.address, at, indices.address),
    );
  }

  /** Dithers some rows, from the `first` on; `errors` are what the rows above leave to them. */
  diffuseError(
    pixels: Block,
    { first, rows, width }: { first: number; rows: number; width: number },
    { colors, channels }: Palette,
    { space, strength }: { space: Space; strength: number },
    indices: Block,
    errors: Float32Array,
  ): void {
    this.lend([colors, errors], (colorsAt, errorsAt) =>
      this.call(
        "diffuse_error",
        ...[pixels.address, first, rows, width, channels, SPACES.indexOf(space)],
        ...[colorsAt, colors.length / channels, strength, indices.address, errorsAt],
      ),
    );
  }

  ditherOrdered(
    pixels: Block,
    [height, width]: [number, number],
    { colors, channels }: Palette,
    histogram: Histogram,
    labels: Uint16Array,
    { mask, space, strength }: { mask: Mask; space: Space; strength: number },
    indices: Block,
  ): void {
    this.lend([labels, colors], (labelsAt, colorsAt) =>
      this.call(
        "dither_ordered",
        ...[pixels.address, height, width, histogram.address, labelsAt],
        ...[MASKS.indexOf(mask), SPACES.indexOf(space)],
        ...[colorsAt, colors.length / channels, strength, indices.address],
      ),
    );
  }

  /** The sum of CIEDE2000 over some pixels, from the `first` on, and what they are shown as. */
  deltaE(pixels: Block, palette: Palette, indices: Uint8Array, first: number): number {
    const { colors, channels } = palette;
    return this.lend([indices, colors], (...at) =>
      this.call(
        "delta_e_pixels",
        ...[pixels.address + channels * first, indices.length, channels, ...at],
      ),
    );
  }

  /** How often each entry is shown, and the squared error in 8-bit sRGB. */
  tally(pixels: Block, indices: Block, palette: Palette): [Float64Array, number] {
    const { colors, channels } = palette;
    const counts = new BigInt64Array(colors.length / channels);
    const error = this.lend([colors, counts], (colorsAt, countsAt) =>
      this.call(
        "tally",
        ...[pixels.address, indices.length, channels, indices.address],
        ...[colorsAt, counts.length, countsAt],
      ),
    );
    return [Float64Array.from(counts, Number), error];
  }
}

/** Some of the core's memory. */
export class Block {
  constructor(
    private readonly core: Core,
    readonly address: number,
    readonly length: number,
  ) {}

  /** Until the next call of the core. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.core.view(this.address, this.length);
  }

  /** Its start alone, where the rest is not needed. */
  head(length: number): Block {
    return new Block(this.core, this.address, length);
  }

  free(): void {
    this.core.release("free_bytes", this.address);
  }
}

/** Distinct colours and how many pixels have each. */
export class Histogram {
  readonly length: number;

  constructor(
    readonly core: Core,
    readonly address: number,
    readonly channels: 3 | 4,
  ) {
    this.length = core.call("histogram_size", address);
  }

  /** (n, channels), a copy. */
  get colors(): Uint8Array {
    const at = this.core.call("histogram_colors", this.address);
    return this.core.view(at, this.length * this.channels).slice();
  }

  /** (n), a copy. */
  get counts(): BigInt64Array {
    const at = this.core.call("histogram_counts", this.address);
    return new BigInt64Array(this.core.view(at, 8 * this.length).slice().buffer);
  }

  /** Of every `step` neighbours, the most frequent for all. */
  thinOut(step: number): Histogram {
    const made = this.core.call("thin_out", this.address, step);
    return new Histogram(this.core, made, this.channels);
  }

  /** What a palette costs in 8-bit sRGB. */
  squaredError(labels: Uint16Array, palette: Palette): number {
    const { colors, channels } = palette;
    return this.core.lend([labels, colors], (...at) =>
      this.core.call("squared_error", this.address, ...at, colors.length / channels),
    );
  }

  /** The sum over pixels of CIEDE2000, of some colours from the `first` to before the `last`. */
  deltaE(labels: Uint16Array, palette: Palette, first: number, last: number): number {
    return this.core.lend([labels, palette.colors], (...at) =>
      this.core.call("delta_e_colors", this.address, first, last - first, ...at),
    );
  }

  free(): void {
    this.core.release("histogram_free", this.address);
  }
}

/** Colours placed in a space, weighted by their counts. */
export class Points {
  readonly address: number;
  readonly core: Core;
  readonly length: number;
  readonly dim: number;

  /** `histogram` is freed with the points where it is theirs alone. */
  constructor(
    private readonly histogram: Histogram,
    space: Space,
    private readonly owned: boolean,
  ) {
    this.core = histogram.core;
    this.length = histogram.length;
    this.dim = histogram.channels;
    this.address = this.core.call("points_new", histogram.address, SPACES.indexOf(space));
  }

  seed(seeding: Seeding, k: number, seed: bigint): Float64Array {
    const centers = new Float64Array(k * this.dim);
    this.core.lend([centers], (at) =>
      this.core.call("seed", this.address, SEEDINGS.indexOf(seeding), k, seed, at),
    );
    return centers;
  }

  free(): void {
    this.core.release("points_free", this.address);
    if (this.owned) this.histogram.free();
  }
}

/** Which centre each point is nearest to. */
export class Assignment {
  private readonly core: Core;
  private readonly address: number;

  constructor(
    readonly points: Points,
    readonly k: number,
  ) {
    this.core = points.core;
    this.address = this.core.call("assignment_new", points.address, k);
  }

  /** Keeps the centres of the first n clusters where they are. */
  pin(n: number): void {
    this.core.call("assignment_pin", this.address, n);
  }

  /** Moves points to their nearest centres. */
  update(centers: Float64Array): void {
    this.core.lend([centers], (at) => this.core.call("assignment_update", this.address, at));
  }

  /** Weighted squared distances to the labels' centres. */
  cost(centers: Float64Array): number {
    return this.core.lend([centers], (at) => this.core.call("assignment_cost", this.address, at));
  }

  /** (n), a copy. */
  get labels(): Uint16Array {
    const at = this.core.call("assignment_labels", this.address);
    return new Uint16Array(this.core.view(at, 2 * this.points.length).slice().buffer);
  }

  /** (k), the weight of each cluster. */
  get counts(): Float64Array {
    const counts = new BigInt64Array(this.k);
    this.core.lend([counts], (at) => this.core.call("assignment_counts", this.address, at));
    return Float64Array.from(counts, Number);
  }

  /** Passes of k-means, which move the centres. */
  lloyd(centers: Float64Array, maxIter: number, relaxed = 0): LloydResult {
    const how = new Float64Array(3);
    this.core.lend([centers, how], (from, to) =>
      this.core.call("lloyd", this.address, from, maxIter, relaxed, to),
    );
    return { inertia: how[0], nIter: how[1], converged: how[2] !== 0 };
  }

  /** Leaves local minima, round by round. */
  improvement(
    centers: Float64Array,
    how: { rounds: number; passes: number; shaken?: number; seed?: bigint },
  ): Improvement {
    const { rounds, passes, shaken = 0, seed = 0n } = how;
    const made = this.core.lend([centers], (at) =>
      this.core.call("improvement_new", this.address, at, rounds, passes, shaken, seed),
    );
    return new Improvement(this.core, made, centers.length);
  }

  /** Splits the clusters that gain most by it: k centres, up to twice as many. */
  grow(centers: Float64Array, k: number): Float64Array {
    const grown = new Float64Array(k * this.points.dim);
    this.core.lend([centers, grown], (from, to) =>
      this.core.call("grow", this.address, from, k, to),
    );
    return grown;
  }

  /** Colours of small vivid regions that the centres lost: at most `most`. */
  findIslands(centers: Float64Array, most: number): Uint8Array {
    const colors = new Uint8Array(most * this.points.dim);
    const bytes = this.core.lend([centers, colors], (from, to) =>
      this.core.call("find_islands", this.address, from, most, to),
    );
    return colors.slice(0, bytes);
  }

  /** Weighted sum of the fourth powers of distances. */
  fourthPowers(centers: Float64Array): number {
    return this.core.lend([centers], (at) => this.core.call("fourth_powers", this.address, at));
  }

  /** The palette (k, channels), which the labels follow. */
  roundCenters(centers: Float64Array, fixed: Uint8Array, faithful: boolean): Uint8Array {
    const colors = new Uint8Array(centers.length);
    this.core.lend([centers, fixed, colors], (from, fixedAt, to) =>
      this.core.call(
        "round_centers",
        ...[this.address, from, fixedAt, fixed.length / this.points.dim, Number(faithful), to],
      ),
    );
    return colors;
  }

  free(): void {
    this.core.release("assignment_free", this.address);
  }
}

export class Improvement {
  constructor(
    private readonly core: Core,
    private readonly address: number,
    private readonly length: number,
  ) {}

  /** Makes the next round; false where none was left. */
  step(): boolean {
    return this.core.call("improvement_step", this.address) !== 0;
  }

  get nIter(): number {
    return this.core.call("improvement_n_iter", this.address);
  }

  get centers(): Float64Array {
    const at = this.core.call("improvement_centers", this.address);
    return new Float64Array(this.core.view(at, 8 * this.length).slice().buffer);
  }

  free(): void {
    this.core.release("improvement_free", this.address);
  }
}

function bytesOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function failure(message: string): CoreError {
  const said = message === "std::bad_alloc" ? "there is not enough memory for this image" : message;
  return new CoreError(`the engine stopped: ${said}`);
}
