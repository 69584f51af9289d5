import type { Random } from "../base/random.ts";
import type { Report, Span } from "./diagnostic.ts";
import { join, slice, spanOfUnits, standIn } from "./mapped-text.ts";
import type { LogicalLine, MappedText } from "./mapped-text.ts";
import { folderOf } from "./paths.ts";

/** What `$NAME=` stands for. A definition of several lines can only be used at the end of a line. */
export interface Definition {
  readonly name: string;
  readonly lines: readonly LogicalLine[];
}

/** What the built-in names `${_...}` are answered from. */
export interface BuiltIns {
  /** The host's short name, or what `-i` says: keepalived's `${_INSTANCE}` is not the name behind `instance`. */
  readonly configId: string;
  environment(name: string): string | undefined;
  readonly random: Random;
}

export interface Expansion {
  /** The line with every definition put in. */
  readonly line: LogicalLine;
  /** Further lines of a definition that ended the line; not expanded yet. */
  readonly rest: readonly LogicalLine[];
  /** The definition they come from. */
  readonly restOf: string | undefined;
}

/**
 * Puts definitions into a line. A definition's value is read when it is used, so a later one may be used in an earlier
 * one. `$NAME` must be followed by a space, a tab, a comma, a closing parenthesis or the end of the line; `${NAME}` may
 * stand anywhere. What has no definition stays as it is. A definition that leads back to itself is a finding, and `active`
 * names those whose lines are being read.
 */
export function expandDefinitions(
  line: LogicalLine,
  definitions: ReadonlyMap<string, Definition>,
  builtIns: BuiltIns,
  active: ReadonlySet<string>,
  report: Report,
): Expansion {
  if (!line.text.includes("$")) return { line, rest: [], restOf: undefined };
  const work: Work = { whole: line, definitions, builtIns, report, rest: undefined, length: 0, steps: 0, full: false };
  const expanded = putIn(work, line, active, true);
  reportUnread(line, definitions, report);
  const rest = work.rest?.lines.slice(1).map((later) => usedAt(later, line)) ?? [];
  return { line: { ...line, ...expanded }, rest, restOf: work.rest?.name };
}

/** Reads `NAME=VALUE` behind a `$` at the beginning of a line. */
export function parseDefinition(line: LogicalLine): { readonly name: string; readonly value: MappedText } | undefined {
  const match = /^\$([A-Za-z_][A-Za-z0-9_]*)=/.exec(line.text);
  if (match === null) return undefined;
  return { name: match[1] ?? "", value: slice(line, match[0].length) };
}

/** `$NAME.1` is not replaced, and keepalived does not say so. */
function reportUnread(line: LogicalLine, definitions: ReadonlyMap<string, Definition>, report: Report): void {
  for (const match of line.text.matchAll(/\$([A-Za-z_][A-Za-z0-9_]*)(?![A-Za-z0-9_ \t,)]|$)/g)) {
    const name = match[1] ?? "";
    if (!definitions.has(name)) continue;
    const at = spanOfUnits(line, match.index, match.index + match[0].length);
    const message = `"$${name}" stays as it is, since neither a space nor the end of the line follows`;
    report({ code: "UNDEFINED_NAME", at, message, help: `Write \${${name}}.` });
  }
}

interface Work {
  readonly whole: LogicalLine;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly builtIns: BuiltIns;
  readonly report: Report;
  /** The definition of several lines that ends the line. */
  rest: Definition | undefined;
  length: number;
  steps: number;
  full: boolean;
}

function putIn(work: Work, source: LogicalLine, active: ReadonlySet<string>, outermost: boolean): MappedText {
  const parts: MappedText[] = [];
  let kept = 0;
  for (const match of source.text.matchAll(REFERENCE)) {
    if (work.full) break;
    const end = match.index + match[0].length;
    const place = spanOfUnits(source, match.index, end);
    const value = valueOf(work, match, place, source, active, outermost && end === source.text.length);
    if (value === undefined) continue;
    parts.push(slice(source, kept, match.index), standIn(value, place.column, place.endColumn));
    kept = end;
  }
  parts.push(slice(source, kept));
  return join(parts);
}

/** What a reference stands for; undefined where it stays as it is. */
function valueOf(
  work: Work,
  match: RegExpExecArray,
  at: Span,
  source: LogicalLine,
  active: ReadonlySet<string>,
  endsLine: boolean,
): string | undefined {
  const { report } = work;
  const name = match[1] ?? match[2] ?? "";
  const builtIn = match[1] === undefined ? undefined : builtInValue(name, source.file, work.builtIns);
  if (builtIn !== undefined) return builtIn;
  const definition = work.definitions.get(name);
  const first = definition?.lines[0];
  if (definition === undefined || first === undefined) {
    // A password may well have a dollar sign.
    if (/^auth_pass[ \t]/.test(source.text)) return undefined;
    const help = `Define it on a line before: $${name}=VALUE`;
    report({ code: "UNDEFINED_NAME", at, message: `"${match[0]}" is not defined here and stays as it is`, help });
    return undefined;
  }
  if (active.has(name) || active.size >= DEPTH_LIMIT) {
    const why = active.has(name) ? "leads back to itself" : `is nested more than ${DEPTH_LIMIT} deep`;
    report({ code: "DEFINITION_LOOP", at, message: `The definition of "$${name}" ${why}` });
    return undefined;
  }
  if (definition.lines.length > 1) {
    if (!endsLine) {
      const message = `"$${name}" has several lines, so it can only be used at the end of a line`;
      report({ code: "DEFINITION_MISUSED", at, message });
      return undefined;
    }
    work.rest = definition;
  }
  const value = putIn(work, first, new Set([...active, name]), false).text;
  work.length += value.length;
  work.steps += 1;
  if (!work.full && (work.length > EXPANSION_LIMIT || work.steps > STEP_LIMIT)) {
    const message = `The definitions on this line expand to more than ${EXPANSION_LIMIT} characters`;
    report({ code: "EXPANSION_TOO_LONG", at: spanOfUnits(work.whole, 0, work.whole.text.length), message });
    work.full = true;
  }
  return work.full ? "" : value;
}

function builtInValue(text: string, file: string, builtIns: BuiltIns): string | undefined {
  const [name, ...words] = text.trim().split(/[ \t]+/);
  switch (name) {
    case "_PWD":
      return folderOf(file);
    case "_INSTANCE":
      return builtIns.configId;
    case "_ENV":
      return words[0] === undefined ? undefined : (builtIns.environment(words[0]) ?? "");
    case "_HASH":
      return "#";
    case "_BANG":
      return "!";
    case "_RANDOM": {
      const [low, high] = words.map(Number);
      const from = low !== undefined && Number.isSafeInteger(low) ? low : 0;
      const to = high !== undefined && Number.isSafeInteger(high) ? high : RANDOM_MAXIMUM;
      return String(to < from ? from : from + builtIns.random.below(to - from + 1));
    }
    default:
      return undefined;
  }
}

/** A line of a definition keeps its own place; where the definition was used is told like an include. */
function usedAt(line: LogicalLine, user: LogicalLine): LogicalLine {
  return { ...line, extension: user.extension, include: [...user.include, { file: user.file, line: user.line }] };
}

const REFERENCE = /\$\{([A-Za-z_][^{}$]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|$)/g;
const EXPANSION_LIMIT = 4096;
const STEP_LIMIT = 4096;
const DEPTH_LIMIT = 64;
/** RAND_MAX of keepalived's own range. */
const RANDOM_MAXIMUM = 32_767;
