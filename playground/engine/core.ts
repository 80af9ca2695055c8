// An instance of the core in WebAssembly: calls, and arrays in and out. Its objects are classes beside
// this, which are freed by hand: a file for each kind of call, as in bindings/wasm/.

import type { Dither, Effort, Role, Seeding, Space } from "./protocol.ts";

type TypedArray =
  | Uint8Array
  | Uint16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array;

/** What bindings/wasm/ exports, where addresses and sizes are numbers. */
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
  /** Whether it had not enough memory. */
  readonly isOfMemory: boolean;

  constructor(said: string) {
    const isOfMemory = said === "std::bad_alloc";
    super(`the engine stopped: ${isOfMemory ? "there is not enough memory for this image, of 4 GB at most" : said}`);
    this.isOfMemory = isOfMemory;
  }
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
          throw new CoreError(new TextDecoder().decode(bytes));
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
          throw new CoreError(`it ended with ${code}`);
        },
      },
    });
    found.memory = exports.memory as WebAssembly.Memory;
    (exports._initialize as () => void)();
    return new Core(exports as unknown as Functions, found.memory);
  }

  /** Calls a function by name. All that it throws is a CoreError. */
  call(name: string, ...values: (number | bigint)[]): number {
    if (this.stopped) throw new CoreError("it had stopped before");
    try {
      return this.functions[name](...values);
    } catch (error) {
      this.stopped = true;
      throw error instanceof CoreError ? error : new CoreError(String(error)); // a trap
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

  /** Calls a function that returns text, and frees that. */
  textOf(name: string, ...values: number[]): string {
    return new TextDecoder().decode(this.bytesOf(name, ...values));
  }

  /** The same of bytes. */
  bytesOf(name: string, ...values: number[]): Uint8Array<ArrayBuffer> {
    const made = this.call(name, ...values);
    const bytes = this.view(this.call("bytes_at", made), this.call("bytes_size", made)).slice();
    this.release("bytes_free", made);
    return bytes;
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

function bytesOf(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
