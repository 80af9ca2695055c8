// The command line and the Python code that give the same result.

import type { ThemeOptions } from "kpalette";
import type { Shown } from "../session";
import { namesOf, plainName } from "../colors";
import { DEFAULTS, type Settings, THEME_K } from "../settings";
import { stem } from "../text";

/** Quotes a word for a POSIX shell, if need be. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Returns a file's name that cannot be taken for an option or a number of colours. */
function shellName(name: string): string {
  const plain = /^-|^\d+$/.test(name) ? `./${name}` : name;
  return quoted(plain);
}

export function resultName(name: string, k: number, ending: string): string {
  return `${stem(name)}-${k}.${ending}`;
}

function spaceAndDither({ space, dither, strength, smaller }: Settings): string[] {
  const words = space === DEFAULTS.space ? [] : ["--space", space];
  if (dither) words.push("--dither", dither);
  if (smaller) words.push("--smaller", String(smaller));
  if ((dither || smaller) && strength !== DEFAULTS.strength) {
    words.push("--dither-strength", String(strength));
  }
  return words;
}

/** `moving`: whether all frames of an animation are shown. */
export function asCommand(name: string, shown: Shown, moving = false): string {
  const { settings } = shown;
  // If all colours are fixed, they are the palette.
  const fixed = shown.edited ? namesOf(shown).map(plainName) : settings.fixed;
  const k = shown.edited ? fixed.length : settings.k;
  const words = ["kpalette quantize", shellName(name), "-k", String(k)];
  words.push(...spaceAndDither(settings));
  if (!shown.edited && settings.effort !== DEFAULTS.effort) words.push("--effort", settings.effort);
  if (!shown.edited && settings.saliency && !moving) words.push("--saliency");
  if (fixed.length) words.push("--fixed", quoted(fixed.join(",")));
  if (moving) words.push("--palette-scope", "global");
  if (moving && !/\.gif$/i.test(name)) words.push("-o", shellName(resultName(name, k, "gif")));
  return words.join(" ");
}

export function asThemeCommand(
  name: string,
  { k, ignore = [] }: Pick<ThemeOptions, "k" | "ignore">,
): string {
  const words = ["kpalette theme", shellName(name)];
  if (k !== THEME_K) words.push("-k", String(k));
  if (ignore.length) words.push("--ignore", quoted(ignore.join(",")));
  return words.join(" ");
}

export function asPython(name: string, shown: Shown, moving = false): string {
  const { settings } = shown;
  const { space, dither, strength, smaller, effort, fixed, saliency } = settings;
  const text = JSON.stringify; // is a string in Python, too
  const given = [];
  if (space !== DEFAULTS.space) given.push(`space=${text(space)}`);
  if (!shown.edited && effort !== DEFAULTS.effort) given.push(`effort=${text(effort)}`);
  if (!shown.edited && saliency && !moving) given.push("saliency=True");
  const kept = shown.edited ? (moving ? namesOf(shown).map(plainName) : []) : fixed;
  if (kept.length) given.push(`fixed=[${kept.map((name) => text(name)).join(", ")}]`);
  if (dither) given.push(`dither=${text(dither)}`);
  if (smaller) given.push(`smaller=${smaller}`);
  if ((dither || smaller) && strength !== DEFAULTS.strength) {
    given.push(`dither_strength=${strength}`);
  }
  const options = given.map((option) => `, ${option}`).join("");
  const lines = ["import kpalette", ""];
  const k = shown.edited ? shown.counts.length : settings.k;
  const result = text(resultName(name, k, moving ? "gif" : "png"));
  if (moving) {
    const scope = `, palette_scope="global"${options}`;
    lines.push(`a = kpalette.quantize_animation(${text(name)}, ${k}${scope})`);
    return [...lines, `a.save(${result})`, ""].join("\n");
  }
  if (shown.edited) {
    const bytes = namesOf(shown)
      .map((name) => name.slice(1))
      .join("");
    lines.unshift("import numpy as np");
    lines.push(
      `colors = bytes.fromhex(${text(bytes)})`,
      `palette = kpalette.Palette(np.frombuffer(colors, np.uint8).reshape(-1, ${shown.channels}))`,
      `q = palette.remap(${text(name)}${options})`,
    );
  } else {
    lines.push(`q = kpalette.quantize(${text(name)}, ${settings.k}${options})`);
  }
  const quick = effort === "fast" && !shown.edited ? ", quick=True" : "";
  return [...lines, `q.save(${result}${quick})`, ""].join("\n");
}
