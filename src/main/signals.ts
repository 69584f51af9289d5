import { SIGRTMAX, SIGRTMIN, onRealTimeSignal } from "../linux/signals.ts";
import type { DumpSignal } from "../daemon/messages.ts";
import type { Log } from "../ports/log.ts";
import { describeFailure } from "../ports/failure.ts";

export interface SignalActions {
  readonly stop: (signal: string) => void;
  readonly reload: () => void;
  readonly signal: (signal: DumpSignal) => void;
  readonly log: () => Log | undefined;
}

/**
 * Takes all signals that keepalived's users send. Once this has returned none of them can end the process, or open Node's
 * debugger, by accident; only then may a pid file be written.
 */
export function takeSignals(actions: SignalActions): void {
  process.on("SIGTERM", () => actions.stop("SIGTERM"));
  process.on("SIGINT", () => actions.stop("SIGINT"));
  process.on("SIGHUP", () => actions.reload());
  process.on("SIGUSR1", () => actions.signal("data"));
  process.on("SIGUSR2", () => actions.signal("stats"));
  process.on("SIGPIPE", () => {});
  for (const { number, signal } of REAL_TIME_SIGNALS) {
    const taken = onRealTimeSignal(number, () => actions.signal(signal));
    if (!taken.ok) actions.log()?.write("warn", describeFailure(taken.error));
  }
}

/** The number that `--signum` prints; undefined for a name that keepalived does not know. */
export function signalNumber(name: string): number | undefined {
  return SIGNAL_NUMBERS.get(name);
}

const SIGHUP = 1;
const SIGUSR1 = 10;
const SIGUSR2 = 12;
const SIGTERM = 15;

const SIGNAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["STOP", SIGTERM],
  ["RELOAD", SIGHUP],
  ["DATA", SIGUSR1],
  ["STATS", SIGUSR2],
  ["JSON", SIGRTMIN + 2],
  ["STATS_CLEAR", SIGRTMAX - 1],
  ["TDUMP", SIGRTMAX],
]);

const REAL_TIME_SIGNALS: readonly { readonly number: number; readonly signal: DumpSignal }[] = [
  { number: SIGRTMIN + 2, signal: "json" },
  { number: SIGRTMAX - 1, signal: "clear-stats" },
  { number: SIGRTMAX, signal: "deadlines" },
];
