import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import type { ProgramEnd, ProgramRequest, Processes, RunningProgram } from "../ports/processes.ts";
import { findAccount, localDatabase } from "./accounts.ts";
import { thrownFailure } from "./file-failure.ts";

export interface LinuxProcessesOptions {
  /** What programs inherit; the loader's variables (LD_*) are taken out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether accounts are looked up where the C library does, which may take seconds; else in this host's own files. */
  readonly asksNameService: boolean;
}

/**
 * Starts programs by fork and exec. A program is the leader of a session of its own, hence of a process group, and has
 * no supplementary groups when it runs under an account. This process must be scheduled with SCHED_RESET_ON_FORK if it is
 * scheduled in real time: that is what gives programs the default scheduler.
 */
export function openLinuxProcesses(options: LinuxProcessesOptions): Processes {
  const environment = withoutLoaderVariables(options.environment);
  return {
    start: (request, onEnd) => start(request, environment, onEnd),
    findAccount: options.asksNameService
      ? (user, group) => findAccount(user, group)
      : (user, group) => findAccount(user, group, localDatabase),
  };
}

function start(
  request: ProgramRequest,
  environment: Record<string, string>,
  onEnd: (end: ProgramEnd) => void,
): RunningProgram | undefined {
  const [program = "", ...programArguments] = request.argv;
  const operation = `start ${program}`;
  let ended = false;
  const end = (how: ProgramEnd): void => {
    if (ended) return;
    ended = true;
    // Refusals come in the caller's own turn, or before its promises have gone on.
    setImmediate(() => onEnd(how));
  };

  let child: ChildProcess;
  try {
    child = spawn(program, programArguments, {
      detached: true,
      stdio: "ignore",
      env: environment,
      ...(request.account === undefined ? {} : { uid: request.account.uid, gid: request.account.gid }),
    });
  } catch (thrown) {
    end({ kind: "not-started", failure: thrownFailure(operation, thrown) });
    return undefined;
  }
  child.once("error", (error) => end({ kind: "not-started", failure: thrownFailure(operation, error) }));
  const { pid } = child;
  if (pid === undefined) return undefined;

  let groupGone = false;
  child.once("exit", (status, signal) => {
    // From here on nobody holds the number, so a group that is empty is never signalled again: it may be another's.
    groupGone = !isGroupAlive(pid);
    end(signal === null ? { kind: "exited", status: status ?? 0 } : { kind: "killed", signal });
  });
  return {
    pid,
    signalGroup: (signal) => {
      if (groupGone) return;
      try {
        process.kill(-pid, signal);
      } catch (thrown) {
        groupGone = thrownFailure(`signal process group ${pid}`, thrown).errno === "ESRCH";
      }
    },
  };
}

function isGroupAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (thrown) {
    return thrownFailure(`look at process group ${group}`, thrown).errno !== "ESRCH";
  }
}

function withoutLoaderVariables(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !name.startsWith("LD_")) kept[name] = value;
  }
  return kept;
}
