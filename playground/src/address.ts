// The settings in the address, after its #, both ways: #k=16&space=srgb&fixed=ff8800,1a1a1a

import { MOST_SMALLER } from "kpalette";
import { plainName } from "./colors";
import { LEAST, MOST } from "./scale";
import { CLOUDS, DEFAULTS, DITHERS, EFFORTS, SORTS, SPACES, type Settings } from "./settings";

/** Writes k, and of the others what is not as usual. */
export function toFragment(settings: Settings): string {
  const parts = [`k=${settings.k}`];
  for (const key of ["space", "effort", "sort", "cloud"] as const) {
    if (settings[key] !== DEFAULTS[key]) parts.push(`${key}=${settings[key]}`);
  }
  if (settings.saliency) parts.push("saliency=1");
  if (settings.dither) parts.push(`dither=${settings.dither}`);
  if (settings.smaller) parts.push(`smaller=${settings.smaller}`);
  if ((settings.dither || settings.smaller) && settings.strength !== DEFAULTS.strength) {
    parts.push(`strength=${settings.strength}`);
  }
  if (settings.fixed.length) {
    parts.push(`fixed=${settings.fixed.map((name) => name.slice(1)).join(",")}`);
  }
  return `#${parts.join("&")}`;
}

export interface Read {
  settings: Settings;
  /** What was not understood, as it stands in the address. */
  ignored: string[];
}

type Reader = (value: string) => Partial<Settings> | null;

function choice<K extends keyof Settings>(key: K, known: object): Reader {
  return (value) => (Object.hasOwn(known, value) ? { [key]: value } : null);
}

const READERS: Record<string, Reader> = {
  k: (value) => {
    const k = /^\d{1,3}$/.test(value) ? Number(value) : 0;
    return k >= LEAST && k <= MOST ? { k } : null;
  },
  space: choice("space", SPACES),
  effort: choice("effort", EFFORTS),
  saliency: (value) => (/^[01]$/.test(value) ? { saliency: value === "1" } : null),
  sort: choice("sort", SORTS),
  cloud: choice("cloud", CLOUDS),
  dither: (value) => {
    if (!Object.hasOwn(DITHERS, value)) return null;
    return { dither: value === "none" ? null : (value as Settings["dither"]) };
  },
  strength: (value) => {
    const strength = /^\d(\.\d{1,4})?$/.test(value) ? Number(value) : 2;
    return strength <= 1 ? { strength } : null;
  },
  smaller: (value) => {
    const smaller = /^\d(\.\d{1,4})?$/.test(value) ? Number(value) : MOST_SMALLER + 1;
    return smaller <= MOST_SMALLER ? { smaller } : null;
  },
  fixed: (value) => {
    const names = value.split(",").map(plainName);
    const distinct = [...new Set(names)];
    if (names.includes(null) || distinct.length < names.length || names.length > MOST) return null;
    return { fixed: distinct as string[] };
  },
};

/**
 * Reads what follows the #; what is missing is as usual, and what is wrong is left out. A k that is
 * less than what is fixed stays, so that the visitor is told of it.
 */
export function fromFragment(fragment: string): Read {
  const read: Partial<Settings> = {};
  const ignored: string[] = [];
  for (const part of fragment.replace(/^#/, "").split("&").filter(Boolean)) {
    const at = part.indexOf("=");
    const key = at < 0 ? part : part.slice(0, at);
    const found =
      Object.hasOwn(READERS, key) && at >= 0 ? READERS[key](decoded(part.slice(at + 1))) : null;
    if (found) Object.assign(read, found);
    else ignored.push(part);
  }
  const k = read.k ?? Math.max(DEFAULTS.k, read.fixed?.length ?? 0);
  return { settings: { ...DEFAULTS, ...read, k }, ignored };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a lone %: no reader will take it
  }
}
