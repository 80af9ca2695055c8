// Checks of what is asked for, with the library's messages.

import { type Effort, EFFORTS, MOST_SMALLER, type Space, SPACES } from "./protocol.ts";

/** Throws RangeError for options that no fit can be made with. */
export function checkFit(how: { space: Space; effort: Effort; seed: number }): void {
  checkChoice("space", how.space, SPACES);
  checkChoice("effort", how.effort, EFFORTS);
  checkWhole("seed", how.seed, 0, Number.MAX_SAFE_INTEGER);
}

/** Throws RangeError for anything but a whole number in a range. */
export function checkWhole(name: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${name}: expected a whole number from ${least} to ${most}, got ${value}`);
  }
}

/** Throws RangeError for anything but true or false. */
export function checkFlag(name: string, value: boolean): void {
  if (typeof value !== "boolean") {
    throw new RangeError(`${name}: expected true or false, got ${value}`);
  }
}

/** Throws RangeError for anything but a number from 0 to 1. */
export function checkStrength(strength: number): void {
  if (!(strength >= 0 && strength <= 1)) {
    throw new RangeError(`strength: expected 0 to 1, got ${strength}`);
  }
}

/** Throws RangeError for anything but a number from 0 to 3. */
export function checkSmaller(smaller: number): void {
  if (!(smaller >= 0 && smaller <= MOST_SMALLER)) {
    throw new RangeError(`smaller: expected 0 to ${MOST_SMALLER}, got ${smaller}`);
  }
}

/** A name for each option, so that none is forgotten here. */
export type Names<T> = Readonly<Record<keyof T, true>>;

/** Throws TypeError for an option that there is not. */
export function checkNames<T>(what: string, given: object, known: Names<T>): void {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const names = Object.keys(known).join(", ");
    throw new TypeError(`${what}: expected options of ${names}, got ${unknown}`);
  }
}

/** Throws RangeError for anything but one of the known values. */
export function checkChoice<T>(name: string, value: T, known: readonly T[]): void {
  if (!known.includes(value)) {
    throw new RangeError(`${name}: expected one of ${known.join(", ")}, got ${value}`);
  }
}
