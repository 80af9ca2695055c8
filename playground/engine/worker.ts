// The worker: the module, and messages to and from the server.

import { coreModule } from "./module.ts";
import { type FromWorker, STARTED, type ToWorker } from "./protocol.ts";
import { type Post, Server } from "./server.ts";

const post: Post = (message: FromWorker, transfer) => self.postMessage(message, { transfer });

const started = coreModule().then((module) => new Server(module, post));
self.onmessage = async ({ data }: MessageEvent<ToWorker>) => (await started).receive(data);
started.then(
  () => post({ kind: "done", id: STARTED, result: undefined }, []),
  ({ name, message }: Error) => post({ kind: "failed", id: STARTED, name, message }, []),
);
