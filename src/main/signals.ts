import { SIGRTMAX, SIGRTMIN, onRealTimeSignal } from "../linux/signals.ts";
import type { Log } from "../ports/log.ts";
import { describeFailure } from "../ports/failure.ts";

export interface SignalActions {
  readonly stop: (signal: string) => void;
  readonly reload: () => void;
  readonly log: () => Log | undefined;
}

/**
 * Takes all signals that keepalived's users send. Once this has returned none of them can end the process, or open Node's
 * debugger, by accident; only then may a pid file be written.
 *
 * The signals that make keepalived write files into /tmp are answered by one line in the log.
 */
export function takeSignals(actions: SignalActions): void {
  const say = (signal: string): void => {
    actions.log()?.write("info", `${signal} writes no file here: \`holdfast status\` shows the state, also as JSON`);
  };
  process.on("SIGTERM", () => actions.stop("SIGTERM"));
  process.on("SIGINT", () => actions.stop("SIGINT"));
  process.on("SIGHUP", () => actions.reload());
  process.on("SIGUSR1", () => say("SIGUSR1"));
  process.on("SIGUSR2", () => say("SIGUSR2"));
  process.on("SIGPIPE", () => {});
  for (const { number, name } of REAL_TIME_SIGNALS) {
    const taken = onRealTimeSignal(number, () => say(name));
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

const REAL_TIME_SIGNALS = [
  { number: SIGRTMIN + 2, name: "SIGRTMIN+2" },
  { number: SIGRTMAX - 1, name: "SIGRTMAX-1" },
  { number: SIGRTMAX, name: "SIGRTMAX" },
];
