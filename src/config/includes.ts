import type { Report, Span } from "./diagnostic.ts";
import { expandBraces, hasWildcard, matchesName } from "./glob.ts";
import { spanOfUnits } from "./mapped-text.ts";
import type { LogicalLine } from "./mapped-text.ts";
import { folderOf, resolveFrom } from "./paths.ts";
import type { ConfigReader } from "./reader.ts";

/** What `include_check` may ask of later includes, by keepalived's words. */
export type IncludeCheck = "readable" | "match" | "wildcard_match" | "brace_match";

/** Those of `includea`, and of `-e` for every include. */
export const ALL_INCLUDE_CHECKS: readonly IncludeCheck[] = ["readable", "match", "wildcard_match", "brace_match"];

/**
 * Finds the files that an include line names, in order, relative to the folder of the file it stands in. What is not there
 * is a finding. `include_check` changes `checks`.
 */
export function resolveIncludes(
  line: LogicalLine,
  reader: ConfigReader,
  checks: Set<IncludeCheck>,
  report: Report,
): readonly string[] {
  const match = /^(include[a-z_]*)[ \t]*(.*)$/.exec(line.text);
  const keyword = match?.[1] ?? "include";
  const argument = (match?.[2] ?? "").replace(/^"(.*)"$/, "$1");
  const at = spanOfUnits(line, 0, line.text.length);
  if (keyword === "include_check") {
    changeChecks(argument, checks, at, report);
    return [];
  }
  if (argument === "") {
    report({ code: "MISSING_PARAMETER", at, message: `"${keyword}" needs the name of a file` });
    return [];
  }
  const wanted = new Set([...checks, ...(CHECKS_OF[keyword] ?? [])]);
  const folder = folderOf(line.file);
  const found: string[] = [];
  for (const alternative of expandBraces(argument)) {
    const path = resolveFrom(folder, alternative);
    if (hasWildcard(alternative)) {
      const matches = findMatches(path, reader);
      if (matches.length === 0) reportNoMatch(alternative, argument, wanted, at, report);
      found.push(...matches);
      continue;
    }
    const facts = reader.facts(path);
    if (facts.ok) found.push(path);
    else {
      const message = `Cannot include "${alternative}": ${facts.error.message} (${facts.error.errno})`;
      report({ code: "UNREADABLE_INCLUDE", at, message, help: RELATIVE_PATHS });
    }
  }
  return found;
}

/** Reads a file for an include line. Loops and refusals are findings. */
export function readIncluded(
  path: string,
  line: LogicalLine,
  reader: ConfigReader,
  report: Report,
): Uint8Array | undefined {
  const at = spanOfUnits(line, 0, line.text.length);
  const chain = [...line.include.map((step) => step.file), line.file];
  if (chain.includes(path) || chain.length > DEPTH_LIMIT) {
    report({
      code: "INCLUDE_LOOP",
      at,
      message: chain.includes(path)
        ? `"${path}" includes itself: ${[...chain.slice(chain.indexOf(path)), path].join(" includes ")}`
        : `Includes are nested more than ${DEPTH_LIMIT} deep`,
    });
    return undefined;
  }
  const facts = reader.facts(path);
  if (facts.ok && (facts.value.kind !== "file" || facts.value.executable)) {
    const why =
      facts.value.kind !== "file" ? "it is not a regular file" : "it is executable, as keepalived refuses too";
    const help = facts.value.kind === "file" ? `chmod a-x ${path}` : undefined;
    report({ code: "UNREADABLE_INCLUDE", at, message: `Cannot include "${path}": ${why}`, help });
    return undefined;
  }
  const bytes = reader.read(path);
  if (bytes.ok) return bytes.value;
  const message = `Cannot include "${path}": ${bytes.error.message} (${bytes.error.errno})`;
  report({ code: "UNREADABLE_INCLUDE", at, message });
  return undefined;
}

function changeChecks(argument: string, checks: Set<IncludeCheck>, at: Span, report: Report): void {
  const words = argument.split(/[ \t]+/).filter((word) => word !== "");
  if (words.length === 0) for (const check of ALL_INCLUDE_CHECKS) checks.add(check);
  else if (words.every((word) => !/^[+-]/.test(word))) checks.clear();
  for (const word of words) {
    const name = word.replace(/^[+-]/, "");
    const check = name === "read" ? "readable" : ALL_INCLUDE_CHECKS.find((known) => known === name);
    if (check === undefined) {
      report({ code: "INVALID_CHOICE", at, message: `"${name}" is no check that include_check knows` });
    } else if (word.startsWith("-")) checks.delete(check);
    else checks.add(check);
  }
}

function reportNoMatch(
  alternative: string,
  argument: string,
  wanted: ReadonlySet<IncludeCheck>,
  at: Span,
  report: Report,
): void {
  const demanded =
    wanted.has("match") || wanted.has("wildcard_match") || (wanted.has("brace_match") && argument !== alternative);
  const message = `No file matches "${alternative}"`;
  const harder = demanded ? ({ severity: "error" } as const) : {};
  report({ code: "INCLUDE_NO_MATCH", at, message, help: RELATIVE_PATHS, ...harder });
}

/** All paths that a pattern matches, each folder in the order of its names; the pattern has no braces any more. */
function findMatches(pattern: string, reader: ConfigReader): readonly string[] {
  let paths = [pattern.startsWith("/") ? "/" : "."];
  const parts = pattern.split("/").filter((part) => part !== "");
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    paths = paths.flatMap((folder) => {
      if (!hasWildcard(part)) return [resolveFrom(folder, part)];
      const names = reader.list(folder);
      if (!names.ok) return [];
      const matching = names.value.filter((name) => matchesName(part, name)).toSorted();
      return matching.map((name) => resolveFrom(folder, name));
    });
    paths = paths.filter((path) => last || reader.facts(path).ok).slice(0, MATCH_LIMIT);
  }
  return paths.filter((path) => reader.facts(path).ok);
}

const CHECKS_OF: Readonly<Record<string, readonly IncludeCheck[]>> = {
  includer: ["readable"],
  includem: ["match"],
  includew: ["wildcard_match"],
  includeb: ["brace_match"],
  includea: ALL_INCLUDE_CHECKS,
};
const RELATIVE_PATHS = "Paths are relative to the folder of the file that the line stands in.";
const DEPTH_LIMIT = 32;
const MATCH_LIMIT = 4096;
