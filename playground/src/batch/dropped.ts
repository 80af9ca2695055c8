// The files that were dropped, with those in folders.

import type { Found } from "./batch";

/** Call this while the event is handled, as its items are gone later. */
export function droppedFiles(transfer: DataTransfer): Promise<Found[]> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  if (entries.some((entry) => entry?.isDirectory)) {
    return Promise.all(entries.map((entry) => (entry ? filesIn(entry, "") : []))).then((all) =>
      all.flat(),
    );
  }
  return Promise.resolve([...transfer.files].map((file) => ({ file, path: file.name })));
}

async function filesIn(entry: FileSystemEntry, folder: string): Promise<Found[]> {
  const path = folder + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ file, path }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Found[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!some.length) return found;
    for (const one of some) found.push(...(await filesIn(one, `${path}/`)));
  }
}
