// Opens pictures by the decoder, a worker.

import type { FromDecoder, Opened, Source, ToDecoder } from "./decode.worker";
import { PictureProblem } from "./problem";
import type { Sample } from "./samples";

type Answer = (message: FromDecoder) => void;

const worker = new Worker(new URL("./decode.worker.ts", import.meta.url), { type: "module" });
const answers = new Map<number, Answer>();
let lastId = 0;

worker.onmessage = ({ data }: MessageEvent<FromDecoder>) => {
  answers.get(data.id)?.(data);
  answers.delete(data.id);
};

worker.onerror = () => {
  for (const [id, answer] of answers) {
    answer({ kind: "failed", id, message: "cannot be opened: what opens pictures did not start." });
  }
  answers.clear();
};

/** Throws PictureProblem. */
export function open(source: Source): Promise<Opened> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    answers.set(id, (message) => {
      if (message.kind === "opened") resolve(message.picture);
      else if (message.kind === "failed") reject(new PictureProblem(message.message));
    });
    worker.postMessage({ kind: "open", id, source } satisfies ToDecoder);
  });
}

/** Returns a thumbnail of a sample; null if it cannot be drawn. */
export function thumbnail(
  sample: Sample,
  width: number,
  height: number,
): Promise<ImageBitmap | null> {
  const id = ++lastId;
  return new Promise((resolve) => {
    answers.set(id, (message) => resolve(message.kind === "thumbnail" ? message.bitmap : null));
    worker.postMessage({ kind: "thumbnail", id, sample, width, height } satisfies ToDecoder);
  });
}
