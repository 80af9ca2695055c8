// Numbers as people read them.

const whole = new Intl.NumberFormat("en");

export const count = (n: number) => whole.format(n);

/** Formats a number with about four digits. */
export function figure(value: number): string {
  if (value >= 1000) return whole.format(Math.round(value));
  return value >= 100 ? value.toFixed(1) : value.toFixed(2);
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} bytes`;
  if (n < 999_500) return `${(n / 1000).toFixed(n < 99_500 ? 1 : 0)} kB`;
  return `${(n / 1e6).toFixed(n < 9.95e6 ? 2 : 1)} MB`;
}

export function share(part: number): string {
  const percent = 100 * part;
  if (percent === 0) return "0 %";
  return percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(percent < 9.95 ? 1 : 0)} %`;
}

/** Returns a number with its noun: 1 colour, 2 colours. */
export const counted = (n: number, what: string) => `${count(n)} ${what}${n === 1 ? "" : "s"}`;

/** Returns a file's name without its ending. */
export function stem(name: string): string {
  const at = name.lastIndexOf(".");
  return at > 0 ? name.slice(0, at) : name;
}
