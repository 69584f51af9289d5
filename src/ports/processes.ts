import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/** Numeric identity that a program runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  /** Further groups; none where it is missing. */
  readonly groups?: readonly number[] | undefined;
}

export interface ProgramRequest {
  /** Program and arguments, run without a shell. The program is an absolute path, or a name looked up in PATH. */
  readonly argv: readonly string[];
  /** Undefined: as this process. */
  readonly account: Account | undefined;
}

/** How a program ended. */
export type ProgramEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: string }
  /** It was never started: no such file, no permission, no memory. */
  | { readonly kind: "not-started"; readonly failure: SystemFailure };

export interface RunningProgram {
  readonly pid: number;
  /** Signals the program's whole process group. Nothing happens once the group is gone. */
  signalGroup(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Programs of other people: check scripts and notify scripts. */
export interface Processes {
  /**
   * Starts a program in a process group of its own, with standard input, output and error on /dev/null, under the default
   * scheduler, its environment without the loader's variables (LD_*).
   *
   * `onEnd` comes exactly once, in a later turn, when the program itself has ended; descendants it left behind do not
   * delay it.
   */
  start(request: ProgramRequest, onEnd: (end: ProgramEnd) => void): RunningProgram | undefined;

  /** Reads the account database. The group defaults to the user's own. */
  findAccount(user: string, group: string | undefined): Result<Account, SystemFailure>;
}
