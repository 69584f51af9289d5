import type { IpAddress } from "../base/address.ts";
import type { Micros } from "../base/time.ts";
import type { Span } from "./diagnostic.ts";
import type { KeywordSpec } from "./keyword.ts";
import type { Token } from "./tokens.ts";
import { spanOfToken } from "./tokens.ts";

/** A keyword's argument, read as its table entry says. */
export type ArgumentValue =
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "seconds"; readonly value: Micros }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "word"; readonly value: string; readonly token: Token }
  | { readonly kind: "address"; readonly value: IpAddress }
  | { readonly kind: "words"; readonly tokens: readonly Token[] }
  | CommandValue;

export interface CommandValue {
  readonly kind: "command";
  /** Never empty. */
  readonly argv: readonly string[];
  /** The command before it was split, for looking for shell syntax. */
  readonly text: string;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly span: Span;
}

/** One keyword with its arguments and its block; or, in a block of lines, one line, whose spec is undefined. */
export interface Statement {
  readonly keyword: Token;
  readonly words: readonly Token[];
  readonly spec: KeywordSpec | undefined;
  /** In the order of the table's arguments; undefined where one is missing or was refused. */
  readonly values: readonly (ArgumentValue | undefined)[];
  /** An argument was refused. */
  readonly faulty: boolean;
  readonly block: readonly Statement[] | undefined;
}

/** All words of a statement as one place. */
export function spanOfStatement(statement: Statement): Span {
  const first = spanOfToken(statement.keyword);
  const last = statement.words.at(-1);
  return last === undefined ? first : { ...first, endColumn: Math.max(first.endColumn, spanOfToken(last).endColumn) };
}

/** The statements of a block with this keyword. */
export function statementsOf(block: readonly Statement[], keyword: string): readonly Statement[] {
  return block.filter((statement) => statement.keyword.text === keyword && statement.spec !== undefined);
}

/** The statement that counts: the last one, or the first where the table says so. */
export function statementOf(block: readonly Statement[], keyword: string): Statement | undefined {
  const all = statementsOf(block, keyword);
  return all[0]?.spec?.repeated === "first" ? all[0] : all.at(-1);
}

export function integerOf(block: readonly Statement[], keyword: string): number | undefined {
  const value = valueOf(block, keyword);
  return value?.kind === "integer" ? value.value : undefined;
}

export function secondsOf(block: readonly Statement[], keyword: string): Micros | undefined {
  const value = valueOf(block, keyword);
  return value?.kind === "seconds" ? value.value : undefined;
}

export function wordOf(block: readonly Statement[], keyword: string): string | undefined {
  const value = valueOf(block, keyword);
  return value?.kind === "word" ? value.value : undefined;
}

export function addressOf(block: readonly Statement[], keyword: string): IpAddress | undefined {
  const value = valueOf(block, keyword);
  return value?.kind === "address" ? value.value : undefined;
}

/** A keyword without an argument means true; undefined where it does not stand there. */
export function switchOf(block: readonly Statement[], keyword: string): boolean | undefined {
  const statement = statementOf(block, keyword);
  if (statement === undefined || statement.faulty) return undefined;
  const value = statement.values[0];
  return value?.kind === "boolean" ? value.value : true;
}

/** The value that counts among those that were accepted: the last one, or the first where the table says so. */
function valueOf(block: readonly Statement[], keyword: string): ArgumentValue | undefined {
  const accepted = statementsOf(block, keyword).filter((statement) => statement.values[0] !== undefined);
  return (accepted[0]?.spec?.repeated === "first" ? accepted[0] : accepted.at(-1))?.values[0];
}
