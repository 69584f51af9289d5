import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import type { Account, ProgramEnd, ProgramRequest, Processes, RunningProgram } from "../ports/processes.ts";
import { findAccount, localDatabase } from "./accounts.ts";
import { thrownFailure } from "./file-failure.ts";
import { isRealTime } from "./scheduling.ts";

export interface LinuxProcessesOptions {
  /** What programs inherit; the loader's variables (LD_*) are taken out. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether accounts are looked up where the C library does, which may take seconds; else in this host's own files. */
  readonly asksNameService: boolean;
}

/**
 * Starts programs by fork and exec. A program is the leader of a session of its own, hence of a process group, and has
 * no supplementary groups when it runs under an account, but those that the account names, by setpriv(1).
 *
 * It gets the default scheduler by chrt(1), which becomes the program. A fork holds up this process until the new one has
 * begun to run; were it an ordinary process from the start, a busy machine would make both wait. Where there is no chrt, the
 * process must be scheduled so that programs do not inherit it.
 */
export function openLinuxProcesses(options: LinuxProcessesOptions): Processes {
  const environment = withoutLoaderVariables(options.environment);
  const path = environment["PATH"] ?? DEFAULT_PATH;
  const resetter = findResetter(path);
  const grouper = searchPath("setpriv", path);
  return {
    start: (request, onEnd) => {
      const program = searchPath(request.argv[0] ?? "", path);
      // Where it is missing the refusal of exec itself tells most.
      if (program === undefined) return start(request, request.argv, environment, onEnd);
      const { account } = request;
      const isGrouped = account?.groups !== undefined && account.groups.length > 0 && grouper !== undefined;
      const argv = [
        // By its short name, the only one that busybox knows.
        ...(resetter === undefined || !isRealTime() ? [] : [resetter, "-o", "0"]),
        ...(isGrouped ? [grouper, ...identityOf(account), "--"] : []),
      ];
      const whole = argv.length === 0 ? request.argv : [...argv, program, ...request.argv.slice(1)];
      return start(isGrouped ? { ...request, account: undefined } : request, whole, environment, onEnd);
    },
    findAccount: options.asksNameService
      ? (user, group) => findAccount(user, group)
      : (user, group) => findAccount(user, group, localDatabase),
  };
}

function identityOf({ uid, gid, groups = [] }: Account): readonly string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join()}`];
}

function start(
  request: ProgramRequest,
  argv: readonly string[],
  environment: Record<string, string>,
  onEnd: (end: ProgramEnd) => void,
): RunningProgram | undefined {
  const [program = "", ...programArguments] = argv;
  const operation = `start ${request.argv[0] ?? ""}`;
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

/** Whether programs can be given supplementary groups in this environment. */
export function canGiveGroups(environment: LinuxProcessesOptions["environment"]): boolean {
  return searchPath("setpriv", environment["PATH"] ?? DEFAULT_PATH) !== undefined;
}

/** Whether programs can be started by chrt(1) in this environment. Where not, the kernel has to reset their scheduler. */
export function canResetScheduling(environment: LinuxProcessesOptions["environment"]): boolean {
  return findResetter(environment["PATH"] ?? DEFAULT_PATH) !== undefined;
}

function findResetter(path: string): string | undefined {
  return searchPath("chrt", path);
}

/** Finds an executable as execvp(3) does; a name with a slash is looked at where it is. */
function searchPath(name: string, path: string): string | undefined {
  const candidates = name.includes("/") ? [name] : path.split(":").map((folder) => join(folder, name));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      // Not there, or not for us: the next one may be.
      return false;
    }
  });
}

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

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
