import { seededRandom } from "../base/random.ts";
import { cutComment } from "./comments.ts";
import { expandDefinitions, parseDefinition } from "./definitions.ts";
import type { BuiltIns, Definition } from "./definitions.ts";
import type { Report } from "./diagnostic.ts";
import { readIncluded, resolveIncludes } from "./includes.ts";
import type { IncludeCheck } from "./includes.ts";
import { mapLine, slice, spanOfUnits, standIn, trim } from "./mapped-text.ts";
import type { LogicalLine, MappedText } from "./mapped-text.ts";
import type { IncludeStep } from "./place.ts";
import type { ConfigReader } from "./reader.ts";
import { resolveFrom } from "./paths.ts";
import { isSequence, parseSequence } from "./sequence.ts";
import { decodeLines } from "./source-text.ts";

export interface PreprocessOptions extends BuiltIns {
  /** Lines `@id` count where the id is this one or `holdfast`. */
  readonly configId: string;
  /** Checks for every include from the first line on, as after `include_check` (`-e`: all of them). */
  readonly includeChecks?: readonly IncludeCheck[];
}

/** A file that was read, for showing its lines. */
export interface Source {
  readonly path: string;
  readonly lines: readonly string[];
}

export interface Preprocessed {
  readonly lines: readonly LogicalLine[];
  readonly sources: readonly Source[];
  /** Whether the first file could be read. */
  readonly readable: boolean;
}

/**
 * Reads a file and all it includes, and resolves everything that comes before words: comments, `@id` lines, definitions
 * and `~SEQ`. Always ends: depth, repetition and size are bounded, and each bound is a finding.
 */
export function preprocess(
  path: string,
  reader: ConfigReader,
  options: PreprocessOptions,
  report: Report,
): Preprocessed {
  const work: Work = {
    reader,
    options,
    builtIns: options,
    report,
    definitions: new Map(),
    lines: [],
    sources: new Map(),
    full: false,
    steps: 0,
    filesRead: 0,
    pending: undefined,
  };
  const bytes = reader.read(path);
  if (!bytes.ok) {
    report({
      code: "UNREADABLE_FILE",
      at: { file: path, line: 1, column: 1 },
      message: `Cannot read "${path}": ${bytes.error.message} (${bytes.error.errno})`,
    });
    return { lines: [], sources: [], readable: false };
  }
  const root = resolveFrom(".", path);
  readLines(work, root, bytes.value, [], new Set(options.includeChecks));
  return { lines: work.lines, sources: [...work.sources.values()], readable: true };
}

interface Work {
  readonly reader: ConfigReader;
  readonly options: PreprocessOptions;
  /** Its chance begins anew with `random_seed`. */
  builtIns: BuiltIns;
  readonly report: Report;
  readonly definitions: Map<string, Definition>;
  readonly lines: LogicalLine[];
  readonly sources: Map<string, Source>;
  full: boolean;
  steps: number;
  filesRead: number;
  /** A definition whose last line ended in a backslash. */
  pending: { name: string; lines: LogicalLine[] } | undefined;
}

function readLines(
  work: Work,
  path: string,
  bytes: Uint8Array,
  include: readonly IncludeStep[],
  inherited: ReadonlySet<IncludeCheck>,
): void {
  const physical = decodeLines(bytes, path, include, work.report);
  work.sources.set(path, { path, lines: physical.map((line) => line.text) });
  // What include_check changes in a file does not reach back into the one that included it.
  const checks = new Set(inherited);
  for (const { number, text, latin1, ignored } of physical) {
    if (ignored) continue;
    const { content, cutWordAt, oddSpaceAt } = cutComment(mapLine(text));
    const line: LogicalLine = { ...content, file: path, line: number, include, extension: false, latin1, cutWordAt };
    if (oddSpaceAt !== undefined) {
      work.report({
        code: "NO_BREAK_SPACE",
        at: { file: path, line: number, column: oddSpaceAt, include },
        message: "The line has a no-break or other special space, which keepalived takes for a letter",
        help: "Replace it by a plain space; it usually comes from a web page.",
      });
    }
    takeLine(work, line, new Set(), checks);
  }
  work.pending = undefined;
}

/** Takes one line without comments; `active` are the definitions it comes out of. */
function takeLine(work: Work, line: LogicalLine, active: ReadonlySet<string>, checks: Set<IncludeCheck>): void {
  if (work.full) return;
  if (++work.steps > STEP_LIMIT) return stop(work, line);
  if (work.pending !== undefined) return continueDefinition(work, work.pending, line);
  const kept = keepConditional(line, work.options.configId);
  if (kept === undefined || kept.text === "") return;
  if (/^include(|r|m|w|b|a|_check)([ \t]|$)/.test(kept.text)) return includeFiles(work, kept, checks);
  const definition = parseDefinition(kept);
  if (definition !== undefined) return startDefinition(work, definition.name, { ...kept, ...definition.value });
  if (isSequence(kept.text)) return repeatLine(work, kept, active, checks);

  const expansion = expandDefinitions(kept, work.definitions, work.builtIns, active, work.report);
  emit(work, expansion.line);
  if (expansion.restOf === undefined) return;
  const inside = new Set([...active, expansion.restOf]);
  for (const rest of expansion.rest) takeLine(work, rest, inside, checks);
}

function emit(work: Work, line: LogicalLine): void {
  if (line.text === "" || work.full) return;
  const seed = /^random_seed[ \t]+(\d{1,10})\b/.exec(line.text)?.[1];
  if (seed !== undefined) work.builtIns = { ...work.builtIns, random: seededRandom(Number(seed)) };
  if (work.lines.length < LINE_LIMIT) work.lines.push(line);
  else stop(work, line);
}

function stop(work: Work, line: LogicalLine): void {
  work.full = true;
  const message = `The configuration has more than ${LINE_LIMIT} lines with its definitions and files; the rest is not read`;
  work.report({ code: "EXPANSION_TOO_LONG", at: spanOfUnits(line, 0, line.text.length), message });
}

/** The line without `@id` or `@^id`; undefined where the condition does not hold. */
function keepConditional(line: LogicalLine, configId: string): LogicalLine | undefined {
  const match = /^@(\^?)([^ \t]*)[ \t]*/.exec(line.text);
  if (match === null) return line;
  const negated = match[1] === "^";
  const id = match[2] ?? "";
  if ((id === configId || id === EXTENSION_ID) === negated) return undefined;
  const content = slice(line, match[0].length);
  return { ...line, ...content, extension: line.extension || id === EXTENSION_ID };
}

function startDefinition(work: Work, name: string, line: LogicalLine): void {
  const pending = { name, lines: [] };
  work.pending = pending;
  continueDefinition(work, pending, line);
}

function continueDefinition(work: Work, pending: { name: string; lines: LogicalLine[] }, line: LogicalLine): void {
  const continues = line.text.endsWith("\\");
  const content: MappedText = continues ? trim(slice(line, 0, line.text.length - 1)) : line;
  pending.lines.push({ ...line, ...content });
  if (continues) return;
  work.definitions.set(pending.name, pending);
  work.pending = undefined;
}

function repeatLine(work: Work, line: LogicalLine, active: ReadonlySet<string>, checks: Set<IncludeCheck>): void {
  const expansion = expandSequenceHead(work, line, active);
  const sequence = parseSequence(expansion);
  if (typeof sequence === "string") {
    work.report({ code: "BAD_SEQUENCE", at: spanOfUnits(line, 0, line.text.length), message: sequence });
    return;
  }
  const before = new Map(work.definitions);
  for (const round of sequence.rounds) {
    if (work.full) break;
    for (const [name, value] of round) {
      const text = standIn(value, 1, line.to.at(-1) ?? 2);
      work.definitions.set(name, { name, lines: [{ ...line, ...text }] });
    }
    takeLine(work, { ...expansion, ...sequence.body }, active, checks);
  }
  for (const [name] of sequence.rounds[0] ?? []) {
    const old = before.get(name);
    if (old === undefined) work.definitions.delete(name);
    else work.definitions.set(name, old);
  }
}

/** Definitions may stand within the parentheses; those behind them wait for their round. */
function expandSequenceHead(work: Work, line: LogicalLine, active: ReadonlySet<string>): LogicalLine {
  const close = line.text.indexOf(")");
  if (close < 0) return line;
  const head = { ...line, ...slice(line, 0, close + 1) };
  const expanded = expandDefinitions(head, work.definitions, work.builtIns, active, work.report).line;
  const body = slice(line, close + 1);
  return {
    ...line,
    text: expanded.text + body.text,
    from: [...expanded.from, ...body.from],
    to: [...expanded.to, ...body.to],
  };
}

function includeFiles(work: Work, line: LogicalLine, checks: Set<IncludeCheck>): void {
  const paths = resolveIncludes(line, work.reader, checks, work.report);
  work.steps += paths.length;
  for (const path of paths) {
    if (work.full) return;
    if (++work.filesRead > FILE_LIMIT) return stop(work, line);
    const bytes = readIncluded(path, line, work.reader, work.report);
    if (bytes === undefined) continue;
    // A definition that is open at the end of a file does not reach into the next one.
    readLines(work, path, bytes, [...line.include, { file: line.file, line: line.line }], checks);
  }
}

const EXTENSION_ID = "holdfast";
const LINE_LIMIT = 50_000;
const STEP_LIMIT = 200_000;
const FILE_LIMIT = 1_000;
