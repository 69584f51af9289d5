import type { ProcessStatus } from "../../api/contract.ts";
import type { Instant, Micros } from "../../base/time.ts";
import { after, elapsed, seconds, toMillis } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { ChildEffect, ChildEnd, ChildEvent, ChildState, RestartPolicy } from "../../core/restart-policy.ts";
import { childDeadline, startChild, stepChild } from "../../core/restart-policy.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { FromChild, ToChild } from "../messages.ts";
import { describeMessageError, parseFromChild } from "../messages.ts";
import type { Child, Launcher } from "./ports.ts";
import { describeEffect, describeEnd, processState } from "./words.ts";

/** What the supervisor knows of a kind of process before it runs. */
export interface ChildSpec {
  readonly name: Exclude<ProcessStatus["name"], "supervisor">;
  /** keepalived's word for it in its log: VRRP, BFD. */
  readonly title: string;
  readonly launcher: Launcher;
  /** Whether it has something to do. */
  readonly wanted: (configuration: Configuration) => boolean;
  /**
   * Without it there is no service: where it cannot run, nothing does. The others are started again and again, whatever
   * they end with.
   */
  readonly vital: boolean;
}

/** What a child leads to, told to the supervisor in the turn in which it happens. */
export interface ChildEvents {
  readonly message: (child: SupervisedChild, message: FromChild) => void;
  /** The first message to a process that has just been started. */
  readonly greeting: (child: SupervisedChild, predecessor: string | null) => readonly ToChild[];
  /** It has reported, or is gone (undefined). */
  readonly pid: (child: SupervisedChild, pid: number | undefined) => void;
  /** Its process is gone; what follows from that has been decided. */
  readonly ended: (child: SupervisedChild) => void;
  /** It has stopped as it was asked to. */
  readonly stopped: (child: SupervisedChild) => void;
  readonly gaveUp: (child: SupervisedChild, exitStatus: number) => void;
}

/** The answer to a question for the status. */
export type StatusAnswer = Extract<FromChild, { readonly kind: "status" | "bfd-status" }>;

/** One child process and its successors, kept running by the restart policy while it is wanted. It decides nothing itself. */
export class SupervisedChild {
  readonly spec: ChildSpec;
  readonly #policy: () => RestartPolicy;
  readonly #ports: { readonly clock: Clock; readonly log: Log };
  readonly #listener: ChildEvents;
  #state: ChildState = { kind: "stopped" };
  #child: Child | undefined;
  /** Events to be handled; a step is never begun inside another. */
  readonly #events: ChildEvent[] = [];
  #stepping = false;
  /** When the child gave its last sign of life. */
  #heardAt: Instant;
  /** It was asked since, and has not answered in time. */
  #unanswered = false;
  #starts = 0;
  #everStarted = false;
  /** How the child before this one ended; null: there was none, or it was stopped. */
  #predecessor: string | null = null;
  #hung = false;
  /** The child has said why it cannot start, and another one could not either. */
  #explained = false;
  readonly #deadline: Alarm;
  #drained = false;
  #nextRequest = 1;
  /** Of a status that has not come whole. */
  #parts: StatusPart | undefined;
  readonly #requests = new Map<number, (answer: StatusAnswer | undefined) => void>();

  constructor(
    spec: ChildSpec,
    /** The one in force: a reload may change it. */
    policy: () => RestartPolicy,
    ports: { readonly clock: Clock; readonly log: Log },
    listener: ChildEvents,
  ) {
    this.spec = spec;
    this.#policy = policy;
    this.#ports = ports;
    this.#listener = listener;
    this.#heardAt = ports.clock.now();
    this.#deadline = ports.clock.alarm(() => this.#meetDeadline());
  }

  get alive(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** A process of it has reported once. */
  get everStarted(): boolean {
    return this.#everStarted;
  }

  /** Nothing of it runs, or is going to by itself. */
  get idle(): boolean {
    return this.#state.kind === "stopped" || this.#state.kind === "given-up";
  }

  /** Nothing happens unless it is idle. */
  start(): void {
    if (!this.idle) return;
    this.#predecessor = null;
    const first = startChild(this.#policy(), this.#ports.clock.now());
    this.#state = first.state;
    this.#stepping = true;
    for (const effect of first.effects) this.#obey(effect);
    this.#stepping = false;
    this.#drainEvents();
  }

  /** Asks it to stop; `stopped` comes when it has, in this turn where nothing runs. */
  stop(): void {
    this.#feed({ kind: "stop-requested" });
  }

  /** One to a child that is gone, or on its way out, is lost. */
  send(message: ToChild): void {
    this.#child?.send(message);
  }

  /** Whether it is there to take a configuration, which its successor gets anyway. */
  get takesOrders(): boolean {
    return this.#child !== undefined && (this.#state.kind === "starting" || this.#state.kind === "running");
  }

  /** Waits at most `STATUS_LIMIT`; undefined: it gave no answer. */
  ask(take: (answer: StatusAnswer | undefined) => void): void {
    if (this.#child === undefined || this.#state.kind === "killing") return take(undefined);
    const request = this.#nextRequest;
    this.#nextRequest += 1;
    const limit = this.#ports.clock.alarm(() => {
      limit.close();
      if (!this.#requests.delete(request)) return;
      this.#unanswered = true;
      take(undefined);
    });
    limit.set(after(this.#ports.clock.now(), STATUS_LIMIT));
    this.#requests.set(request, (answer) => {
      limit.close();
      take(answer);
    });
    this.#child.send({ kind: "status-request", request });
  }

  describe(): ProcessStatus {
    const silent = elapsed(this.#heardAt, this.#ports.clock.now());
    const isSilent = this.#unanswered || silent > SILENT_BEATS * this.#policy().heartbeatInterval;
    return {
      name: this.spec.name,
      pid: this.#child?.pid ?? null,
      state: processState(this.#state, isSilent),
      silentMs: isSilent && this.#child !== undefined ? Math.round(toMillis(silent)) : null,
      restarts: Math.max(0, this.#starts - 1),
    };
  }

  /** Clears its alarm for good. */
  close(): void {
    this.#deadline.close();
  }

  #feed(event: ChildEvent): void {
    this.#events.push(event);
    this.#drainEvents();
  }

  #drainEvents(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    const before: ChildState["kind"] = this.#state.kind;
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      const step = stepChild(this.#policy(), this.#state, event, this.#ports.clock.now());
      this.#state = step.state;
      for (const effect of step.effects) this.#obey(effect);
    }
    this.#stepping = false;
    const deadline = childDeadline(this.#state);
    if (deadline === undefined) this.#deadline.clear();
    else this.#deadline.set(deadline);
    this.#drained = false;
    this.#tellEnd(before, this.#state);
  }

  #tellEnd(before: ChildState["kind"], state: ChildState): void {
    if (state.kind === before) return;
    if (state.kind === "given-up") return this.#listener.gaveUp(this, state.exitStatus);
    if (state.kind !== "stopped") return;
    this.#starts = 0;
    this.#listener.stopped(this);
  }

  #obey(effect: ChildEffect): void {
    const words = describeEffect(effect, this.spec, this.#child?.pid);
    if (words !== undefined) this.#ports.log.write(words.level, words.text);
    if (effect.kind === "signal-child" && effect.reason === "heartbeat-lost") this.#hung = true;
    switch (effect.kind) {
      case "start-child":
        return this.#launch();
      case "signal-child":
        return this.#child?.signal(effect.signal);
      case "give-up":
        // Told when this step is over.
        return undefined;
    }
  }

  #launch(): void {
    const launched = this.spec.launcher.launch({
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
    this.#noteSound();
    this.#ports.log.write("info", `Starting ${this.spec.title} child process, pid=${this.#child.pid}`);
    for (const message of this.#listener.greeting(this, this.#predecessor)) this.#child.send(message);
  }

  #receive(value: unknown): void {
    const parsed = parseFromChild(value);
    if (!parsed.ok) {
      const words = `The ${this.spec.name} process sent ${describeMessageError(parsed.error)}`;
      return this.#ports.log.write("error", words);
    }
    this.#noteSound();
    const message = parsed.value;
    switch (message.kind) {
      case "started":
        this.#everStarted = true;
        this.#feed({ kind: "started" });
        this.#listener.pid(this, this.#child?.pid);
        break;
      case "heartbeat":
        return this.#feed({ kind: "heartbeat" });
      case "failed":
        // What the system refuses to one process it may grant to the next.
        this.#explained = message.code !== "SYSTEM";
        return this.#ports.log.write("error", message.message);
      case "status":
      case "bfd-status": {
        const whole = message.kind === "status" ? this.#assemble(message) : message;
        if (whole === undefined) return undefined;
        this.#listener.message(this, whole);
        const take = this.#requests.get(message.request);
        this.#requests.delete(message.request);
        return take?.(whole);
      }
      case "mail":
      case "configured":
      case "reload-requested":
      case "dump":
      case "saved":
      case "bfd-news":
      case "facts-wanted":
      case "facts":
      case "happening":
        break;
    }
    this.#listener.message(this, message);
  }

  #noteSound(): void {
    this.#heardAt = this.#ports.clock.now();
    this.#unanswered = false;
  }

  /** Joins the parts of a status; undefined: there is more to come. */
  #assemble(part: StatusPart): StatusPart | undefined {
    const before = this.#parts?.request === part.request ? this.#parts.instances : [];
    const whole = { ...part, instances: [...before, ...part.instances] };
    this.#parts = part.more ? whole : undefined;
    return part.more ? undefined : whole;
  }

  #childEnded(end: ChildEnd): void {
    const pid = this.#child?.pid;
    const asked = this.#state.kind === "stopping" || this.#state.kind === "stopping-hard";
    this.#child = undefined;
    this.#listener.pid(this, undefined);
    if (!asked) {
      this.#ports.log.write("error", `${this.spec.title} child process(${pid}) died: ${describeEnd(end)}`);
    }
    const waiting = [...this.#requests.values()];
    this.#requests.clear();
    this.#predecessor = `${this.#hung ? "hung; " : ""}${describeEnd(end)}`;
    this.#hung = false;
    this.#feed({ kind: "ended", end: this.#judged(end) });
    // Answers show what has been decided about it.
    for (const take of waiting) take(undefined);
    this.#listener.ended(this);
  }

  /**
   * Node itself ends with 1, 2 or 4 for reasons of its own: a module that an upgrade is just replacing, no memory. Where one
   * child has run and the next gives no reason, a third may run again. One that is not vital may, whatever its reason.
   */
  #judged(end: ChildEnd): ChildEnd {
    if (end.kind !== "exited") return end;
    const isUnexplained = this.#everStarted && !this.#explained;
    return isUnexplained || !this.spec.vital ? { kind: "exited", status: EXIT_UNEXPLAINED } : end;
  }

  #meetDeadline(): void {
    // What the child sent while we slept may lie unread in its pipe. One more turn of the loop reads it, and only then
    // may its silence be held against it.
    this.#drained = !this.#drained;
    if (this.#drained) this.#deadline.set(this.#ports.clock.now());
    else this.#feed({ kind: "deadline" });
  }
}

type StatusPart = Extract<FromChild, { kind: "status" }>;

/** The longest that a status waits for a process; its answer takes well under a millisecond when it is well. */
const STATUS_LIMIT: Micros = seconds(1);

/** EX_SOFTWARE of sysexits.h. */
const EXIT_UNEXPLAINED = 70;

/** So many heartbeats missing are more than jitter. */
const SILENT_BEATS = 3;
