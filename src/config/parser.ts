import { readArguments } from "./arguments.ts";
import type { Report } from "./diagnostic.ts";
import type { BlockContent, KeywordSpec } from "./keyword.ts";
import { ROOT_CONTENT } from "./keywords/root.ts";
import type { LogicalLine } from "./mapped-text.ts";
import { suggest } from "./suggest.ts";
import { spanOfToken, tokenize } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads words and braces into a tree by the keyword table. Goes on after every error: an unknown block is left out as a
 * whole with one finding, unlike in keepalived, which reads its lines as if they stood outside. Always ends.
 */
export function parse(lines: readonly LogicalLine[], report: Report): readonly Statement[] {
  const tokens = lines.flatMap((line) => tokenize(line, report));
  const cursor: Cursor = { tokens, index: 0, unclosed: countUnclosed(tokens), report };
  const statements: Statement[] = [];
  const root: Scope = { content: ROOT_CONTENT, name: "", opened: undefined, outer: undefined };
  parseBlock(cursor, root, statements);
  return statements;
}

interface Cursor {
  readonly tokens: readonly Token[];
  index: number;
  /** How many more braces are opened than closed in what is not yet accounted for. */
  unclosed: number;
  readonly report: Report;
}

/** The block that is being read. */
interface Scope {
  readonly content: BlockContent;
  /** The keyword that opened it; "" outside of all blocks. */
  readonly name: string;
  readonly opened: { readonly keyword: Token; readonly brace: Token | undefined } | undefined;
  readonly outer: Scope | undefined;
}

/** Reads up to the closing brace that belongs to the scope, which it takes, or to where the block must have ended. */
function parseBlock(cursor: Cursor, scope: Scope, into: Statement[]): void {
  let anonymous = 0;
  let complained = false;
  for (let token = cursor.tokens[cursor.index]; token !== undefined; token = cursor.tokens[cursor.index]) {
    if (token.kind === "open") {
      cursor.index += 1;
      anonymous += 1;
      cursor.report({ code: "UNEXPECTED_BRACE", at: spanOfToken(token), message: "Nothing stands before this brace" });
    } else if (token.kind === "close") {
      cursor.index += 1;
      if (anonymous > 0) anonymous -= 1;
      else if (scope.opened === undefined) {
        const message = "This brace closes nothing";
        cursor.report({ code: "STRAY_BRACE", at: spanOfToken(token), message });
        cursor.unclosed += 1;
      } else {
        checkPrefix(cursor, scope, token, complained);
        return;
      }
    } else {
      if (endsHere(cursor, scope, token)) return;
      complained = checkPrefix(cursor, scope, token, complained);
      parseStatement(cursor, scope, token, into);
    }
  }
  if (scope.opened !== undefined) {
    const at = spanOfToken(scope.opened.brace ?? scope.opened.keyword);
    const message = `The block "${scope.name}" is not closed before the end of the configuration`;
    cursor.report({ code: "MISSING_CLOSING_BRACE", at, message, help: "Add the missing }." });
  }
}

/**
 * Whether a word that is unknown here tells that a brace is missing before it: it must be a keyword with a block of an
 * outer block, or any keyword of the block around a list, and the configuration must lack a closing brace at all.
 */
function endsHere(cursor: Cursor, scope: Scope, token: Token): boolean {
  if (cursor.unclosed <= 0 || scope.opened === undefined || findSpec(scope.content, token) !== undefined) return false;
  const endsList =
    scope.content.kind === "lines" && scope.outer !== undefined && findSpec(scope.outer.content, token) !== undefined;
  if (!endsList && !(hasBlock(cursor) && belongsOutside(scope.outer, token))) return false;
  cursor.unclosed -= 1;
  const at = spanOfToken(scope.opened.brace ?? scope.opened.keyword);
  const { file, line } = spanOfToken(token);
  const message = `The block "${scope.name}" is not closed before "${token.text}"`;
  const help = `Add the missing }. "${token.text}" stands in ${file}:${line}.`;
  cursor.report({ code: "MISSING_CLOSING_BRACE", at, message, help });
  return true;
}

function belongsOutside(scope: Scope | undefined, token: Token): boolean {
  if (scope === undefined) return false;
  return findSpec(scope.content, token)?.block !== undefined || belongsOutside(scope.outer, token);
}

function parseStatement(cursor: Cursor, scope: Scope, keyword: Token, into: Statement[]): void {
  const start = cursor.index;
  const words = takeWords(cursor);
  const spec = findSpec(scope.content, keyword);
  if (scope.content.kind === "lines") {
    into.push({ keyword, words, spec: undefined, values: [], faulty: false, block: undefined });
    skipUnexpectedBlock(cursor, keyword);
    return;
  }
  if (spec === undefined) {
    cursor.index = start;
    reportUnknown(cursor, scope, keyword);
    takeWords(cursor);
    if (nextIs(cursor, "open")) skipBlock(cursor);
    return;
  }
  reportManner(cursor, spec, keyword, scope);
  const { values, faulty } = readArguments(spec, keyword, words, cursor.report);
  if (spec.block === undefined) {
    into.push({ keyword, words, spec, values, faulty, block: undefined });
    skipUnexpectedBlock(cursor, keyword);
    return;
  }
  const brace = nextIs(cursor, "open") ? cursor.tokens[cursor.index] : undefined;
  if (brace !== undefined) cursor.index += 1;
  else {
    const message = `"${spec.name}" needs a block in braces behind it`;
    cursor.report({ code: "MISSING_OPENING_BRACE", at: spanOfToken(keyword), message });
    // Without any brace up to the next known keyword there is no block to read.
    if (!bodyFollows(cursor, spec.block)) {
      into.push({ keyword, words, spec, values, faulty: true, block: [] });
      return;
    }
    cursor.unclosed += 1;
  }
  const block: Statement[] = [];
  parseBlock(cursor, { content: spec.block, name: spec.name, opened: { keyword, brace }, outer: scope }, block);
  into.push({ keyword, words, spec, values, faulty, block });
}

function reportManner(cursor: Cursor, spec: KeywordSpec, keyword: Token, scope: Scope): void {
  const at = spanOfToken(keyword);
  if (spec.extension === true && !keyword.line.extension) {
    cursor.report({
      code: "NOT_PORTABLE",
      at,
      message: `"${spec.name}" is Holdfast's own: keepalived does not know it`,
      help: `Write "@holdfast ${spec.name} ...", which keepalived skips.`,
    });
  }
  if (spec.obsolete === true) {
    const instead = spec.replacedBy === undefined ? "" : `; today it is "${spec.replacedBy}"`;
    const where = scope.name === "" ? "" : ` in ${scope.name}`;
    cursor.report({
      code: "OBSOLETE_KEYWORD",
      at,
      message: `keepalived does not know "${spec.name}"${where}${instead}`,
    });
  } else if (spec.replacedBy !== undefined) {
    const message = `"${spec.name}" is an old name of "${spec.replacedBy}"`;
    cursor.report({ code: "DEPRECATED_KEYWORD", at, message });
  }
}

function reportUnknown(cursor: Cursor, scope: Scope, keyword: Token): void {
  const here = scope.content.kind === "keywords" ? scope.content.keywords : [];
  const suggestion = suggest(keyword.text, here);
  const at = spanOfToken(keyword);
  const where = scope.name === "" ? "outside of blocks" : `in ${scope.name}`;
  const whole = hasBlock(cursor) ? "; the whole block is left out" : "";
  // What stands in a block that runs, or stands for such a block, may have been meant to change it.
  const runs = scope.name === "" || RUNNING_BLOCKS.includes(scope.name);
  if (suggestion?.kind === "elsewhere") {
    cursor.report({
      code: "MISPLACED_KEYWORD",
      at,
      message: `"${keyword.text}" does not belong ${where}${whole}`,
      help: `It belongs ${listBlocks(suggestion.blocks)}.`,
      ...(runs && suggestion.acted ? {} : { effect: "logged" }),
    });
    return;
  }
  const help =
    suggestion === undefined
      ? undefined
      : `Did you mean "${suggestion.keyword}"?` +
        (suggestion.kind === "misspelt" ? "" : ` It belongs ${listBlocks(suggestion.blocks)}.`);
  cursor.report({
    code: "UNKNOWN_KEYWORD",
    at,
    message: `There is no keyword "${keyword.text}" ${where}${whole}`,
    help,
    ...(runs && suggestion?.acted === true ? { effect: "refuses-reload" } : {}),
  });
}

function listBlocks(blocks: readonly string[]): string {
  return blocks.map((block) => (block === "" ? "outside of all blocks" : `into ${block}`)).join(" or ");
}

/** In a block of keepalived's none of the lines may hide, in a block of ours none may show. */
function checkPrefix(cursor: Cursor, scope: Scope, token: Token, complained: boolean): boolean {
  const block = scope.opened?.keyword;
  if (block === undefined || complained) return complained;
  const closing = token.kind === "close";
  if (block.line.extension ? token.line.extension : !closing || !token.line.extension) return false;
  cursor.report({
    code: "UNPREFIXED_EXTENSION",
    at: spanOfToken(token),
    message: block.line.extension
      ? `The block "${block.text}" begins with @holdfast, so this line of it must too: keepalived would read it`
      : `This brace is hidden from keepalived by @holdfast, but the block "${block.text}" is not`,
  });
  return true;
}

function findSpec(content: BlockContent, keyword: Token): KeywordSpec | undefined {
  if (content.kind === "lines" || keyword.quoted) return undefined;
  let index = INDEX.get(content);
  if (index === undefined) {
    index = new Map(content.keywords.toReversed().map((spec) => [spec.name, spec]));
    INDEX.set(content, index);
  }
  return index.get(keyword.text);
}

/** Takes the keyword and gives the words behind it on its line. */
function takeWords(cursor: Cursor): readonly Token[] {
  const first = cursor.tokens[cursor.index++];
  const words: Token[] = [];
  for (let token = cursor.tokens[cursor.index]; token?.kind === "word"; token = cursor.tokens[cursor.index]) {
    if (token.line !== first?.line) break;
    words.push(token);
    cursor.index += 1;
  }
  return words;
}

function nextIs(cursor: Cursor, kind: Token["kind"]): boolean {
  return cursor.tokens[cursor.index]?.kind === kind;
}

/** Whether the statement at the cursor has a brace behind its words. */
function hasBlock(cursor: Cursor): boolean {
  const first = cursor.tokens[cursor.index];
  let index = cursor.index + 1;
  while (cursor.tokens[index]?.kind === "word" && cursor.tokens[index]?.line === first?.line) index += 1;
  return cursor.tokens[index]?.kind === "open";
}

/** A block without its opening brace: the next word is one of its keywords, or its lines are closed by a brace. */
function bodyFollows(cursor: Cursor, content: BlockContent): boolean {
  const next = cursor.tokens[cursor.index];
  if (next?.kind !== "word") return next?.kind === "close" && content.kind === "lines";
  return content.kind === "lines" ? !hasBlock(cursor) : findSpec(content, next) !== undefined;
}

function skipUnexpectedBlock(cursor: Cursor, keyword: Token): void {
  const brace = cursor.tokens[cursor.index];
  if (brace?.kind !== "open") return;
  const message = `"${keyword.text}" takes no block; what stands in these braces is left out`;
  cursor.report({ code: "UNEXPECTED_BRACE", at: spanOfToken(brace), message });
  skipBlock(cursor);
}

/**
 * Skips from an opening brace to behind the closing one that belongs to it, or, where the configuration lacks one, to the
 * next block that can only stand outside.
 */
function skipBlock(cursor: Cursor): void {
  const brace = cursor.tokens[cursor.index];
  let depth = 0;
  for (let token = cursor.tokens[cursor.index]; token !== undefined; token = cursor.tokens[cursor.index]) {
    if (token.kind === "word" && cursor.unclosed > 0 && OUTER_BLOCKS.includes(token.text) && hasBlock(cursor)) break;
    cursor.index += 1;
    if (token.kind === "open") depth += 1;
    else if (token.kind === "close" && --depth === 0) return;
  }
  if (brace === undefined) return;
  cursor.unclosed -= depth;
  const message = "This brace is not closed";
  cursor.report({ code: "MISSING_CLOSING_BRACE", at: spanOfToken(brace), message, help: "Add the missing }." });
}

function countUnclosed(tokens: readonly Token[]): number {
  let count = 0;
  for (const token of tokens) {
    if (token.kind === "open") count += 1;
    else if (token.kind === "close") count -= 1;
  }
  return count;
}

/** Keywords of a block by name; the table never changes. */
const INDEX = new WeakMap<BlockContent, ReadonlyMap<string, KeywordSpec>>();
const RUNNING_BLOCKS: readonly string[] = [
  "global_defs",
  "vrrp_instance",
  "vrrp_script",
  "authentication",
  "vrrp_sync_group",
];
/** Blocks that never stand in another one. */
const OUTER_BLOCKS: readonly string[] = [
  "global_defs",
  "vrrp_instance",
  "vrrp_script",
  "vrrp_sync_group",
  "virtual_server",
];
