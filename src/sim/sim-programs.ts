import { fail, succeed } from "../base/result.ts";
import { millis, type Micros } from "../base/time.ts";
import type { Processes, ProgramEnd, RunningProgram } from "../ports/processes.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess } from "./sim-process.ts";

/** How one run of a program goes. */
export interface Run {
  readonly status: number;
  /** Undefined: it hangs until it is killed. */
  readonly duration: Micros | undefined;
  /** SIGTERM does not end it. */
  readonly stubborn: boolean;
}

/** The programs of one machine. What a program does is a function of its arguments, asked at each start. */
export class SimPrograms {
  readonly #machine: Machine;
  readonly #programs = new Map<string, (argv: readonly string[]) => Run>();
  #pid = 1000;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  install(path: string, run: (argv: readonly string[]) => Run): void {
    this.#programs.set(path, run);
  }

  portFor(process: SimProcess): Processes {
    return {
      start: (request, onEnd) => process.call(() => this.#start(process, request.argv, onEnd)),
      findAccount: (user) => {
        if (user === "root") return succeed({ uid: 0, gid: 0, name: user });
        return fail({ operation: `find the user ${user}`, errno: "ENOENT", message: "No such user" });
      },
    };
  }

  #start(process: SimProcess, argv: readonly string[], onEnd: (end: ProgramEnd) => void): RunningProgram | undefined {
    const [path = ""] = argv;
    const program = this.#programs.get(path);
    if (program === undefined) {
      const failure = { operation: `start ${path}`, errno: "ENOENT", message: "No such file or directory" };
      process.post(() => onEnd({ kind: "not-started", failure }));
      return undefined;
    }
    const run = program(argv);
    let ended = false;
    const end = (how: ProgramEnd): void => {
      if (ended) return;
      ended = true;
      // A program outlives whoever started it, and then nobody is told of its end.
      if (process.alive) process.post(() => onEnd(how));
    };
    if (run.duration !== undefined) {
      this.#machine.after(run.duration, () => end({ kind: "exited", status: run.status }));
    }
    return {
      pid: this.#pid++,
      signalGroup: (signal) => {
        if (run.stubborn && signal === "SIGTERM") return;
        this.#machine.after(DYING, () => end({ kind: "killed", signal }));
      },
    };
  }
}

/** From a signal to the end. */
const DYING = millis(1);
