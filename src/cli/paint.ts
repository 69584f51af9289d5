/** Colors for a terminal, or none. */
export interface Paint {
  (color: Color, text: string): string;
}

export type Color = "red" | "green" | "yellow" | "cyan" | "bold" | "dim";

/** ECMA-48 sequences where wanted, the plain text otherwise. */
export function createPaint(wanted: boolean): Paint {
  return wanted ? (color, text) => `\u001b[${CODES[color]}m${text}\u001b[0m` : (_color, text) => text;
}

/** Whether a stream shows colors: it is a terminal, and NO_COLOR (no-color.org) is not set. */
export function wantsColor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const refused = environment["NO_COLOR"];
  return stream.isTTY === true && (refused === undefined || refused === "") && environment["TERM"] !== "dumb";
}

const CODES: Readonly<Record<Color, string>> = {
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  bold: "1",
  dim: "2",
};
