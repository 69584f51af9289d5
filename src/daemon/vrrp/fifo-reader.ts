import type { Result } from "../../base/result.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import { rest, resume, startRespawning, type RespawnState } from "../../core/respawn.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Account, Processes, RunningProgram } from "../../ports/processes.ts";

export interface FifoReaderDependencies {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly log: Log;
  /** Whom a program runs as; undefined: as this process. One whose account cannot be found is not run. */
  readonly accountOf: (command: Pick<ScriptCommand, "user">) => Result<Account | undefined, SystemFailure>;
}

/** The program that reads a FIFO: started with its path behind its own arguments, and again when it ends. */
export class FifoReader {
  readonly #command: ScriptCommand;
  readonly #path: string;
  readonly #dependencies: FifoReaderDependencies;
  readonly #alarm: Alarm;
  #state: RespawnState;
  #program: RunningProgram | undefined;
  #ending = false;

  constructor(command: ScriptCommand, path: string, dependencies: FifoReaderDependencies) {
    this.#command = command;
    this.#path = path;
    this.#dependencies = dependencies;
    this.#alarm = dependencies.clock.alarm(() => this.#startAgain());
    this.#state = startRespawning(dependencies.clock.now());
    this.#start();
  }

  /** Whether it runs. */
  get running(): boolean {
    return this.#program !== undefined;
  }

  /** It is not started again: it sees the end of its FIFO, and may read what is left. */
  letEnd(): void {
    this.#ending = true;
    this.#alarm.close();
  }

  /** It is not started again, and is told to end now, as keepalived tells it. */
  stop(): void {
    this.letEnd();
    this.#program?.signalGroup("SIGTERM");
  }

  #startAgain(): void {
    this.#state = resume(this.#state, this.#dependencies.clock.now());
    this.#start();
  }

  #start(): void {
    const { accountOf, log, processes } = this.#dependencies;
    const account = accountOf(this.#command);
    if (!account.ok) {
      log.write("error", `${this.#words} is not run: ${describeFailure(account.error)}`);
      return;
    }
    const argv = [...this.#command.argv, this.#path];
    this.#program = processes.start({ argv, account: account.value }, (end) => {
      this.#program = undefined;
      if (this.#ending) return;
      const how =
        end.kind === "exited"
          ? `exited with status ${end.status}`
          : end.kind === "killed"
            ? `was killed by ${end.signal}`
            : `could not be started: ${end.failure.message}`;
      this.#state = rest(this.#state, this.#dependencies.clock.now());
      log.write("warn", `${this.#words} ${how}; it is started again`);
      if (this.#state.kind === "resting") this.#alarm.set(this.#state.until);
    });
  }

  get #words(): string {
    return `The program ${this.#command.argv[0] ?? ""} that reads ${this.#path}`;
  }
}
