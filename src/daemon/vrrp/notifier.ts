import { unreachable } from "../../base/assert.ts";
import type { Result } from "../../base/result.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import type { NotifySettings } from "../../config/model/telling.ts";
import type { AlertState } from "../../core/mail/alert.ts";
import {
  emptyNotifyQueue,
  isQuiet,
  notifyDeadline,
  stepNotify,
  type NotifyEffect,
  type NotifyEvent,
  type NotifyState,
} from "../../core/notify-queue.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Account, Processes, RunningProgram } from "../../ports/processes.ts";

/** A notify script as it will run. */
interface Command {
  readonly argv: readonly string[];
  readonly account: Result<Account | undefined, SystemFailure>;
}

export interface NotifierDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly log: Log;
  /** Whom a script runs as; undefined: as this process. One whose account cannot be found is not run. */
  readonly accountOf: (command: Pick<ScriptCommand, "user">) => Result<Account | undefined, SystemFailure>;
}

/** Who changes state: an instance, or a sync group. */
export interface NotifySubject {
  readonly kind: "INSTANCE" | "GROUP";
  readonly name: string;
}

/** Runs the notify scripts of one instance or sync group, in order and one at a time. */
export class Notifier {
  readonly #dependencies: NotifierDependencies;
  readonly #alarm: Alarm;
  readonly #programs = new Map<number, RunningProgram>();
  #subject: NotifySubject;
  #settings: NotifySettings;
  #closed = false;
  #state: NotifyState<Command> = emptyNotifyQueue();

  constructor(subject: NotifySubject, settings: NotifySettings, dependencies: NotifierDependencies) {
    this.#subject = subject;
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#alarm = dependencies.clock.alarm(() => this.#step({ kind: "deadline" }));
  }

  /** A reload may rename an instance. */
  reconfigure(name: string, settings: NotifySettings): void {
    this.#subject = { ...this.#subject, name };
    this.#settings = settings;
  }

  /**
   * Tells of a state that was entered: first the script for this state, then the one for all of them. The priority of a group
   * is 0.
   */
  tell(state: AlertState, priority: number): void {
    const { any } = this.#settings;
    const { kind, name } = this.#subject;
    const commands: Command[] = [];
    const specific = this.#specific(state);
    if (specific !== undefined) commands.push(this.#command(specific, []));
    if (any !== undefined) commands.push(this.#command(any, [kind, name, state, `${priority}`]));
    if (commands.length === 0) return;
    const skippable = state !== "STOP" && state !== "DELETED";
    this.#step({ kind: "changed", change: { name: state, commands, skippable } });
  }

  /** A master has heard a lower one: the script for that alone, without arguments. */
  tellLowerPriority(): void {
    const { lowerPriority } = this.#settings;
    if (lowerPriority === undefined) return;
    const commands = [this.#command(lowerPriority, [])];
    this.#step({ kind: "changed", change: { name: "MASTER_RX_LOWER_PRI", commands, skippable: true, minor: true } });
  }

  /** Whether everything has been told and every script has ended. */
  get quiet(): boolean {
    return isQuiet(this.#state);
  }

  /** The process ends: what still waits is started now, as keepalived would have done at once. */
  hurry(): void {
    this.#settings = { ...this.#settings, concurrent: true };
    this.#step({ kind: "deadline" });
  }

  /** Scripts that run go on without us. */
  close(): void {
    this.#closed = true;
    this.#alarm.close();
  }

  #specific(state: AlertState): ScriptCommand | undefined {
    switch (state) {
      case "MASTER":
        return this.#settings.master;
      case "BACKUP":
        return this.#settings.backup;
      case "FAULT":
        return this.#settings.fault;
      case "STOP":
        return this.#settings.stop;
      case "DELETED":
        return this.#settings.deleted;
      default:
        return unreachable(state);
    }
  }

  #command(command: ScriptCommand, extra: readonly string[]): Command {
    return { argv: [...command.argv, ...extra], account: this.#dependencies.accountOf(command) };
  }

  #step(event: NotifyEvent<Command>): void {
    if (this.#closed) return;
    const step = stepNotify(this.#settings, this.#state, event, this.#dependencies.clock.now());
    this.#state = step.state;
    for (const effect of step.effects) this.#obey(effect);
    const deadline = notifyDeadline(this.#state);
    if (deadline === undefined) this.#alarm.clear();
    else this.#alarm.set(deadline);
  }

  #obey(effect: NotifyEffect<Command>): void {
    const { log, processes, clock } = this.#dependencies;
    const { name } = this.#subject;
    switch (effect.kind) {
      case "start-command": {
        const { id, command } = effect;
        const { argv, account } = command;
        if (!account.ok) {
          const what = `(${name}) notify script ${argv[0] ?? ""}`;
          log.write("error", `${what} is not run: ${describeFailure(account.error)}`);
          // In a turn of its own, as the end of a program.
          const turn = clock.alarm(() => {
            turn.close();
            this.#step({ kind: "ended", id });
          });
          turn.set(clock.now());
          return;
        }
        const program = processes.start({ argv, account: account.value }, (end) => {
          this.#programs.delete(id);
          const what = `(${name}) notify script ${command.argv[0] ?? ""}`;
          if (end.kind === "not-started") log.write("error", `${what} could not be started: ${end.failure.message}`);
          if (end.kind === "killed") log.write("warn", `${what} was killed by ${end.signal}`);
          if (end.kind === "exited" && end.status !== 0) log.write("info", `${what} exited with status ${end.status}`);
          this.#step({ kind: "ended", id });
        });
        if (program !== undefined) this.#programs.set(id, program);
        return;
      }
      case "signal-group":
        log.write("warn", `(${name}) a notify script takes too long, sending ${effect.signal}`);
        this.#programs.get(effect.id)?.signalGroup(effect.signal);
        return;
      case "report-skipped":
        log.write("info", `(${name}) notify for ${effect.change} skipped: overtaken by ${effect.overtakenBy}`);
        return;
      case "report-unkillable":
        log.write("error", `(${name}) notify script ${effect.command.argv[0] ?? ""} does not end though it was killed`);
        return;
      default:
        return unreachable(effect);
    }
  }
}
