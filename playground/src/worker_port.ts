/** The page's end, inside of a worker, whose own types do not go together with the page's. */
export const page = self as unknown as {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
};
