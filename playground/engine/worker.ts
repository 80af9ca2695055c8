// The worker: the module, and messages to and from the server.

import wasm from "./wasm/kpalette.wasm?url";
import { type FromWorker, STARTED, type ToWorker } from "./protocol";
import { type Post, Server } from "./server";

const post: Post = (message: FromWorker, transfer) => self.postMessage(message, { transfer });

async function start(): Promise<Server> {
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`${wasm}: ${response.status} ${response.statusText}`);
  return new Server(await WebAssembly.compile(await response.arrayBuffer()), post);
}

const started = start();
self.onmessage = async ({ data }: MessageEvent<ToWorker>) => (await started).receive(data);
started.then(
  () => post({ kind: "done", id: STARTED, result: undefined }, []),
  ({ name, message }: Error) => post({ kind: "failed", id: STARTED, name, message }, []),
);
