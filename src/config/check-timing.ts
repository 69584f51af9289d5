import { micros, seconds, toSeconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import type { Report } from "./diagnostic.ts";
import type { Place } from "./place.ts";
import { spanOfToken } from "./tokens.ts";
import { integerOf, secondsOf, spanOfStatement, statementOf, statementsOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * The priority before trackers. `state MASTER` without a priority means 255, as in keepalived; a priority that was refused
 * means 100.
 */
export function readPriority(block: readonly Statement[], place: Place, report: Report): number {
  const written = statementOf(block, "priority");
  const state = statementOf(block, "state");
  const priority = integerOf(block, "priority");
  const states = statementsOf(block, "state");
  if (state !== undefined && new Set(states.map((statement) => statement.words[0]?.text)).size > 1) {
    const message = `"state" stands there ${states.length} times; it means ${wantsMaster(block) ? "MASTER" : "BACKUP"}`;
    report({ code: "DUPLICATE_KEYWORD", at: spanOfStatement(state), message });
  }
  if (written === undefined && wantsMaster(block)) {
    report({
      code: "OWNER_STATE",
      at: state === undefined ? place : spanOfStatement(state),
      message: '"state MASTER" without a priority makes this node the address owner, with priority 255',
      help: "Add a priority below 255, unless the address is the host's own.",
    });
    return 255;
  }
  return priority ?? 100;
}

/**
 * nopreempt and preempt_delay, with what takes them away: an owner and `state MASTER` always preempt, and a delay means
 * nothing for `state MASTER` or without preemption.
 */
export function readPreemption(block: readonly Statement[], priority: number, report: Report): Preemption {
  const last = block.findLast((statement) => /^(no)?preempt$/.test(statement.keyword.text));
  let nopreempt = last?.keyword.text === "nopreempt";
  const master = wantsMaster(block);
  if (nopreempt && last !== undefined && (priority === 255 || master)) {
    nopreempt = false;
    report({
      code: "NOPREEMPT_IGNORED",
      at: spanOfToken(last.keyword),
      message: `"nopreempt" is ignored with ${priority === 255 ? "priority 255" : '"state MASTER"'}`,
      help: priority === 255 ? "Use a priority below 255." : 'Write "state BACKUP" on all nodes.',
    });
  }
  const delay = secondsOf(block, "preempt_delay") ?? seconds(0);
  const reason = master ? '"state MASTER"' : nopreempt ? '"nopreempt"' : undefined;
  if (delay === 0 || reason === undefined) return { preemptMode: !nopreempt, preemptDelay: delay };
  const statement = statementOf(block, "preempt_delay");
  if (statement !== undefined) {
    const message = `"preempt_delay" is ignored with ${reason}`;
    const help = master ? 'Write "state BACKUP".' : undefined;
    report({ code: "PREEMPT_DELAY_IGNORED", at: spanOfStatement(statement), message, help });
  }
  return { preemptMode: !nopreempt, preemptDelay: seconds(0) };
}

interface Preemption {
  readonly preemptMode: boolean;
  readonly preemptDelay: Micros;
}

/** `@holdfast quick_preempt`: refused where the file says not to take over, or not at once. */
export function readQuickPreempt(
  block: readonly Statement[],
  { preemptMode, preemptDelay }: Preemption,
  report: Report,
): boolean {
  const statement = statementOf(block, "quick_preempt");
  if (statement === undefined || switchOf(block, "quick_preempt") !== true) return false;
  if (preemptMode && preemptDelay === 0) return true;
  const message = `"quick_preempt" contradicts "${preemptMode ? "preempt_delay" : "nopreempt"}" and is ignored`;
  report({ code: "QUICK_PREEMPT_IGNORED", at: spanOfStatement(statement), message });
  return false;
}

/**
 * `timer_expired_backup [PRIORITY]`: a master whose timer was very late steps down, which it always does here. What is left
 * is the highest priority of the other nodes, from which follows how late is very late.
 */
export function readStrongestBackup(
  block: readonly Statement[],
  { preemptMode }: Preemption,
  report: Report,
): number | undefined {
  const statement = statementOf(block, "timer_expired_backup") ?? statementOf(block, "thread_timer_expired");
  if (statement === undefined) return undefined;
  const name = statement.keyword.text;
  if (preemptMode) {
    const message = `"${name}" needs "nopreempt" and is ignored; a master that was late steps down in any case`;
    report({ code: "TIMER_EXPIRED_IGNORED", at: spanOfStatement(statement), message });
    return undefined;
  }
  return integerOf([statement], name) ?? 254;
}

/** Version 2 sends whole seconds (1-255), version 3 units of 10 ms up to 40.95 s. What does not fit is rounded. */
export function readAdvertisementInterval(block: readonly Statement[], version: 2 | 3, report: Report): Micros {
  const wanted = secondsOf(block, "advert_int");
  const statement = statementOf(block, "advert_int");
  if (wanted === undefined || statement === undefined) return seconds(1);
  const unit = version === 2 ? 1_000_000 : 10_000;
  const longest = version === 2 ? 255_000_000 : 40_950_000;
  const rounded = micros(Math.min(longest, Math.max(unit, Math.round(wanted / unit) * unit)));
  if (rounded === wanted) return wanted;
  const rule = version === 2 ? "whole seconds" : "steps of 10 ms up to 40.95 s";
  report({
    code: "INTERVAL_ROUNDED",
    at: spanOfStatement(statement),
    message: `Version ${version} of VRRP has ${rule}; advert_int becomes ${toSeconds(rounded)} s`,
    help: version === 2 && wanted < 1_000_000 ? 'For less than a second write "version 3" on all nodes.' : undefined,
  });
  return rounded;
}

/** The state that counts: keepalived lets a MASTER stand against a later BACKUP, but not against an unknown word. */
export function wantsMaster(block: readonly Statement[]): boolean {
  // What stands twice is told by readPriority.
  let master = false;
  for (const statement of statementsOf(block, "state")) {
    const word = wordOf([statement], "state");
    if (word === "MASTER") master = true;
    else if (word === undefined) master = false;
  }
  return master;
}
