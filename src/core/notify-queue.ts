import { unreachable } from "../base/assert.ts";
import { after, earliest, seconds } from "../base/time.ts";
import type { Instant, Micros } from "../base/time.ts";

export interface NotifyPolicy {
  /** A command that takes longer is killed with its process group. */
  readonly timeout: Micros;
  /** Start everything at once, as keepalived does, in no order. */
  readonly concurrent: boolean;
}

/** A change of state that scripts are told of. */
export interface NotifyChange<Command> {
  /** What it is called in reports: MASTER, BACKUP, FAULT, STOP, DELETED, MASTER_RX_LOWER_PRI. */
  readonly name: string;
  /** To be run one after the other: the specific one first, then the generic one. May be empty. */
  readonly commands: readonly Command[];
  /** It may be left out when a newer change comes before its turn. A stop may not. */
  readonly skippable: boolean;
  /** Something within a state, no new state: it overtakes its like alone, while every other change overtakes it. */
  readonly minor?: true;
}

export interface RunningCommand<Command> {
  /** Tells commands of one queue apart; counted from 1 and never used again. */
  readonly id: number;
  readonly command: Command;
  readonly change: string;
  /** What it has been sent so far: nothing, SIGTERM, SIGKILL. */
  readonly phase: "running" | "terminating" | "killing";
  /** When its phase ends unless it does. */
  readonly phaseEndsAt: Instant;
}

/** The scripts of one instance. Only a concurrent queue runs more than one. */
export interface NotifyState<Command> {
  readonly running: readonly RunningCommand<Command>[];
  /** What is left to run of the change that is being told. */
  readonly rest: readonly { readonly command: Command; readonly change: string }[];
  /** Changes whose turn has not come, in order. Of those that may be skipped, only the newest, and what is minor behind it. */
  readonly waiting: readonly NotifyChange<Command>[];
  readonly lastId: number;
}

export type NotifyEvent<Command> =
  | { readonly kind: "changed"; readonly change: NotifyChange<Command> }
  /** However it ended, or that it never started. An id that is not running is ignored. */
  | { readonly kind: "ended"; readonly id: number }
  | { readonly kind: "deadline" };

export type NotifyEffect<Command> =
  | { readonly kind: "start-command"; readonly id: number; readonly command: Command; readonly change: string }
  | { readonly kind: "signal-group"; readonly id: number; readonly signal: "SIGTERM" | "SIGKILL" }
  | { readonly kind: "report-skipped"; readonly change: string; readonly overtakenBy: string }
  /** It outlived SIGKILL, so it hangs inside the kernel and will do nothing more. The queue goes on without it. */
  | { readonly kind: "report-unkillable"; readonly id: number; readonly command: Command };

export interface NotifyStep<Command> {
  readonly state: NotifyState<Command>;
  /** To be carried out in this order. */
  readonly effects: readonly NotifyEffect<Command>[];
}

export function emptyNotifyQueue<Command>(): NotifyState<Command> {
  return { running: [], rest: [], waiting: [], lastId: 0 };
}

/**
 * Decides which notify commands of one instance run when.
 *
 * One command runs at a time, and changes are told in their order. A change that is overtaken before its turn is left out
 * and reported; one whose first command has started is told to its end. A policy that becomes serial lets what runs at once
 * run out first.
 */
export function stepNotify<Command>(
  policy: NotifyPolicy,
  state: NotifyState<Command>,
  event: NotifyEvent<Command>,
  now: Instant,
): NotifyStep<Command> {
  switch (event.kind) {
    case "changed":
      return andThen(enqueue(policy, state, event.change), (queued) => startNext(policy, queued, now));
    case "ended": {
      const running = state.running.filter((command) => command.id !== event.id);
      return startNext(policy, { ...state, running }, now);
    }
    case "deadline":
      return andThen(escalate(state, now), (escalated) => startNext(policy, escalated, now));
    default:
      return unreachable(event);
  }
}

/** When the queue wants a "deadline" event; undefined: not before something else happens. */
export function notifyDeadline<Command>(state: NotifyState<Command>): Instant | undefined {
  return earliest(...state.running.map((command) => command.phaseEndsAt));
}

/** Whether everything has been told and has ended. Nothing waits while nothing runs. */
export function isQuiet<Command>(state: NotifyState<Command>): boolean {
  return state.running.length === 0;
}

function enqueue<Command>(
  policy: NotifyPolicy,
  state: NotifyState<Command>,
  change: NotifyChange<Command>,
): NotifyStep<Command> {
  if (policy.concurrent) return { state: { ...state, waiting: [...state.waiting, change] }, effects: [] };
  const isOvertaken = (waiting: NotifyChange<Command>): boolean =>
    waiting.skippable && (change.minor !== true || waiting.name === change.name);
  const overtaken = state.waiting.filter(isOvertaken);
  const kept = state.waiting.filter((waiting) => !isOvertaken(waiting));
  return {
    state: { ...state, waiting: [...kept, change] },
    effects: overtaken.map(({ name }) => ({ kind: "report-skipped", change: name, overtakenBy: change.name })),
  };
}

/** Starts what may start: all there is when concurrent, else one command when none runs. */
function startNext<Command>(policy: NotifyPolicy, state: NotifyState<Command>, now: Instant): NotifyStep<Command> {
  let current = state;
  const effects: NotifyEffect<Command>[] = [];
  while (policy.concurrent || current.running.length === 0) {
    const [next, ...rest] = current.rest;
    if (next === undefined) {
      const [turn, ...waiting] = current.waiting;
      if (turn === undefined) break;
      current = { ...current, rest: turn.commands.map((command) => ({ command, change: turn.name })), waiting };
      continue;
    }
    const { command, change } = next;
    const id = current.lastId + 1;
    const phaseEndsAt = after(now, policy.timeout);
    const started: RunningCommand<Command> = { id, command, change, phase: "running", phaseEndsAt };
    current = { ...current, running: [...current.running, started], rest, lastId: id };
    effects.push({ kind: "start-command", id, command, change });
  }
  return { state: current, effects };
}

/** SIGTERM to what timed out, SIGKILL to what outlived that, a report of what outlived both. */
function escalate<Command>(state: NotifyState<Command>, now: Instant): NotifyStep<Command> {
  const running: RunningCommand<Command>[] = [];
  const effects: NotifyEffect<Command>[] = [];
  for (const command of state.running) {
    const { id } = command;
    if (now < command.phaseEndsAt) {
      running.push(command);
    } else if (command.phase === "running") {
      running.push({ ...command, phase: "terminating", phaseEndsAt: after(now, TERMINATION_GRACE) });
      effects.push({ kind: "signal-group", id, signal: "SIGTERM" });
    } else if (command.phase === "terminating") {
      running.push({ ...command, phase: "killing", phaseEndsAt: after(now, TERMINATION_GRACE) });
      effects.push({ kind: "signal-group", id, signal: "SIGKILL" });
    } else {
      effects.push({ kind: "report-unkillable", id, command: command.command });
    }
  }
  return { state: { ...state, running }, effects };
}

function andThen<Command>(
  first: NotifyStep<Command>,
  next: (state: NotifyState<Command>) => NotifyStep<Command>,
): NotifyStep<Command> {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}

/** From SIGTERM to SIGKILL, and from SIGKILL to giving up. */
const TERMINATION_GRACE = seconds(2);
