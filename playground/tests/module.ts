// The core as `make playground` builds it.

import { readFileSync } from "node:fs";

const path = new URL("../engine/wasm/kpalette.wasm", import.meta.url);

export const module = new WebAssembly.Module(readFileSync(path));
