/** Returns the element that a selector names; throws if the page lacks it. */
export function find<T extends Element = HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`expected ${selector} in the page, got nothing`);
  return found;
}

/** Makes an element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Lets arrow keys move along a list's buttons, which are one stop of the Tab key. */
export function walkByArrows(list: HTMLElement): void {
  const buttons = () => [...list.querySelectorAll<HTMLElement>("li:not([hidden]) button")];
  list.addEventListener("focusin", ({ target }) => {
    for (const button of list.querySelectorAll("button")) button.tabIndex = button === target ? 0 : -1;
  });
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = buttons();
    const at = all.indexOf(event.target as HTMLElement);
    const [next, before] = [all[at + 1] ?? all[0], all.at(at - 1)];
    const moves: Record<string, HTMLElement | undefined> = {
      ...{ ArrowRight: next, ArrowDown: next, ArrowLeft: before, ArrowUp: before },
      ...{ Home: all[0], End: all.at(-1) },
    };
    if (!Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]?.focus();
  });
}

/** Copies text, and tells the visitor whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Hands a file to the visitor, under a name. */
export function download(bytes: BlobPart, type: string, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // some browsers read it only later
}

export const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
export const darkTheme = matchMedia("(prefers-color-scheme: dark)");
