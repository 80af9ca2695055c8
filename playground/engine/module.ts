// The core's module, compiled once for all that use it.

/** WebAssembly is not there, or lacks SIMD: the engine cannot run. */
export class NoSimdError extends Error {
  override name = "NoSimdError";
}

let compiled: Promise<WebAssembly.Module> | undefined;

/** Returns the core's module; throws NoSimdError where it cannot run. @internal */
export async function coreModule(): Promise<WebAssembly.Module> {
  checkSimd();
  compiled ??= compile(new URL("./wasm/kpalette.wasm", import.meta.url));
  try {
    return await compiled;
  } catch (error) {
    compiled = undefined; // another try may find it
    throw error;
  }
}

/** Throws NoSimdError unless a module with one SIMD instruction, i8x16.splat, is valid here. */
export function checkSimd(): void {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const type = [1, 5, 1, 0x60, 0, 1, 0x7b]; // () -> v128
  const functions = [3, 2, 1, 0];
  const code = [10, 8, 1, 6, 0, 0x41, 0, 0xfd, 15, 11];
  const bytes = Uint8Array.of(...header, ...type, ...functions, ...code);
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(bytes)) {
    throw new NoSimdError("expected WebAssembly with SIMD");
  }
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  if (url.protocol === "file:") {
    const { readFile } = files();
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Node's files, without an import, which bundlers would look for. */
function files(): { readFile(url: URL): Promise<BufferSource> } {
  const { process } = globalThis as unknown as {
    process: { getBuiltinModule(name: string): ReturnType<typeof files> };
  };
  return process.getBuiltinModule("node:fs/promises");
}
