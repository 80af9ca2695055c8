// Themes in the core, and what colours are called.

import type { Block, Core } from "./core.ts";
import { type CardOptions, THEME_TEXTS, type ThemeText } from "./protocol.ts";

/** What a theme is made of: the colours that count. */
export class ThemeCounts {
  private readonly address: number;

  constructor(private readonly core: Core) {
    this.address = core.call("theme_counts_new");
  }

  /** How many there are. */
  get length(): number {
    return this.core.call("theme_counts_size", this.address);
  }

  /** Adds a picture, or a frame, except for what is near to colours that are `ignored`, (m, 3). */
  add(
    pixels: Block,
    [height, width]: [number, number],
    channels: 3 | 4,
    ignored: Uint8Array,
  ): void {
    this.core.lend([ignored], (at) =>
      this.core.call(
        "theme_counts_add",
        ...[this.address, pixels.address, height, width, channels, at, ignored.length],
      ),
    );
  }

  /** Makes a theme of k colours, or fewer; of as many as matter if k is 0. */
  theme(k: number): CoreTheme {
    return new CoreTheme(this.core, this.core.call("theme_new", this.address, k));
  }

  free(): void {
    this.core.release("theme_counts_free", this.address);
  }
}

/** A theme, and its texts. */
export class CoreTheme {
  constructor(
    private readonly core: Core,
    private readonly address: number,
  ) {}

  /** One of what `look` returned. */
  static again(core: Core, { colors, counts, roles }: Looks): CoreTheme {
    const exact = BigInt64Array.from(counts, BigInt);
    const address = core.lend([colors, exact, roles], (colorsAt, countsAt, rolesAt) =>
      core.call("theme_again", colorsAt, countsAt, exact.length, rolesAt),
    );
    return new CoreTheme(core, address);
  }

  look(): Looks {
    const { core } = this;
    const k = core.call("theme_size", this.address);
    const colors = new Uint8Array(3 * k);
    const counts = new BigInt64Array(k);
    const roles = new Uint8Array(4 * core.tables.roles.length);
    core.lend([colors, counts, roles], (...at) => core.call("theme_look", this.address, ...at));
    return { colors, counts: Float64Array.from(counts, Number), roles };
  }

  /** `name` begins the names in it. */
  text(kind: ThemeText, name: string): string {
    const start = new TextEncoder().encode(name);
    return this.core.lend([start], (at) =>
      this.core.textOf("theme_text", this.address, THEME_TEXTS.indexOf(kind), at, start.length),
    );
  }

  /** The card as SVG, with a picture at a URI. */
  card({ width, height, uri, title }: CardOptions): string {
    const [picture, name] = [uri, title].map((text) => new TextEncoder().encode(text));
    return this.core.lend([picture, name], (pictureAt, nameAt) =>
      this.core.textOf(
        "theme_card",
        ...[this.address, width, height, pictureAt, picture.length, nameAt, name.length],
      ),
    );
  }

  free(): void {
    this.core.release("theme_free", this.address);
  }
}

/** What a theme is. */
interface Looks {
  /** (k, 3) */
  colors: Uint8Array;
  /** (k) */
  counts: Float64Array;
  /** RGBA of each role, clear if there is none. */
  roles: Uint8Array;
}

/** Column and row of a pixel for each of a theme's colours (k, 3). */
export function themePlaces(
  core: Core,
  pixels: Block,
  [height, width]: [number, number],
  channels: 3 | 4,
  colors: Uint8Array,
): [number, number][] {
  const k = colors.length / 3;
  const places = new Int32Array(2 * k);
  core.lend([colors, places], (colorsAt, placesAt) =>
    core.call("theme_places", pixels.address, height, width, channels, colorsAt, k, placesAt),
  );
  return Array.from({ length: k }, (_, i) => [places[2 * i], places[2 * i + 1]]);
}

/** The common name and that of CSS of each of the colours (k, 3). */
export function colorNames(core: Core, colors: Uint8Array): { names: string[]; cssNames: string[] } {
  const lines = core.lend([colors], (at) => core.textOf("color_names", at, colors.length / 3));
  const all = lines.split("\n").slice(0, -1);
  return {
    names: all.filter((_, i) => i % 2 === 0),
    cssNames: all.filter((_, i) => i % 2 === 1),
  };
}

/** The three levels of a colour of that name, or null. */
export function colorNamed(core: Core, name: string): number[] | null {
  const text = new TextEncoder().encode(name);
  const color = new Uint8Array(3);
  const found = core.lend([text, color], (textAt, colorAt) =>
    core.call("color_named", textAt, text.length, colorAt),
  );
  return found ? [...color] : null;
}

/** The colours (k, 3) of text on each of the colours (k, 3). */
export function textColors(core: Core, colors: Uint8Array): Uint8Array {
  const text = new Uint8Array(colors.length);
  core.lend([colors, text], (colorsAt, textAt) =>
    core.call("text_colors", colorsAt, colors.length / 3, textAt),
  );
  return text;
}

/** The pairs of the colours (k, 3) that are read on each other, those of most contrast first. */
export function readablePairs(core: Core, colors: Uint8Array): [number, number][] {
  const found = core.lend([colors], (at) => core.bytesOf("readable_pairs", at, colors.length / 3));
  const indices = new Int32Array(found.buffer);
  const n = indices.length / 2;
  return Array.from({ length: n }, (_, i) => [indices[2 * i], indices[2 * i + 1]]);
}
