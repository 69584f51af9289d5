import type { Report, Span } from "./diagnostic.ts";
import { spanOfUnits } from "./mapped-text.ts";
import type { LogicalLine } from "./mapped-text.ts";

/** A word or a brace. Words on different lines never belong to one statement. */
export interface Token {
  readonly kind: "word" | "open" | "close";
  /** Without its quotes. */
  readonly text: string;
  readonly quoted: boolean;
  readonly line: LogicalLine;
  /** Units of `line.text`, quotes included. */
  readonly start: number;
  readonly end: number;
}

/** Cuts a line into words and braces. Quoted text is one word and its braces are letters. */
export function tokenize(line: LogicalLine, report: Report): readonly Token[] {
  const tokens: Token[] = [];
  const { text } = line;
  let index = 0;
  while (index < text.length) {
    const character = text[index] ?? "";
    if (isSpace(character)) {
      index += 1;
    } else if (character === "{" || character === "}") {
      const kind = character === "{" ? "open" : "close";
      tokens.push({ kind, text: character, quoted: false, line, start: index, end: ++index });
    } else {
      const word = readWord(line, index, report);
      tokens.push(word);
      index = word.end;
    }
  }
  return tokens;
}

export function spanOfToken(token: Token): Span {
  return spanOfUnits(token.line, token.start, token.end);
}

function readWord(line: LogicalLine, start: number, report: Report): Token {
  const { text: source } = line;
  let text = "";
  let openedAt = -1;
  let index = start;
  for (; index < source.length; index++) {
    const character = source[index] ?? "";
    if (character === '"') {
      openedAt = openedAt < 0 ? index : -1;
    } else if (openedAt < 0 && character === "$" && UNDEFINED.test(source.slice(index))) {
      // A name without a definition stays one word: its braces are no blocks.
      const name = UNDEFINED.exec(source.slice(index))?.[0] ?? character;
      text += name;
      index += name.length - 1;
    } else if (openedAt < 0 && (isSpace(character) || character === "{" || character === "}")) {
      break;
    } else if (character === "\\" && source[index + 1] === '"') {
      // The backslash stays for whoever reads the word as a command; the quote does not end it.
      text += '\\"';
      index += 1;
    } else text += character;
  }
  const quoted = source[start] === '"';
  if (openedAt >= 0) {
    const at = spanOfUnits(line, openedAt, openedAt + 1);
    report({ code: "UNMATCHED_QUOTE", at, message: "This quote is not closed on its line" });
  } else if (/[“”„«»‘’]/.test(text)) {
    const at = spanOfUnits(line, start, index);
    const help = 'Write plain ones: "';
    report({ code: "TYPOGRAPHIC_QUOTE", at, message: "Typographic quotes are letters here, not quotes", help });
  }
  return { kind: "word", text, quoted, line, start, end: Math.min(index, source.length) };
}

function isSpace(character: string): boolean {
  return character === " " || character === "\t" || character === "\v" || character === "\f" || character === "\r";
}

const UNDEFINED = /^\$\{[A-Za-z_][^{}"]*\}/;
