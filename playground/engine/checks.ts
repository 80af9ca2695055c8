// Checks of what is asked for, with the library's messages.

import { type Effort, EFFORTS, type Size, type Space, SPACES } from "./protocol.ts";

/** The most pixels of an image: what 32 bits can address. */
const MOST_PIXELS = 2 ** 29;

/** Throws TypeError or RangeError for options that no fit can be made with. */
export function checkFit(how: { space: Space; effort: Effort; seed: number }): void {
  checkChoice("space", how.space, SPACES);
  checkChoice("effort", how.effort, EFFORTS);
  checkWhole("seed", how.seed, 0, Number.MAX_SAFE_INTEGER);
}

/** Throws TypeError for anything but a number, and RangeError unless it is a whole one in a range. */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  const expected = `a whole number from ${least} to ${most}`;
  checkNumber(name, value, expected);
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${name}: expected ${expected}, got ${value}`);
  }
}

/** The same for a number that may have a fraction. */
export function checkWithin(name: string, value: number, least: number, most: number): void {
  checkNumber(name, value, `${least} to ${most}`);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name}: expected ${least} to ${most}, got ${value}`);
  }
}

function checkNumber(name: string, value: number, expected: string): void {
  if (typeof value !== "number") {
    throw new TypeError(`${name}: expected ${expected}, got ${shown(value)}`);
  }
}

/** Throws TypeError for anything but true or false. */
export function checkFlag(name: string, value: boolean): void {
  if (typeof value !== "boolean") {
    throw new TypeError(`${name}: expected true or false, got ${shown(value)}`);
  }
}

/** Throws TypeError or RangeError for what is no size of an image. */
export function checkSize({ width, height }: Size): void {
  checkWhole("width", width, 1, MOST_PIXELS);
  checkWhole("height", height, 1, MOST_PIXELS);
}

/** Throws RangeError unless all indices are below k. */
export function checkEntries(name: string, indices: Uint8Array, k: number): void {
  const wrong = k < 256 ? indices.find((index) => index >= k) : undefined;
  if (wrong !== undefined) throw new RangeError(`${name}: expected less than k = ${k}, got ${wrong}`);
}

/** Throws TypeError for anything but text. */
export function checkText(name: string, value: string): void {
  if (typeof value !== "string") {
    throw new TypeError(`${name}: expected text, got ${shown(value)}`);
  }
}

/** A value as an error shows it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  return value.constructor?.name ?? "an object";
}

/** A name for each option, so that none is forgotten here. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/** Throws TypeError for an option that there is not. */
export function checkNames<T>(what: string, given: object, known: Names<T>): void {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`${what}: expected an object with options, got ${shown(given)}`);
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const names = Object.keys(known).join(", ");
    throw new TypeError(`${what}: expected options of ${names}, got ${unknown}`);
  }
}

/** Throws TypeError for what is of another kind than the known values, and RangeError for others. */
export function checkChoice<T>(name: string, value: T, known: readonly T[]): void {
  if (known.includes(value)) return;
  const WrongKind = typeof value === "string" ? RangeError : TypeError;
  throw new WrongKind(`${name}: expected one of ${known.map(String).join(", ")}, got ${shown(value)}`);
}
