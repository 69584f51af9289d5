import { seconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import type { Report } from "./diagnostic.ts";
import type { TrackFileSettings, TrackProcessSettings, TrackWeight } from "./model/trackers.ts";
import type { Token } from "./tokens.ts";
import { spanOfToken } from "./tokens.ts";
import { spanOfStatement, statementOf, statementsOf, wordOf } from "./tree.ts";
import type { ArgumentValue, Statement } from "./tree.ts";

/** A block of something that can be tracked, with the weight that a line which tracks it may override. */
export interface KnownTracker<Settings> {
  readonly settings: Settings;
  readonly weight: TrackWeight;
  readonly statement: Statement;
}

export type KnownFile = KnownTracker<TrackFileSettings>;
export type KnownProcess = KnownTracker<TrackProcessSettings>;

/** Reads all track_file blocks, by name, and those under the old name vrrp_track_file. */
export function checkFiles(tree: readonly Statement[], report: Report): ReadonlyMap<string, KnownFile> {
  const blocks = tree.filter(({ spec }) => spec?.name === "track_file" || spec?.name === "vrrp_track_file");
  return readBlocks(blocks, readFile, DEFAULT_FILE_WEIGHT, report);
}

/** Reads all vrrp_track_process blocks, by name. */
export function checkProcesses(tree: readonly Statement[], report: Report): ReadonlyMap<string, KnownProcess> {
  return readBlocks(statementsOf(tree, "vrrp_track_process"), readProcess, 0, report);
}

/** The first of two with one name counts, as with scripts; one without what is to be tracked is dropped. */
function readBlocks<Settings>(
  blocks: readonly Statement[],
  read: (name: Token, statement: Statement, report: Report) => Settings | undefined,
  defaultWeight: number,
  report: Report,
): ReadonlyMap<string, KnownTracker<Settings>> {
  const known = new Map<string, KnownTracker<Settings>>();
  for (const statement of blocks) {
    const name = statement.words[0];
    if (name === undefined) continue;
    if (known.has(name.text)) {
      const message = `There is a ${statement.keyword.text} "${name.text}" already; this one is ignored`;
      report({ code: "DUPLICATE_NAME", at: spanOfToken(name), message, severity: "warning", effect: "logged" });
      continue;
    }
    const settings = read(name, statement, report);
    if (settings === undefined) continue;
    known.set(name.text, { settings, weight: readWeight(statement.block ?? [], defaultWeight), statement });
  }
  return known;
}

function readWeight(block: readonly Statement[], defaultWeight: number): TrackWeight {
  const [weight, direction] = statementOf(block, "weight")?.values ?? [];
  return {
    weight: weight?.kind === "integer" ? weight.value : defaultWeight,
    reverse: direction?.kind === "word" && direction.value === "reverse",
  };
}

function readFile(name: Token, statement: Statement, report: Report): TrackFileSettings | undefined {
  const block = statement.block ?? [];
  const path = wordOf(block, "file");
  if (path === undefined || path === "") {
    const message = `The ${statement.keyword.text} "${name.text}" names no file and is dropped`;
    const help = `Add a line such as: file /run/keepalived/${name.text}`;
    report({ code: "TRACKER_WITHOUT_TARGET", at: spanOfToken(name), message, help });
    return undefined;
  }
  const relative = statementOf(block, "file");
  if (!path.startsWith("/") && relative !== undefined) {
    const message = `"${path}" is relative to the folder that the daemon happens to run in`;
    report({ code: "RELATIVE_COMMAND", at: spanOfStatement(relative), message, help: "Write the absolute path." });
  }
  return { name: name.text, path, initial: readInitial(block, report), place: spanOfToken(name) };
}

/** `init_file [VALUE] [overwrite]`, in any order. */
function readInitial(block: readonly Statement[], report: Report): TrackFileSettings["initial"] {
  const statement = statementOf(block, "init_file");
  if (statement === undefined) return undefined;
  let value = 0;
  let overwrite = false;
  for (const word of statement.words) {
    const at = spanOfToken(word);
    if (word.text === "overwrite") overwrite = true;
    else if (!/^-?\d+$/.test(word.text)) {
      const message = `"init_file" takes a number and overwrite, not "${word.text}"`;
      report({ code: "UNKNOWN_OPTION", at, message });
    } else if (Math.abs(Number(word.text)) > LARGEST_INTEGER) {
      report({ code: "OUT_OF_RANGE", at, message: `${word.text} is no number of 32 bits; 0 is written` });
    } else {
      value = Number(word.text);
      const message = `${word.text} is beyond -254 to 254, which is all that a priority can change`;
      if (Math.abs(value) > LARGEST_WEIGHT) report({ code: "OUT_OF_RANGE", at, message, effect: "logged" });
    }
  }
  return { value, overwrite };
}

function readProcess(name: Token, statement: Statement, report: Report): TrackProcessSettings | undefined {
  const block = statement.block ?? [];
  const process = statementOf(block, "process");
  const [first, rest] = process?.values ?? [];
  if (process === undefined || first?.kind !== "word" || first.value === "") {
    const message = `The vrrp_track_process "${name.text}" names no process and is dropped`;
    report({
      code: "TRACKER_WITHOUT_TARGET",
      at: spanOfToken(name),
      message,
      help: "Add a line such as: process nginx",
    });
    return undefined;
  }
  const parameters = rest?.kind === "words" ? rest.tokens.map(({ text }) => text) : [];
  const match = readMatch(block, parameters);
  if (match === "name") reportName(first.value, process, report);
  return {
    name: name.text,
    command: first.value,
    parameters,
    match,
    ...readQuorum(block, report),
    ...readPatience(block),
    place: spanOfToken(name),
  };
}

/** Parameters, or how they are compared, mean that the command line is compared. */
function readMatch(block: readonly Statement[], parameters: readonly string[]): TrackProcessSettings["match"] {
  const statement = statementOf(block, "param_match");
  const how = statement?.values[0];
  if (how?.kind === "word" && (how.value === "initial" || how.value === "partial")) return how.value;
  if (parameters.length > 0 || (statement !== undefined && !statement.faulty)) return "exact";
  return statementOf(block, "full_command") === undefined ? "name" : "command";
}

function reportName(command: string, process: Statement, report: Report): void {
  const at = spanOfStatement(process);
  const help = 'With "full_command" the first word of the command line is compared instead.';
  if (command.includes("/")) {
    const message = `The kernel's name of a process is no path, so "${command}" matches none`;
    report({ code: "PROCESS_NEVER_MATCHES", at, message, help });
  } else if (lengthInBytes(command) > LONGEST_NAME) {
    const message = `The kernel keeps ${LONGEST_NAME} bytes of a process's name, so "${command}" matches none`;
    report({ code: "PROCESS_NEVER_MATCHES", at, message, help });
  }
}

/** In the order of the file, each is judged by the one that counts when it comes, as keepalived does. */
function readQuorum(
  block: readonly Statement[],
  report: Report,
): { readonly least: number; readonly most: number | undefined } {
  let least = 1;
  let most: number | undefined;
  for (const statement of block) {
    const value = statement.values[0];
    if (statement.spec === undefined || value?.kind !== "integer") continue;
    const at = spanOfStatement(statement);
    if (statement.spec.name === "quorum") {
      if (most === undefined || value.value <= most) least = value.value;
      else {
        const message = `A quorum of ${value.value} is more than the quorum_max of ${most}; it is ignored`;
        report({ code: "QUORUM_IMPOSSIBLE", at, message });
      }
    } else if (statement.spec.name === "quorum_max") {
      if (value.value < least && (value.value > 0 || least > 1)) {
        const message = `A quorum_max of ${value.value} is less than the quorum of ${least}; it is ignored`;
        report({ code: "QUORUM_IMPOSSIBLE", at, message });
        continue;
      }
      most = value.value;
      least = most === 0 ? 0 : Math.max(1, least);
    }
  }
  return { least, most };
}

/** `delay` sets both; what comes later counts. */
function readPatience(block: readonly Statement[]): { readonly forkDelay: Micros; readonly terminateDelay: Micros } {
  let forkDelay = seconds(0);
  let terminateDelay = seconds(0);
  for (const { spec, values } of block) {
    const value: ArgumentValue | undefined = values[0];
    if (value?.kind !== "seconds") continue;
    if (spec?.name === "delay" || spec?.name === "fork_delay") forkDelay = value.value;
    if (spec?.name === "delay" || spec?.name === "terminate_delay") terminateDelay = value.value;
  }
  return { forkDelay, terminateDelay };
}

function lengthInBytes(text: string): number {
  return Array.from(text).reduce((sum, character) => {
    const code = character.codePointAt(0) ?? 0;
    return sum + (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4);
  }, 0);
}

const DEFAULT_FILE_WEIGHT = 1;
const LARGEST_WEIGHT = 254;
const LARGEST_INTEGER = 2_147_483_647;
/** TASK_COMM_LEN without its NUL (linux/sched.h). */
const LONGEST_NAME = 15;
