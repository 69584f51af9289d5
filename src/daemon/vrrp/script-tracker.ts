import { unreachable } from "../../base/assert.ts";
import type { Result } from "../../base/result.ts";
import { toSeconds } from "../../base/time.ts";
import type { ScriptSettings } from "../../config/model/trackers.ts";
import {
  initialScript,
  scriptDeadline,
  stepScript,
  type DownCause,
  type ScriptEffect,
  type ScriptEnd,
  type ScriptEvent,
  type ScriptState,
  type ScriptFailure,
  type ScriptVerdict,
} from "../../core/tracking/script.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { Files } from "../../ports/files.ts";
import type { Log } from "../../ports/log.ts";
import type { Account, Processes, RunningProgram } from "../../ports/processes.ts";

export interface ScriptTrackerDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly files: Files;
  readonly log: Log;
}

/** Runs one vrrp_script again and again and knows what is to be held of it. */
export class ScriptTracker {
  readonly #dependencies: ScriptTrackerDependencies;
  readonly #onChange: () => void;
  readonly #alarm: Alarm;
  #settings: ScriptSettings;
  #account: Result<Account | undefined, SystemFailure>;
  #state: ScriptState;
  #program: RunningProgram | undefined;
  #lastResult: string | undefined;
  #skipTold = false;
  #stopped = false;

  /**
   * `account`: whom it runs as; undefined: as this process; where it could not be found out the script fails. `onChange` comes
   * after each change of the verdict.
   */
  constructor(
    options: {
      readonly settings: ScriptSettings;
      readonly account: Result<Account | undefined, SystemFailure>;
      readonly onChange: () => void;
    },
    dependencies: ScriptTrackerDependencies,
  ) {
    this.#settings = options.settings;
    this.#account = options.account;
    this.#onChange = options.onChange;
    this.#dependencies = dependencies;
    this.#state = initialScript(options.settings, dependencies.clock.now());
    this.#alarm = dependencies.clock.alarm(() => this.#step({ kind: "deadline" }));
  }

  get settings(): ScriptSettings {
    return this.#settings;
  }

  get verdict(): "unknown" | "up" | "down" {
    return this.#state.verdict.kind;
  }

  /** The last result in words: `exited with status 1`. */
  get detail(): string {
    const { verdict } = this.#state;
    switch (verdict.kind) {
      case "unknown":
        return "has no result yet";
      case "up":
        return verdict.failures === 0 ? "succeeded" : `failed ${verdict.failures} of ${this.#settings.fall} times`;
      case "down":
        return describeDown(verdict.cause);
      default:
        return unreachable(verdict);
    }
  }

  start(): void {
    this.#step({ kind: "deadline" });
  }

  /** Keeps what is known of the script; its rhythm and limits are the new ones. */
  reconfigure(settings: ScriptSettings, account: Result<Account | undefined, SystemFailure>): void {
    this.#settings = settings;
    this.#account = account;
    this.#step({ kind: "reconfigured" });
  }

  /** Ends a run that is under way, too. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.close();
    this.#program?.signalGroup("SIGKILL");
    this.#program = undefined;
  }

  #step(event: ScriptEvent): void {
    // The end of a run that was killed by the stop comes after it.
    if (this.#stopped) return;
    const before = this.#state.verdict.kind;
    const step = stepScript(this.#settings, this.#state, event, this.#dependencies.clock.now());
    this.#state = step.state;
    for (const effect of step.effects) this.#obey(effect);
    this.#alarm.set(scriptDeadline(this.#state));
    if (this.#state.verdict.kind === before) return;
    this.#tellVerdict();
    this.#onChange();
  }

  #obey(effect: ScriptEffect): void {
    const { log } = this.#dependencies;
    const { name } = this.#settings;
    switch (effect.kind) {
      case "start-script":
        this.#start();
        return;
      case "signal-group":
        // SIGTERM comes at the timeout, and then alone.
        if (effect.signal === "SIGTERM") this.#tell({ kind: "timed-out", timeout: this.#settings.timeout });
        this.#program?.signalGroup(effect.signal);
        return;
      case "report-skipped":
        // Said once: a script that is slow for hours would fill the log.
        if (this.#skipTold) return;
        this.#skipTold = true;
        log.write("warn", `VRRP_Script(${name}) is still running after ${seconds(effect.runningFor)}, skipping a run`);
        return;
      case "report-unkillable":
        log.write(
          "error",
          `VRRP_Script(${name}) does not end though it was killed, after ${seconds(effect.runningFor)}`,
        );
        return;
      default:
        return unreachable(effect);
    }
  }

  #start(): void {
    const { check } = this.#settings;
    if ("openFile" in check) {
      const facts = this.#dependencies.files.facts(check.openFile);
      this.#endSoon(facts.ok ? { kind: "exited", status: 0 } : { kind: "not-started", failure: facts.error });
      return;
    }
    if (!this.#account.ok) return this.#endSoon({ kind: "not-started", failure: this.#account.error });
    const request = { argv: check.argv, account: this.#account.value };
    const program = this.#dependencies.processes.start(request, (end) => {
      if (this.#program === program) this.#program = undefined;
      this.#ended(end);
    });
    this.#program = program;
  }

  /** The result comes in a turn of its own, as that of a program does. */
  #endSoon(end: ScriptEnd): void {
    const { clock } = this.#dependencies;
    const turn = clock.alarm(() => {
      turn.close();
      this.#ended(end);
    });
    turn.set(clock.now());
  }

  #ended(end: ScriptEnd): void {
    // The end of a run that was under way when it was stopped is nobody's business any more.
    if (this.#stopped) return;
    const { kind } = this.#state.run;
    if (kind === "running" || kind === "excused") this.#tell(end);
    this.#step({ kind: "ended", end });
  }

  /** Logs a result that differs from the one before, which rise and fall may yet outweigh. The first is the verdict. */
  #tell(result: ScriptFailure): void {
    const text = result.kind === "exited" ? `now returning ${result.status}` : describeDown(result);
    if (result.kind === "exited" && result.status === 0) this.#skipTold = false;
    if (text === this.#lastResult) return;
    const isFirst = this.#lastResult === undefined;
    this.#lastResult = text;
    if (!isFirst) this.#dependencies.log.write("info", `Script \`${this.#settings.name}\` ${text}`);
  }

  /** In keepalived's words, before what follows from it. */
  #tellVerdict(): void {
    const { verdict } = this.#state;
    if (verdict.kind === "unknown") return;
    this.#dependencies.log.write("info", `VRRP_Script(${this.#settings.name}) ${verdictWord(verdict)}`);
  }
}

function verdictWord(verdict: Exclude<ScriptVerdict, { readonly kind: "unknown" }>): string {
  if (verdict.kind === "up") return "succeeded";
  return verdict.cause.kind === "timed-out" ? "timed_out" : `failed (${describeDown(verdict.cause)})`;
}

function describeDown(cause: DownCause): string {
  switch (cause.kind) {
    case "exited":
      return `exited with status ${cause.status}`;
    case "killed":
      return `was killed by ${cause.signal}`;
    case "not-started":
      return `could not be started: ${cause.failure.message}`;
    case "timed-out":
      return `timed out after ${seconds(cause.timeout)}`;
    case "init-fail":
      return "counts as failed until it succeeds (init_fail)";
    default:
      return unreachable(cause);
  }
}

function seconds(duration: Parameters<typeof toSeconds>[0]): string {
  return `${Number(toSeconds(duration).toFixed(3))} s`;
}
