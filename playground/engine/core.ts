// The core in WebAssembly: its objects as classes, which are freed by hand, and arrays in and out.

import type { Work } from "./jobs.ts";
import {
  type CardOptions,
  type ColorList as Palette,
  type Dither,
  type Effort,
  type Looked,
  type Role,
  type Seeding,
  type Space,
  THEME_TEXTS,
  type ThemeText,
} from "./protocol.ts";

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

/** The names of choices, in the core's order. */
export interface Tables {
  spaces: Space[];
  efforts: Effort[];
  dithers: Exclude<Dither, null>[];
  seedings: Seeding[];
  roles: Role[];
}

/** The core has failed. The instance must not be used any more. */
export class CoreError extends Error {
  override name = "CoreError";
}

/** The result of a fit. */
export interface Fitted {
  palette: Palette;
  counts: Float64Array;
  labels: Uint16Array; // of the histogram's colours
  cost: number; // the sum over pixels of squared distances, on the scale of the space
  mse: number; // on the 8-bit scale of sRGB
  nIter: number;
}

/** One instance of the module, with memory of its own that only grows. */
export class Core {
  readonly tables: Tables;
  private stopped = false;

  private constructor(
    private readonly functions: Functions,
    private readonly memory: WebAssembly.Memory,
  ) {
    const at = this.call("tables") >>> 0;
    const text = new Uint8Array(memory.buffer, at);
    this.tables = JSON.parse(new TextDecoder().decode(text.subarray(0, text.indexOf(0))));
  }

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

  /** Calls a function by name. All that it throws is a CoreError. */
  call(name: string, ...values: (number | bigint)[]): number {
    if (this.stopped) throw failure("it had stopped before");
    try {
      return this.functions[name](...values);
    } catch (error) {
      this.stopped = true;
      throw error instanceof CoreError ? error : failure(String(error)); // a trap
    }
  }

  /** Calls a function that frees an object, unless the instance has failed. */
  release(name: string, address: number): void {
    if (!this.stopped) this.call(name, address);
  }

  /** Calls a function with addresses of copies of arrays, and copies back what it wrote there. */
  lend<T>(arrays: readonly TypedArray[], call: (...addresses: number[]) => T): T {
    const blocks = arrays.map((array) => this.take(array.byteLength));
    arrays.forEach((array, i) => blocks[i].bytes().set(bytesOf(array)));
    const result = call(...blocks.map((block) => block.address));
    arrays.forEach((array, i) => bytesOf(array).set(blocks[i].bytes()));
    blocks.forEach((block) => block.free());
    return result;
  }

  /** Allocates memory, which the caller frees. */
  take(bytes: number): Block {
    return new Block(this, this.call("malloc_bytes", bytes), bytes);
  }

  /** The size of the memory in bytes, used or not. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** A view of the core's memory, valid until the next call. */
  view(address: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer, address >>> 0, bytes); // an i32 comes signed
  }

  count(pixels: Block, channels: 3 | 4): Histogram {
    const n = pixels.length / channels;
    return new Histogram(this, this.call("count_colors", pixels.address, n, channels), channels);
  }

  /** A histogram that counts each pixel by how much it stands out. */
  weighSalient(pixels: Block, [height, width]: [number, number], histogram: Histogram): Histogram {
    const { address, channels } = histogram;
    const made = this.call("weigh_salient", pixels.address, height, width, address);
    return new Histogram(this, made, channels);
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
    strength: number,
    indices: Block,
    errors: Float32Array,
  ): void {
    this.lend([colors, errors], (colorsAt, errorsAt) =>
      this.call(
        "diffuse_error",
        ...[pixels.address, first, rows, width, channels],
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
    { dither, strength }: { dither: Exclude<Dither, null>; strength: number },
    indices: Block,
  ): void {
    const { dithers } = this.tables;
    this.lend([labels, colors], (labelsAt, colorsAt) =>
      this.call(
        "dither_ordered",
        ...[pixels.address, height, width, histogram.address, labelsAt],
        ...[dithers.indexOf(dither), colorsAt, colors.length / channels, strength, indices.address],
      ),
    );
  }

  mapSpatially(
    pixels: Block,
    [height, width]: [number, number],
    { colors, channels }: Palette,
    strength: number,
    indices: Block,
  ): void {
    this.lend([colors], (at) =>
      this.call(
        "map_spatially",
        ...[pixels.address, height, width, channels],
        ...[at, colors.length / channels, strength, indices.address],
      ),
    );
  }

  /** Turns nearest entries into some whose file is smaller, row by row: src/kpalette/rate.py. */
  *chooseByRate(
    pixels: Block,
    [height, width]: [number, number],
    { colors, channels }: Palette,
    { smaller, strength }: { smaller: number; strength: number },
    indices: Block,
  ): Work<void> {
    const palette = this.take(colors.length);
    palette.bytes().set(colors);
    const search = this.call(
      "rate_new",
      ...[pixels.address, height, width, channels],
      ...[palette.address, colors.length / channels, smaller, strength, indices.address],
    );
    try {
      while (this.call("rate_step", search)) yield 0;
    } finally {
      this.release("rate_free", search);
      palette.free();
    }
  }

  /** A PNG file of fewest bytes, or least time. `keepOrder`: indices stay as they are. */
  *encodePng(
    indices: Uint8Array,
    width: number,
    { colors, channels }: Palette,
    { quick, keepOrder }: { quick: boolean; keepOrder: boolean },
  ): Work<Uint8Array<ArrayBuffer>> {
    const file = this.lend([indices, colors], (indicesAt, colorsAt) =>
      this.call(
        "png_new",
        ...[indicesAt, indices.length, width, colorsAt, colors.length / channels, channels],
        ...[Number(quick), Number(keepOrder)],
      ),
    );
    try {
      while (this.call("png_step", file)) yield 0;
      return this.view(this.call("png_bytes", file), this.call("png_size", file)).slice();
    } finally {
      this.release("png_free", file);
    }
  }

  /**
   * A palette moved to where spatial dithering is best; `fixed` colours (m, channels) stay. With
   * `saliency`, pixels count by how much they stand out, and the histogram is one that does so.
   */
  spatialPalette(
    pixels: Block,
    [height, width]: [number, number],
    histogram: Histogram,
    { palette, labels }: Pick<Fitted, "palette" | "labels">,
    fixed: Uint8Array,
    strength: number,
    saliency: boolean,
  ): Uint8Array {
    const colors = palette.colors.slice();
    this.lend([labels, colors, fixed], (labelsAt, colorsAt, fixedAt) =>
      this.call(
        "spatial_palette",
        ...[pixels.address, height, width, histogram.address, labelsAt],
        ...[colorsAt, colors.length / palette.channels, fixedAt, fixed.length, strength],
        Number(saliency),
      ),
    );
    return colors;
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

  /** Column and row of a pixel for each of a theme's colours (k, 3). */
  themePlaces(
    pixels: Block,
    [height, width]: [number, number],
    channels: 3 | 4,
    colors: Uint8Array,
  ): [number, number][] {
    const k = colors.length / 3;
    const places = new Int32Array(2 * k);
    this.lend([colors, places], (colorsAt, placesAt) =>
      this.call("theme_places", pixels.address, height, width, channels, colorsAt, k, placesAt),
    );
    return Array.from({ length: k }, (_, i) => [places[2 * i], places[2 * i + 1]]);
  }

  /** The common name and that of CSS of each of the colours (k, 3). */
  colorNames(colors: Uint8Array): { names: string[]; cssNames: string[] } {
    const lines = this.lend([colors], (at) => this.textOf("color_names", at, colors.length / 3));
    const all = lines.split("\n").slice(0, -1);
    return {
      names: all.filter((_, i) => i % 2 === 0),
      cssNames: all.filter((_, i) => i % 2 === 1),
    };
  }

  /** The colours (k, 3) of text on each of the colours (k, 3). */
  textColors(colors: Uint8Array): Uint8Array {
    const text = new Uint8Array(colors.length);
    this.lend([colors, text], (colorsAt, textAt) =>
      this.call("text_colors", colorsAt, colors.length / 3, textAt),
    );
    return text;
  }

  /** The pairs of the colours (k, 3) that are read on each other, those of most contrast first. */
  readablePairs(colors: Uint8Array): [number, number][] {
    const found = this.lend([colors], (at) => this.bytesOf("readable_pairs", at, colors.length / 3));
    const indices = new Int32Array(found.buffer);
    const n = indices.length / 2;
    return Array.from({ length: n }, (_, i) => [indices[2 * i], indices[2 * i + 1]]);
  }

  /** Calls a function that returns text, and frees that. */
  textOf(name: string, ...values: number[]): string {
    return new TextDecoder().decode(this.bytesOf(name, ...values));
  }

  private bytesOf(name: string, ...values: number[]): Uint8Array<ArrayBuffer> {
    const made = this.call(name, ...values);
    const bytes = this.view(this.call("bytes_at", made), this.call("bytes_size", made)).slice();
    this.release("bytes_free", made);
    return bytes;
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

  /** A view, valid until the next call of the core. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.core.view(this.address, this.length);
  }

  /** Its first bytes. */
  head(length: number): Block {
    return this.part(0, length);
  }

  /** Some of it, which is freed with the whole. */
  part(first: number, length: number): Block {
    return new Block(this.core, this.address + first, length);
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

  /** Keeps the most frequent of every `step` neighbours, with the counts of all. */
  thinOut(step: number): Histogram {
    const made = this.core.call("thin_out", this.address, step);
    return new Histogram(this.core, made, this.channels);
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

/** Fits palettes to one histogram; what it places for one k serves the next. */
export class Fitter {
  private readonly core: Core;
  readonly address: number;

  /** The histogram is to be freed after this. */
  constructor(
    readonly histogram: Histogram,
    readonly space: Space,
  ) {
    this.core = histogram.core;
    const { spaces } = this.core.tables;
    this.address = this.core.call("fitter_new", histogram.address, spaces.indexOf(space));
  }

  /**
   * Fits k colours, of which those that are `fixed`, distinct ones (m, channels), stay. `mixing`:
   * for dithering.
   */
  fit(k: number, effort: Effort, seed: number, fixed: Uint8Array, mixing = false): Work<Fitted> {
    const how = this.core.tables.efforts.indexOf(effort);
    const asked = [this.address, k, how, BigInt(seed)] as const;
    this.core.lend([fixed], (at) =>
      this.core.call("fitter_fit", ...asked, at, fixed.length, Number(mixing)),
    );
    return this.finish();
  }

  /** Fits k colours from the last ones that grew, which were fewer; the first from seeds. */
  grow(k: number, effort: Effort, seed: number): Work<Fitted> {
    const how = this.core.tables.efforts.indexOf(effort);
    this.core.call("fitter_grow", this.address, k, how, BigInt(seed));
    return this.finish();
  }

  /** Finds the nearest of colours that are given, perhaps sorted: the most frequent first. */
  assign(colors: Uint8Array, byFrequency = false): Fitted {
    this.core.lend([colors], (at) =>
      this.core.call("fitter_assign", this.address, at, colors.length, Number(byFrequency)),
    );
    return this.result();
  }

  private *finish(): Work<Fitted> {
    while (this.core.call("fitter_step", this.address)) {
      yield this.core.call("fitter_n_iter", this.address);
    }
    return this.result();
  }

  private result(): Fitted {
    const about = new Float64Array(7);
    this.core.lend([about], (at) => this.core.call("fitter_result", this.address, at));
    const [colorsAt, countsAt, labelsAt, k, cost, mse, nIter] = about;
    const { channels, length } = this.histogram;
    const colors = this.core.view(colorsAt, k * channels).slice();
    const counts = new BigInt64Array(this.core.view(countsAt, 8 * k).slice().buffer);
    return {
      palette: { colors, channels },
      counts: Float64Array.from(counts, Number),
      labels: new Uint16Array(this.core.view(labelsAt, 2 * length).slice().buffer),
      ...{ cost, mse, nIter },
    };
  }

  free(): void {
    this.core.release("fitter_free", this.address);
  }
}

/** What a theme is made of: the colours that count. */
export class ThemeCounts {
  private readonly address: number;

  constructor(private readonly core: Core) {
    this.address = core.call("theme_counts_new");
  }

  /** How many there are. */
  get length(): number {
    return this.core.call("theme_counts_size", this.address);
  }

  /** Adds a picture, or a frame, except for what is near to colours that are `ignored`, (m, 3). */
  add(
    pixels: Block,
    [height, width]: [number, number],
    channels: 3 | 4,
    ignored: Uint8Array,
  ): void {
    this.core.lend([ignored], (at) =>
      this.core.call(
        "theme_counts_add",
        ...[this.address, pixels.address, height, width, channels, at, ignored.length],
      ),
    );
  }

  /** Makes a theme of k colours, or fewer; of as many as matter if k is 0. */
  theme(k: number): CoreTheme {
    return new CoreTheme(this.core, this.core.call("theme_new", this.address, k));
  }

  free(): void {
    this.core.release("theme_counts_free", this.address);
  }
}

/** A theme, and its texts. */
export class CoreTheme {
  constructor(
    private readonly core: Core,
    private readonly address: number,
  ) {}

  /** One of what `look` returned. */
  static again(core: Core, { colors, counts, roles }: Looks): CoreTheme {
    const exact = BigInt64Array.from(counts, BigInt);
    const address = core.lend([colors, exact, roles], (colorsAt, countsAt, rolesAt) =>
      core.call("theme_again", colorsAt, countsAt, exact.length, rolesAt),
    );
    return new CoreTheme(core, address);
  }

  look(): Looks {
    const { core } = this;
    const k = core.call("theme_size", this.address);
    const colors = new Uint8Array(3 * k);
    const counts = new BigInt64Array(k);
    const roles = new Uint8Array(4 * core.tables.roles.length);
    core.lend([colors, counts, roles], (...at) => core.call("theme_look", this.address, ...at));
    return { colors, counts: Float64Array.from(counts, Number), roles };
  }

  /** `name` begins the names in it. */
  text(kind: ThemeText, name: string): string {
    const start = new TextEncoder().encode(name);
    return this.core.lend([start], (at) =>
      this.core.textOf("theme_text", this.address, THEME_TEXTS.indexOf(kind), at, start.length),
    );
  }

  /** The card as SVG, with a picture at a URI. */
  card({ width, height, uri, title }: CardOptions): string {
    const [picture, name] = [uri, title].map((text) => new TextEncoder().encode(text));
    return this.core.lend([picture, name], (pictureAt, nameAt) =>
      this.core.textOf(
        "theme_card",
        ...[this.address, width, height, pictureAt, picture.length, nameAt, name.length],
      ),
    );
  }

  free(): void {
    this.core.release("theme_free", this.address);
  }
}

/** What a theme is. */
interface Looks {
  /** (k, 3) */
  colors: Uint8Array;
  /** (k) */
  counts: Float64Array;
  /** RGBA of each role, clear if there is none. */
  roles: Uint8Array;
}

/** Measures how an image looks, band by band. */
export class TileSums {
  private readonly address: number;

  constructor(private readonly core: Core) {
    this.address = core.call("tile_sums_new");
  }

  /** Adds some rows, from the `first` on, which begins a tile, and what they are shown as. */
  add(
    pixels: Block,
    { first, rows, width }: { first: number; rows: number; width: number },
    { colors, channels }: Palette,
    indices: Uint8Array,
  ): void {
    this.core.lend([indices, colors], (indicesAt, colorsAt) =>
      this.core.call(
        "tile_sums_add",
        ...[this.address, pixels.address, first, rows, width, channels],
        ...[indicesAt, colorsAt, colors.length / channels],
      ),
    );
  }

  result(): Looked {
    const about = new Float64Array(5);
    this.core.lend([about], (at) => this.core.call("tile_sums_result", this.address, at));
    const [looks, left, top, width, height] = about;
    return { looks, worst: width > 0 ? { left, top, width, height } : null };
  }

  free(): void {
    this.core.release("tile_sums_free", this.address);
  }
}

/** Plain k-means pass by pass. */
export class Walk {
  private constructor(
    private readonly core: Core,
    private readonly address: number,
    private readonly k: number,
  ) {}

  /** The fitter is to be freed after this. */
  static seeded(core: Core, fitter: Fitter, k: number, seeding: Seeding, seed: number): Walk {
    const how = core.tables.seedings.indexOf(seeding);
    return new Walk(core, core.call("walk_new", fitter.address, k, how, BigInt(seed)), k);
  }

  /** The same from centres at some colours. */
  static from(core: Core, fitter: Fitter, { colors, channels }: Palette): Walk {
    const address = core.lend([colors], (at) =>
      core.call("walk_from", fitter.address, at, colors.length),
    );
    return new Walk(core, address, colors.length / channels);
  }

  step(): void {
    this.core.call("walk_step", this.address);
  }

  /** The centres' colours (k, channels), the pixels nearest to each, and what all costs. */
  look(channels: number) {
    const colors = new Uint8Array(this.k * channels);
    const counts = new BigInt64Array(this.k);
    const about = new Float64Array(2);
    this.core.lend([colors, counts, about], (colorsAt, countsAt, aboutAt) =>
      this.core.call("walk_look", this.address, colorsAt, countsAt, this.k, aboutAt),
    );
    const [cost, done] = about;
    return { colors, counts: Float64Array.from(counts, Number), cost, done: done !== 0 };
  }

  free(): void {
    this.core.release("walk_free", this.address);
  }
}

function bytesOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function failure(message: string): CoreError {
  const said = message === "std::bad_alloc" ? "there is not enough memory for this image" : message;
  return new CoreError(`the engine stopped: ${said}`);
}
