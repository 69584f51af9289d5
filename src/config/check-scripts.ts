import { seconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import { checkCommandText, toCommand } from "./check-commands.ts";
import { readUser } from "./check-global.ts";
import type { Report } from "./diagnostic.ts";
import type { ScriptSettings, TrackWeight } from "./model/trackers.ts";
import { spanOfToken } from "./tokens.ts";
import { integerOf, secondsOf, spanOfStatement, statementOf, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** A vrrp_script block with what a track_script line may override. */
export interface KnownScript {
  readonly settings: ScriptSettings;
  readonly weight: TrackWeight;
  readonly statement: Statement;
}

/** Reads all vrrp_script blocks, by name. The first of two with one name counts; one without a command is dropped. */
export function checkScripts(tree: readonly Statement[], report: Report): ReadonlyMap<string, KnownScript> {
  const scripts = new Map<string, KnownScript>();
  for (const statement of statementsOf(tree, "vrrp_script")) {
    const name = statement.words[0];
    if (name === undefined) continue;
    if (scripts.has(name.text)) {
      const message = `There is a vrrp_script "${name.text}" already; this one is ignored`;
      report({ code: "DUPLICATE_NAME", at: spanOfToken(name), message, severity: "warning", effect: "logged" });
      continue;
    }
    const settings = readScript(name.text, statement, report);
    if (settings === undefined) continue;
    scripts.set(name.text, { settings, weight: readWeight(statement.block ?? [], report), statement });
  }
  return scripts;
}

/** -253..253; keepalived pulls 254 in and says so. */
export function clampWeight(weight: number, statement: Statement, report: Report): number {
  if (Math.abs(weight) <= WEIGHT_LIMIT) return weight;
  const clamped = Math.sign(weight) * WEIGHT_LIMIT;
  const message = `A weight of ${weight} counts as ${clamped}`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message, effect: "logged" });
  return clamped;
}

function readScript(name: string, statement: Statement, report: Report): ScriptSettings | undefined {
  const block = statement.block ?? [];
  const script = statementOf(block, "script");
  const value = script?.values[0];
  if (script === undefined || value?.kind !== "command") {
    const message = `The vrrp_script "${name}" has no command to run and is dropped`;
    report({ code: "SCRIPT_WITHOUT_COMMAND", at: spanOfToken(statement.keyword), message });
    return undefined;
  }
  checkCommandText(value, "script", report);
  if (value.user !== undefined) {
    const message = `Only "${value.text}" is run; the words behind it are ignored`;
    const help = "Put the program and its arguments into one pair of quotes.";
    report({ code: "UNQUOTED_COMMAND", at: value.span, message, help });
  }
  const openFile = /^<\s*(\S+)/.exec(value.text)?.[1];
  const interval = readInterval(block, report);
  const timeout = secondsOf(block, "timeout");
  const rise = integerOf(block, "rise") ?? 1;
  const fall = integerOf(block, "fall") ?? 1;
  reportHabits(statement, timeout, fall, report);
  return {
    name,
    check:
      openFile === undefined ? { ...toCommand(value), user: readUser(block, "user") } : { openFile, place: value.span },
    interval,
    timeout: timeout === undefined || timeout === 0 ? interval : timeout,
    rise,
    fall,
    initFail: statementOf(block, "init_fail") !== undefined,
  };
}

function readInterval(block: readonly Statement[], report: Report): Micros {
  const interval = secondsOf(block, "interval") ?? seconds(1);
  if (interval >= SHORTEST_INTERVAL) return interval;
  const statement = statementOf(block, "interval");
  if (statement !== undefined) {
    const message = "An interval must be at least 1 ms; 1 s is used";
    report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  }
  return seconds(1);
}

function readWeight(block: readonly Statement[], report: Report): TrackWeight {
  const statement = statementOf(block, "weight");
  const weight = integerOf(block, "weight") ?? 0;
  const direction = statement?.values[1];
  return {
    weight: statement === undefined ? 0 : clampWeight(weight, statement, report),
    reverse: direction?.kind === "word" && direction.value === "reverse",
  };
}

function reportHabits(statement: Statement, timeout: Micros | undefined, fall: number, report: Report): void {
  const at = spanOfToken(statement.words[0] ?? statement.keyword);
  const name = statement.words[0]?.text ?? "";
  if (timeout === undefined) {
    report({
      code: "SCRIPT_WITHOUT_TIMEOUT",
      at,
      message: `The script "${name}" has no timeout: it counts as failed when it runs longer than its interval`,
    });
  }
  if (fall === 1) {
    const message = `One failure of the script "${name}" acts at once`;
    report({ code: "SCRIPT_ACTS_AT_ONCE", at, message, help: 'With "fall 2" it takes two in a row.' });
  }
}

const WEIGHT_LIMIT = 253;
const SHORTEST_INTERVAL = 1_000;
