import type { Report } from "./diagnostic.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";

/** The name of an interface, unless it is too long for the kernel, which is a finding. */
export function usableName(word: Token | undefined, report: Report): string | undefined {
  if (word === undefined || word.text.length <= NAME_LIMIT) return word?.text;
  const message = `"${word.text}" is longer than ${NAME_LIMIT} letters`;
  report({ code: "OUT_OF_RANGE", at: spanOfToken(word), message });
  return undefined;
}

/** IFNAMSIZ without its NUL. */
const NAME_LIMIT = 15;
