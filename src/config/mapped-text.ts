import type { IncludeStep } from "./place.ts";
import type { Span } from "./diagnostic.ts";

/**
 * Text that remembers where each of its UTF-16 units came from, so that a place can be told after comments were cut and
 * definitions were put in: `from[i]` is the column of unit i in the file's line, `to[i]` the column behind it.
 */
export interface MappedText {
  readonly text: string;
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** A line of configuration after comments, conditions and definitions: what the tokens are cut from. */
export interface LogicalLine extends MappedText {
  readonly file: string;
  readonly line: number;
  readonly include: readonly IncludeStep[];
  /** The line began with `@holdfast`. */
  readonly extension: boolean;
  /** One character per byte of a file that is no UTF-8. */
  readonly latin1: boolean;
  /** A comment began right behind a word, at this column: `auth_pass p#ss`. */
  readonly cutWordAt: number | undefined;
}

/** The text of a line whose first character stands in column 1. */
export function mapLine(text: string): MappedText {
  const from: number[] = [];
  const to: number[] = [];
  let column = 0;
  for (const character of text) {
    column += 1;
    for (let unit = 0; unit < character.length; unit++) {
      from.push(column);
      to.push(column + 1);
    }
  }
  return { text, from, to };
}

export function slice(source: MappedText, start: number, end?: number): MappedText {
  return {
    text: source.text.slice(start, end),
    from: source.from.slice(start, end),
    to: source.to.slice(start, end),
  };
}

export function join(parts: readonly MappedText[]): MappedText {
  return {
    text: parts.map((part) => part.text).join(""),
    from: parts.flatMap((part) => part.from),
    to: parts.flatMap((part) => part.to),
  };
}

/** `text`, all of it standing for what is between two columns. */
export function standIn(text: string, from: number, to: number): MappedText {
  return { text, from: Array.from(text.split(""), () => from), to: Array.from(text.split(""), () => to) };
}

export function trim(source: MappedText): MappedText {
  const start = source.text.length - source.text.trimStart().length;
  return slice(source, start, source.text.trimEnd().length);
}

/** Where the units from `start` to before `end` stand in the file. An empty stretch is one column wide. */
export function spanOfUnits(line: LogicalLine, start: number, end: number): Span {
  const column = line.from[start] ?? line.to.at(-1) ?? 1;
  let endColumn = column + 1;
  for (let unit = start; unit < end; unit++) endColumn = Math.max(endColumn, line.to[unit] ?? 0);
  return { file: line.file, line: line.line, column, endColumn, include: line.include };
}
