/** What the text of a tracked file says. */
export type FileNumber =
  | { readonly kind: "number"; readonly value: number }
  /** It begins with no number, so it counts as 0. */
  | { readonly kind: "no-number" }
  /** A number beyond 32 bits: whatever held before goes on. */
  | { readonly kind: "out-of-range"; readonly text: string };

/**
 * Reads the number that a tracked file begins with, as strtol(3) with base 0 does: white space, a sign, then hexadecimal
 * digits behind `0x`, octal ones behind `0`, or decimal ones. What stands behind them is ignored. Empty text is 0.
 */
export function readFileNumber(text: string): FileNumber {
  const [, sign = "", digits = ""] = /^[\t-\r ]*([+-]?)(0[xX][0-9a-fA-F]+|\d+)/.exec(text) ?? [];
  if (digits === "") return /^[\t-\r ]*$/.test(text) ? ZERO : { kind: "no-number" };
  const size = magnitudeOf(digits);
  // Adding 0 makes 0 of -0.
  const value = (sign === "-" ? -size : size) + 0;
  if (value < LEAST || value > MOST) return { kind: "out-of-range", text: sign + digits };
  return { kind: "number", value };
}

function magnitudeOf(digits: string): number {
  if (/^0[xX]/.test(digits)) return Number.parseInt(digits.slice(2), 16);
  if (!digits.startsWith("0")) return Number.parseInt(digits, 10);
  const octal = /^0[0-7]*/.exec(digits)?.[0] ?? "0";
  return Number.parseInt(octal, 8);
}

const ZERO: FileNumber = { kind: "number", value: 0 };
const LEAST = -2_147_483_648;
const MOST = 2_147_483_647;
