import type { Report } from "./diagnostic.ts";
import type { KeywordSpec } from "./keyword.ts";
import { spanOfToken } from "./tokens.ts";
import type { Statement } from "./tree.ts";
import { spanOfStatement } from "./tree.ts";

/** Finds what stands twice where one counts, and says once per keyword what is read but not acted on. */
export function checkUsage(tree: readonly Statement[], report: Report): void {
  const said = new Set<string>();
  const visit = (statements: readonly Statement[], block: string): void => {
    reportDuplicates(statements, report);
    for (const statement of statements) {
      const { spec } = statement;
      if (spec === undefined) continue;
      if (spec.support === "acted") visit(statement.block ?? [], spec.name);
      else reportIdle(statement, spec, block, said, report);
    }
  };
  visit(tree, "");
}

function reportDuplicates(statements: readonly Statement[], report: Report): void {
  const seen = new Map<string, Statement>();
  for (const statement of statements) {
    const { spec } = statement;
    if (spec === undefined) continue;
    if (spec.support === "parsed") reportDuplicates(statement.block ?? [], report);
    const before = seen.get(spec.name);
    seen.set(spec.name, statement);
    if (before === undefined || spec.repeated === "every" || sameWords(before, statement)) continue;
    const first = spec.repeated === "first";
    const { line } = spanOfStatement(before);
    report({
      code: "DUPLICATE_KEYWORD",
      at: spanOfToken(statement.keyword),
      message: `"${spec.name}" stands in line ${line} already; ${first ? "the first one counts" : "the last one counts"}`,
    });
  }
}

function sameWords(left: Statement, right: Statement): boolean {
  if (left.block !== undefined || left.words.length !== right.words.length) return false;
  return left.words.every((word, index) => word.text === right.words[index]?.text);
}

function reportIdle(statement: Statement, spec: KeywordSpec, block: string, said: Set<string>, report: Report): void {
  if (spec.obsolete === true) return;
  const { harmless } = spec;
  if (harmless !== undefined && harmless !== true && harmless.includes(statement.words[0]?.text ?? "")) return;
  const key = `${block} ${spec.name}`;
  if (said.has(key)) return;
  said.add(key);
  const consequence = spec.consequence === undefined ? "" : `: ${spec.consequence}`;
  report({
    code: "NOT_ACTED_ON",
    at: spanOfToken(statement.keyword),
    message: `"${spec.name}" is read but not acted on by this version${consequence}`,
    ...(harmless === true ? { severity: "note" } : {}),
  });
}
