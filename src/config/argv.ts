import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";

/**
 * Splits text into words as keepalived does for commands: spaces separate, `"` and `'` hold together, adjoining pieces are
 * one word, and a backslash begins an escape everywhere, within both kinds of quotes too: `\a \b \E \e \f \n \r \t \v`,
 * octal digits, `\xHH`, `\cX`; before any other character it stands for that character. An open quote is an error.
 */
export function splitCommand(text: string): Result<readonly string[], { readonly quote: string; readonly at: number }> {
  const found: string[] = [];
  let current: string | undefined;
  let quote: string | undefined;
  let quoteAt = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? "";
    if (character === "\\") {
      const escape = readEscape(text.slice(index + 1));
      current = (current ?? "") + escape.value;
      index += escape.length;
    } else if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else current = (current ?? "") + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      quoteAt = index;
      current ??= "";
    } else if (/\s/.test(character)) {
      if (current !== undefined) found.push(current);
      current = undefined;
    } else current = (current ?? "") + character;
  }
  if (quote !== undefined) return fail({ quote, at: quoteAt });
  if (current !== undefined) found.push(current);
  return succeed(found);
}

/** What stands behind a backslash, and how many units of the text it takes. */
function readEscape(text: string): { readonly value: string; readonly length: number } {
  const octal = /^[0-7]{1,3}/.exec(text)?.[0];
  if (octal !== undefined)
    return { value: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), length: octal.length };
  const hexadecimal = /^x([0-9a-fA-F]{1,2})/.exec(text);
  if (hexadecimal?.[1] !== undefined) {
    return { value: String.fromCharCode(Number.parseInt(hexadecimal[1], 16)), length: hexadecimal[0].length };
  }
  const control = /^c([@-_a-z])/.exec(text)?.[1];
  if (control !== undefined)
    return { value: String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f), length: 2 };
  const first = text[0];
  if (first === undefined) return { value: "\\", length: 0 };
  return { value: NAMED_ESCAPES.get(first) ?? first, length: 1 };
}

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["e", "\x1b"],
  ["E", "\x1b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);
