import { fail, succeed, type Result } from "../base/result.ts";
import { distinction } from "../config/check-daemon.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { ChildFailureCode, ChildSettings, FromChild } from "../daemon/messages.ts";
import type { StartedDriver } from "../daemon/supervisor/child-agent.ts";
import { createChildAgent } from "../daemon/supervisor/child-agent.ts";
import { enterNetworkNamespace } from "../linux/network-namespace.ts";
import { canResetScheduling } from "../linux/processes.ts";
import { dieWithParent, runOnProcessors, setNiceness, useRealTimeScheduling } from "../linux/scheduling.ts";
import type { Clock } from "../ports/clock.ts";
import { describeFailure } from "../ports/failure.ts";
import type { Log } from "../ports/log.ts";
import { EXIT } from "./exit-codes.ts";
import { writeAfterTurn } from "./logging/after-turn.ts";
import { openLog, type LogIdent } from "./logging/open-log.ts";
import { takeSignals } from "./signals.ts";

export interface ChildProcess {
  /** In the log of a bug: `the vrrp process`. */
  readonly name: string;
  /** The name under which it writes to syslog, keepalived's. */
  readonly logName: LogIdent;
  readonly clock: Clock;
  /**
   * Starts what does the work; the log is open. `tell` hands a message to the supervisor, without waiting.
   */
  readonly start: (
    given: {
      readonly settings: ChildSettings;
      readonly configuration: Configuration;
      /** It takes the place of a process that died. */
      readonly isRestart: boolean;
      readonly log: Log;
    },
    tell: (message: FromChild) => void,
  ) => Result<Omit<StartedDriver, "log">, { readonly code: ChildFailureCode; readonly message: string }>;
}

/**
 * Makes this process a child of the supervisor, which gives it its settings and its configuration through the pipe. It ends
 * by a clean stop when it is asked to and when the supervisor is gone.
 */
export function serveAsChild(options: ChildProcess): void {
  const { clock, name, logName } = options;
  let log: Log | undefined;
  const supervisor = process.ppid;
  const send = createSender(() => log);

  const agent = createChildAgent({
    clock,
    send,
    start: (settings, configuration, isRestart) => {
      const { daemon } = configuration.global;
      const opened = writeAfterTurn(openLog(settings.log, logName, distinction(daemon)), {
        whenLeft: queueMicrotask,
        atExit: (flush) => void process.once("exit", flush),
      });
      log = opened;
      if (daemon.umask !== undefined) process.umask(daemon.umask);
      // Before anything that has to do with the network: sockets, and programs with theirs.
      const entered = daemon.networkNamespace && enterNetworkNamespace(daemon.networkNamespace.name);
      if (entered?.ok === false) return fail({ code: "SYSTEM", message: describeFailure(entered.error) });
      const started = options.start({ settings, configuration, isRestart, log: opened }, send);
      return started.ok ? succeed({ ...started.value, log: opened }) : started;
    },
    exit: (status) => process.exit(status),
  });
  takeSignals({
    // The kernel's signal at the supervisor's death is the same as an operator's.
    stop: (signal) => agent.stop(process.ppid === supervisor ? signal : SUPERVISOR_GONE),
    reload: () => agent.requestReload(),
    signal: (signal) => agent.takeSignal(signal),
    log: () => log,
  });
  process.on("message", (value) => agent.receive(value));
  process.on("disconnect", () => agent.stop(SUPERVISOR_GONE));
  process.on("uncaughtException", (error) => {
    log?.write("error", `A bug ends ${name}: ${error.stack ?? error.message}`);
    process.exit(EXIT.SOFTWARE);
  });

  const guarded = dieWithParent(SIGTERM);
  if (!guarded.ok) process.emitWarning(describeFailure(guarded.error));
  // The supervisor may have died before the kernel knew whom to tell; the pipe then tells, or is gone already.
  if (!process.connected) agent.stop(SUPERVISOR_GONE);
}

export interface WantedProcessSettings {
  readonly title: string;
  readonly nice: number | undefined;
  readonly realtimePriority: number | undefined;
  /** Empty: the kernel's choice. */
  readonly cpus: readonly number[];
  /** They must not inherit the real-time scheduling for longer than their first instruction. */
  readonly startsPrograms: boolean;
}

/** Gives the process its title and its place among others. `harm` is what follows where that is refused. */
export function applyProcessSettings(wanted: WantedProcessSettings, log: Log, harm: string): void {
  const { title, nice, realtimePriority, cpus, startsPrograms } = wanted;
  if (process.title !== title) process.title = title;
  // Whoever sets a nice value and no real-time priority wants ordinary scheduling.
  const isOrdinary = nice !== undefined && realtimePriority === undefined;
  const resets = canResetScheduling(process.env);
  const scheduled = isOrdinary
    ? setNiceness(nice)
    : useRealTimeScheduling(realtimePriority ?? DEFAULT_REALTIME_PRIORITY, resets);
  if (!scheduled.ok) log.write("warn", `${describeFailure(scheduled.error)}; ${harm}`);
  else if (startsPrograms && !isOrdinary && !resets && !complained) {
    complained = true;
    log.write("warn", `There is no chrt(1) (util-linux), so a start of a script holds up this process longer; ${harm}`);
  }
  // Nobody who never named one is moved: the starter may have chosen.
  if (cpus.length === 0 && !pinned) return;
  const placed = runOnProcessors(cpus);
  if (!placed.ok) log.write("warn", describeFailure(placed.error));
  pinned = cpus.length > 0;
}

/** Processors were chosen by us. */
let pinned = false;

/** A reload would say it again. */
let complained = false;

/**
 * Messages to the supervisor. Heartbeats are left out while earlier messages wait, and mails and traps while many do: a stopped
 * supervisor must not make this process grow.
 */
function createSender(log: () => Log | undefined): (message: FromChild) => void {
  let waiting = 0;
  let lost = 0;
  return (message) => {
    if (process.send === undefined || !process.connected) return;
    if (message.kind === "heartbeat" && waiting > 0) return;
    if ((message.kind === "mail" || message.kind === "happening") && waiting >= WAITING_LIMIT) {
      lost += 1;
      if (lost === 1) log()?.write("error", "The supervisor takes no messages: mails and traps are lost");
      return;
    }
    waiting += 1;
    process.send(message, undefined, undefined, () => {
      waiting -= 1;
    });
  };
}

const WAITING_LIMIT = 500;

const SUPERVISOR_GONE = "the supervisor is gone";

const SIGTERM = 15;

/** The lowest: before all ordinary work, behind what an administrator made real-time. */
const DEFAULT_REALTIME_PRIORITY = 1;
