import type { Result } from "../../base/result.ts";
import { after, millis, nextBeat, seconds, type Micros } from "../../base/time.ts";
import type { Cause } from "../../api/contract.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { BfdNews } from "../bfd-news.ts";
import type { DumpSignal, FromChild, ToChild, ChildFailureCode, ChildSettings } from "../messages.ts";
import { describeMessageError, parseToChild } from "../messages.ts";

export interface ChildAgentPorts {
  readonly clock: Clock;
  /** Hands a message to the supervisor, without waiting. */
  readonly send: (message: FromChild) => void;
  /**
   * Starts the driver and whatever else the process needs by its settings, the log first. `isRestart`: it takes the place
   * of a process that died.
   */
  readonly start: (
    settings: ChildSettings,
    configuration: Configuration,
    isRestart: boolean,
  ) => Result<StartedDriver, { readonly code: ChildFailureCode; readonly message: string }>;
  /** The very last call. */
  readonly exit: (status: number) => void;
}

/** What the vrrp process tells the snmp process. */
export type SnmpNews = Extract<ToChild, { readonly kind: "facts" | "happening" }>;

/** What does the work of the process. */
export interface StartedDriver {
  /** Writes down for good why this process had to replace another. */
  readonly noteRestart: (predecessor: string) => void;
  /** Writes down for good what another process did. */
  readonly note: (cause: Cause) => void;
  readonly reload: (configuration: Configuration) => void;
  /**
   * The answer to a question for the status, with its number, in parts that are made one at a time; undefined: nobody asks
   * this process.
   */
  readonly status: ((request: number) => Iterable<FromChild>) | undefined;
  /** Calls back when nothing is left behind. `reason` is for people. */
  readonly stop: (reason: string, done: () => void) => void;
  /** News of BFD sessions; undefined: this process tracks none. */
  readonly learn: ((news: readonly BfdNews[]) => void) | undefined;
  /** What the tables of SNMP show, in parts as the status; undefined: this process has nothing of it. */
  readonly snmpFacts: (() => Iterable<FromChild>) | undefined;
  /** Something of that from the process that has it; undefined: this process serves no tables. */
  readonly hearSnmp: ((message: SnmpNews) => void) | undefined;
  /** One of keepalived's further signals. */
  readonly signal: (signal: DumpSignal) => void;
  /** All that there is to know at this moment, in keepalived's form. */
  readonly data: () => string;
  readonly log: Log;
}

/** A child process's end of the line to the supervisor. */
export interface ChildAgent {
  receive(value: unknown): void;
  /** SIGTERM, SIGINT, or the supervisor's death: hands over, then exits with 0, after `STOP_LIMIT` at the latest. */
  stop(reason: string): void;
  /** SIGHUP: the supervisor reads the files. */
  requestReload(): void;
  /** One of keepalived's further signals came to this process itself. */
  takeSignal(signal: DumpSignal): void;
}

/**
 * Waits for the supervisor's first message, starts the driver and serves both. A driver that cannot start ends the process
 * with keepalived's code: 2 for what the configuration got wrong, 4 no permission, 1 anything else.
 */
export function createChildAgent(ports: ChildAgentPorts): ChildAgent {
  let started: StartedDriver | undefined;
  let stopping = false;
  let tellsFacts = false;
  /** `child_wait_time`. */
  let patience: Micros | undefined;

  const start = (message: ToChild & { readonly kind: "start" }): void => {
    const result = ports.start(message.settings, message.configuration, message.predecessor !== null);
    if (!result.ok) {
      ports.send({ kind: "failed", ...result.error });
      return ports.exit(EXIT_STATUS[result.error.code]);
    }
    started = result.value;
    patience = message.configuration.global.daemon.childWait;
    if (message.predecessor !== null) started.noteRestart(message.predecessor);
    ports.send({ kind: "started" });
    const interval = millis(message.settings.heartbeatIntervalMs);
    const pulse = ports.clock.alarm(() => {
      ports.send({ kind: "heartbeat" });
      pulse.set(nextBeat(ports.clock.now(), interval));
    });
    pulse.set(nextBeat(ports.clock.now(), interval));
  };

  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    if (started === undefined) return ports.exit(0);
    started.log.write("info", `Stopping: ${reason}`);
    let ended = false;
    const end = (status: number): void => {
      if (ended) return;
      ended = true;
      limit.close();
      ports.exit(status);
    };
    // The supervisor kills a process that does not stop; without a supervisor nobody would.
    const limit = ports.clock.alarm(() => end(EXIT_FATAL));
    limit.set(after(ports.clock.now(), patience ?? STOP_LIMIT));
    started.stop(reason, () => end(0));
  };

  /** One in each turn: what is due comes first. */
  const sendParts = (parts: Iterable<FromChild>, ended = (): void => {}): void => {
    const iterator = parts[Symbol.iterator]();
    const next = (): void => {
      const part = iterator.next();
      if (part.done === true) {
        turn.close();
        return ended();
      }
      ports.send(part.value);
      turn.set(ports.clock.now());
    };
    const turn = ports.clock.alarm(next);
    next();
  };

  const obey = (message: ToChild): void => {
    switch (message.kind) {
      case "start":
        return started === undefined && !stopping ? start(message) : undefined;
      case "configure":
        patience = message.configuration.global.daemon.childWait;
        if (!stopping) started?.reload(message.configuration);
        return ports.send({ kind: "configured", generation: message.generation });
      case "note":
        return started?.note(message.cause);
      case "status-request":
        return started?.status && sendParts(started.status(message.request));
      case "signal":
        return started?.signal(message.signal);
      case "save-request":
        return started && ports.send({ kind: "saved", path: message.path, text: started.data() });
      case "facts-request":
        // Whoever asks meanwhile gets those that are under way.
        if (started?.snmpFacts === undefined || tellsFacts) return undefined;
        tellsFacts = true;
        return sendParts(started.snmpFacts(), () => {
          tellsFacts = false;
        });
      case "facts":
      case "happening":
        return started?.hearSnmp?.(message);
      case "bfd-news":
        return stopping ? undefined : started?.learn?.(message.news);
    }
  };

  return {
    receive(value) {
      const parsed = parseToChild(value);
      if (parsed.ok) return obey(parsed.value);
      const words = `The supervisor sent ${describeMessageError(parsed.error)}`;
      if (started !== undefined) return started.log.write("error", words);
      // Nothing can be right in a process that never got its configuration.
      ports.send({ kind: "failed", code: "SYSTEM", message: words });
      ports.exit(EXIT_FATAL);
    },
    stop,
    takeSignal: (signal) => started?.signal(signal),
    requestReload: () => ports.send({ kind: "reload-requested" }),
  };
}

const EXIT_FATAL = 1;

const EXIT_STATUS: Readonly<Record<ChildFailureCode, number>> = {
  NO_INTERFACE: 2,
  NO_PERMISSION: 4,
  SYSTEM: EXIT_FATAL,
};

/** As long as the supervisor waits; a hand-over takes 3 s at most. */
const STOP_LIMIT = seconds(5);
