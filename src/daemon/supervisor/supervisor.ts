import type { Cause, DaemonStatus, ProcessStatus, StatusDocument } from "../../api/contract.ts";
import type { Instant, Micros } from "../../base/time.ts";
import { after, elapsed, micros, seconds, toMillis } from "../../base/time.ts";
import type { Configuration } from "../../config/model.ts";
import type { ChildEffect, ChildEnd, ChildEvent, ChildState, RestartPolicy } from "../../core/restart-policy.ts";
import { childDeadline, startChild, stepChild } from "../../core/restart-policy.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { FromVrrp, VrrpProcessSettings, VrrpStatus } from "../messages.ts";
import { describeMessageError, parseFromVrrp } from "../messages.ts";
import { timeOfDay } from "../time-of-day.ts";
import type { MailDesk } from "./mail-desk.ts";
import { describeEffect, describeEnd, processState, summarize } from "./words.ts";
import type { Child, ConfigurationSource, Launcher, ServiceManager } from "./ports.ts";

export interface SupervisorOptions {
  readonly policy: RestartPolicy;
  readonly settings: VrrpProcessSettings;
  /** Of this process and this release, for the status. */
  readonly pid: number;
  readonly release: string;
  /** The model to begin with, checked and accepted already. */
  readonly configuration: Configuration;
}

export interface SupervisorPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly launcher: Launcher;
  readonly source: ConfigurationSource;
  readonly manager: ServiceManager;
  readonly mail: Pick<MailDesk, "post" | "configure" | "status" | "close">;
  /** Tells the pid of the vrrp process whose handlers stand, undefined when there is none any more. */
  readonly publishVrrpPid: (pid: number | undefined) => void;
  /** A configuration came into force after the start. */
  readonly configured: (configuration: Configuration) => void;
  /** The very last call: no child is left. */
  readonly exit: (status: number) => void;
}

export type ReloadOutcome =
  /** The vrrp process has it, or its successor will. */
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reasons: readonly string[] }
  | { readonly kind: "stopping" };

export interface Supervisor {
  /** Reads and checks the file first; a refusal changes nothing. Reloads asked for meanwhile are answered in their order. */
  reload(force: boolean, answer: (outcome: ReloadOutcome) => void): void;
  /** Waits at most `STATUS_LIMIT` for the vrrp process. */
  status(answer: (document: StatusDocument) => void): void;
  /** Writes something down for good that happened in another process; lost where the vrrp process does not run. */
  note(cause: Cause): void;
  /** Stops the vrrp process, which hands over first, then calls `exit` with 0. A second call does nothing. */
  stop(): void;
}

/**
 * Runs one vrrp process and keeps it running, by the restart policy. It decides nothing itself.
 *
 * `exit` is called once, in a later turn.
 */
export function startSupervisor(options: SupervisorOptions, ports: SupervisorPorts): Supervisor {
  return new RunningSupervisor(options, ports);
}

class RunningSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #ports: SupervisorPorts;
  readonly #startedAt: string;
  #state: ChildState;
  #child: Child | undefined;
  /** Events to be handled; a step is never begun inside another. */
  readonly #events: ChildEvent[] = [];
  #stepping = false;
  /** When the child gave its last sign of life. */
  #heardAt: Instant;
  #starts = 0;
  #everStarted = false;
  /** How the child before this one ended; null: there was none. */
  #predecessor: string | null = null;
  #hung = false;
  /** The child has said why it cannot start. */
  #explained = false;
  #stopping = false;

  #configuration: Configuration;
  #configuredAt: string;
  #generation = 0;
  #refusedReload: DaemonStatus["refusedReload"] = null;
  /** Who waits for the vrrp process to take a configuration. */
  #reloads: { readonly generation: number; readonly answer: (outcome: ReloadOutcome) => void }[] = [];

  #nextRequest = 1;
  readonly #requests = new Map<number, (status: VrrpStatus | undefined) => void>();
  #lastKnown: StatusDocument["lastKnown"] = null;

  readonly #deadline;
  #drained = false;
  readonly #look;
  readonly #watchdog;

  constructor(options: SupervisorOptions, ports: SupervisorPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#startedAt = this.#timeOfDay();
    this.#configuration = options.configuration;
    this.#configuredAt = this.#startedAt;
    this.#heardAt = ports.clock.now();
    this.#deadline = ports.clock.alarm(() => this.#meetDeadline());
    this.#look = ports.clock.alarm(() => this.#lookAround());
    this.#watchdog = ports.clock.alarm(() => this.#reportAlive());
    const first = startChild(options.policy, ports.clock.now());
    this.#state = first.state;
    this.#stepping = true;
    for (const effect of first.effects) this.#obey(effect);
    this.#stepping = false;
    this.#drainEvents();
    this.#reportAlive();
    this.#look.set(after(ports.clock.now(), LOOK_INTERVAL));
  }

  reload(force: boolean, answer: (outcome: ReloadOutcome) => void): void {
    if (this.#stopping) return answer({ kind: "stopping" });
    const { log, manager, source } = this.#ports;
    manager.reloading();
    log.write("info", "Reloading ...");
    const loaded = source.load(force);
    for (const finding of loaded.findings) log.write(finding.level, finding.text);
    if (loaded.kind === "refused") {
      const reasons = loaded.findings.filter((finding) => finding.refuses).map((finding) => finding.text);
      this.#refusedReload = { at: this.#timeOfDay(), reasons };
      log.write("error", `Reload refused: ${source.file} has errors; the configuration in force is kept`);
      if (this.#everStarted) manager.ready();
      return answer({ kind: "refused", reasons });
    }
    this.#configuration = loaded.configuration;
    this.#configuredAt = this.#timeOfDay();
    this.#refusedReload = null;
    this.#ports.configured(loaded.configuration);
    this.#ports.mail.configure(loaded.configuration.global.mail);
    this.#generation += 1;
    this.#reloads.push({ generation: this.#generation, answer });
    // A child that dies instead of answering is followed by one that starts with the new configuration.
    if (this.#child === undefined) this.#finishReloads(this.#generation);
    else this.#child.send({ kind: "configure", generation: this.#generation, configuration: loaded.configuration });
  }

  status(answer: (document: StatusDocument) => void): void {
    this.#askVrrp((status) => {
      const lastKnown = status === undefined ? this.#lastKnown : null;
      answer({ version: 1, daemon: this.#describeDaemon(), ...(status ?? { instances: [], groups: [] }), lastKnown });
    });
  }

  note(cause: Cause): void {
    this.#child?.send({ kind: "note", cause });
  }

  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#ports.log.write("info", "Stopping");
    this.#ports.manager.stopping();
    this.#feed({ kind: "stop-requested" });
  }

  #feed(event: ChildEvent): void {
    this.#events.push(event);
    this.#drainEvents();
  }

  #drainEvents(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      const step = stepChild(this.#options.policy, this.#state, event, this.#ports.clock.now());
      this.#state = step.state;
      for (const effect of step.effects) this.#obey(effect);
      if (this.#state.kind === "stopped") this.#end(0);
    }
    this.#stepping = false;
    const deadline = childDeadline(this.#state);
    if (deadline === undefined) this.#deadline.clear();
    else this.#deadline.set(deadline);
    this.#drained = false;
  }

  #obey(effect: ChildEffect): void {
    const words = describeEffect(effect, this.#child?.pid);
    if (words !== undefined) this.#ports.log.write(words.level, words.text);
    if (effect.kind === "signal-child" && effect.reason === "heartbeat-lost") this.#hung = true;
    switch (effect.kind) {
      case "start-child":
        return this.#launch();
      case "signal-child":
        return this.#child?.signal(effect.signal);
      case "give-up":
        return this.#end(effect.exitStatus);
    }
  }

  #launch(): void {
    const launched = this.#ports.launcher.launch({
      message: (value) => this.#receive(value),
      ended: (end, refusal) => {
        if (refusal !== undefined) this.#ports.log.write("error", describeFailure(refusal));
        this.#childEnded(end);
      },
    });
    if (!launched.ok) {
      this.#ports.log.write("error", describeFailure(launched.error));
      // Handled after this step, like every other event.
      this.#events.push({ kind: "ended", end: { kind: "not-started" } });
      return;
    }
    this.#child = launched.value;
    this.#starts += 1;
    this.#explained = false;
    this.#heardAt = this.#ports.clock.now();
    this.#ports.log.write("info", `Starting VRRP child process, pid=${this.#child.pid}`);
    const { settings } = this.#options;
    this.#child.send({ kind: "start", settings, configuration: this.#configuration, predecessor: this.#predecessor });
  }

  #receive(value: unknown): void {
    const parsed = parseFromVrrp(value);
    if (!parsed.ok) {
      return this.#ports.log.write("error", `The vrrp process sent ${describeMessageError(parsed.error)}`);
    }
    this.#heardAt = this.#ports.clock.now();
    this.#take(parsed.value);
  }

  #take(message: FromVrrp): void {
    switch (message.kind) {
      case "started":
        this.#everStarted = true;
        this.#feed({ kind: "started" });
        this.#ports.publishVrrpPid(this.#child?.pid);
        return this.#ports.manager.ready();
      case "heartbeat":
        return this.#feed({ kind: "heartbeat" });
      case "configured":
        return this.#finishReloads(message.generation);
      case "failed":
        this.#explained = true;
        return this.#ports.log.write("error", message.message);
      case "mail":
        return this.#ports.mail.post(message.alert);
      case "reload-requested":
        return this.reload(false, () => {});
      case "status": {
        const { request, instances, groups } = message;
        this.#lastKnown = { at: this.#timeOfDay(), instances, groups };
        const take = this.#requests.get(request);
        this.#requests.delete(request);
        return take?.({ instances, groups });
      }
    }
  }

  #childEnded(end: ChildEnd): void {
    const pid = this.#child?.pid;
    this.#child = undefined;
    this.#ports.publishVrrpPid(undefined);
    if (!this.#stopping) this.#ports.log.write("error", `VRRP child process(${pid}) died: ${describeEnd(end)}`);
    const waiting = [...this.#requests.values()];
    this.#requests.clear();
    this.#predecessor = `${this.#hung ? "hung; " : ""}${describeEnd(end)}`;
    this.#hung = false;
    this.#feed({ kind: "ended", end: this.#judged(end) });
    // Answers show what has been decided about it.
    for (const take of waiting) take(undefined);
    this.#finishReloads(this.#generation);
  }

  /**
   * Node itself ends with 1, 2 or 4 for reasons of its own: a module that an upgrade is just replacing, no memory. Where one
   * child has run and the next gives no reason, a third may run again.
   */
  #judged(end: ChildEnd): ChildEnd {
    const isUnexplained = end.kind === "exited" && this.#everStarted && !this.#explained;
    return isUnexplained ? { kind: "exited", status: EXIT_UNEXPLAINED } : end;
  }

  #finishReloads(generation: number): void {
    const finished = this.#reloads.filter((reload) => reload.generation <= generation);
    this.#reloads = this.#reloads.filter((reload) => reload.generation > generation);
    if (finished.length === 0) return;
    if (this.#everStarted) this.#ports.manager.ready();
    for (const { answer } of finished) answer({ kind: "accepted" });
  }

  #meetDeadline(): void {
    // What the child sent while we slept may lie unread in its pipe. One more turn of the loop reads it, and only then
    // may its silence be held against it.
    this.#drained = !this.#drained;
    if (this.#drained) this.#deadline.set(this.#ports.clock.now());
    else this.#feed({ kind: "deadline" });
  }

  #askVrrp(take: (status: VrrpStatus | undefined) => void): void {
    if (this.#child === undefined || this.#state.kind === "killing") return take(undefined);
    const request = this.#nextRequest;
    this.#nextRequest += 1;
    const limit = this.#ports.clock.alarm(() => {
      limit.close();
      if (this.#requests.delete(request)) take(undefined);
    });
    limit.set(after(this.#ports.clock.now(), STATUS_LIMIT));
    this.#requests.set(request, (status) => {
      limit.close();
      take(status);
    });
    this.#child.send({ kind: "status-request", request });
  }

  #lookAround(): void {
    this.#look.set(after(this.#ports.clock.now(), LOOK_INTERVAL));
    this.#askVrrp((status) => {
      if (!this.#stopping) this.#ports.manager.status(summarize(status?.instances, this.#refusedReload !== null));
    });
  }

  #reportAlive(): void {
    const interval = this.#ports.manager.watchdogInterval;
    if (interval === undefined) return;
    this.#ports.manager.alive();
    // sd_watchdog_enabled(3) advises half of the interval.
    this.#watchdog.set(after(this.#ports.clock.now(), micros(Math.floor(interval / 2))));
  }

  #describeDaemon(): DaemonStatus {
    return {
      pid: this.#options.pid,
      holdfast: this.#options.release,
      startedAt: this.#startedAt,
      configurationFile: this.#ports.source.file,
      configuredAt: this.#configuredAt,
      refusedReload: this.#refusedReload,
      processes: [
        { name: "supervisor", pid: this.#options.pid, state: "running", silentMs: null, restarts: 0 },
        this.#describeChild(),
      ],
      mail: this.#ports.mail.status(),
    };
  }

  #describeChild(): ProcessStatus {
    const silent = elapsed(this.#heardAt, this.#ports.clock.now());
    const isSilent = silent > SILENT_BEATS * this.#options.policy.heartbeatInterval;
    return {
      name: "vrrp",
      pid: this.#child?.pid ?? null,
      state: processState(this.#state, isSilent),
      silentMs: isSilent && this.#child !== undefined ? Math.round(toMillis(silent)) : null,
      restarts: Math.max(0, this.#starts - 1),
    };
  }

  #end(status: number): void {
    this.#deadline.close();
    this.#look.close();
    this.#watchdog.close();
    this.#stopping = true;
    const goodbye = this.#ports.clock.alarm(() => {
      goodbye.close();
      this.#ports.mail.close(() => this.#ports.exit(status));
    });
    goodbye.set(this.#ports.clock.now());
  }

  #timeOfDay(): string {
    return timeOfDay(this.#ports.clock.wallClockMs());
  }
}

/** The longest that a status waits for the vrrp process; its answer takes well under a millisecond when it is well. */
const STATUS_LIMIT: Micros = seconds(1);

/** EX_SOFTWARE of sysexits.h. */
const EXIT_UNEXPLAINED = 70;

/** How often the supervisor looks at the instances, for the line that systemd shows. */
const LOOK_INTERVAL = seconds(5);

/** So many heartbeats missing are more than jitter. */
const SILENT_BEATS = 3;
