/** A worker's port to the page; a worker's own types conflict with the page's. */
export const page = self as unknown as {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};
