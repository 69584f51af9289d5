import { after } from "../base/time.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { HookSettings } from "../config/model/daemon.ts";
import type { Clock } from "../ports/clock.ts";
import { describeFailure } from "../ports/failure.ts";
import type { Log } from "../ports/log.ts";
import type { Account, ProgramEnd, Processes } from "../ports/processes.ts";
import { toSeconds } from "../base/time.ts";

export interface RunningHook {
  /** Kills it with all that it has started. Nothing happens when it has ended. */
  kill(): void;
}

export interface HookPorts {
  readonly clock: Clock;
  readonly processes: Processes;
  readonly log: Log;
}

/**
 * Runs `startup_script` or `shutdown_script` and calls back once when it has ended. One that takes longer than
 * its time is killed with all that it has started. Whatever becomes of it is said, and holds up nothing.
 */
export function runHook(
  keyword: "startup_script" | "shutdown_script",
  hook: HookSettings,
  scriptUser: Configuration["global"]["scriptUser"],
  ports: HookPorts,
  done: () => void,
): RunningHook {
  const { clock, processes, log } = ports;
  const { command, timeout } = hook;
  const user = command.user ?? scriptUser;
  let account: Account | undefined;
  if (user !== undefined) {
    const found = processes.findAccount(user.user, user.group);
    if (!found.ok) {
      log.write("error", `${keyword} is not run: ${describeFailure(found.error)}`);
      done();
      return { kill: () => {} };
    }
    account = { ...found.value, groups: user.groups };
  }
  let late = false;
  const limit = clock.alarm(() => {
    late = true;
    program?.signalGroup("SIGKILL");
  });
  const program = processes.start({ argv: command.argv, account }, (end) => {
    limit.close();
    if (late) log.write("error", `${keyword} took longer than ${toSeconds(timeout)} s and was killed`);
    else if (end.kind !== "exited" || end.status !== 0) log.write("error", `${keyword} ${describeEnd(end)}`);
    done();
  });
  if (program !== undefined) limit.set(after(clock.now(), timeout));
  return { kill: () => program?.signalGroup("SIGKILL") };
}

function describeEnd(end: ProgramEnd): string {
  switch (end.kind) {
    case "exited":
      return `ended with status ${end.status}`;
    case "killed":
      return `was killed by ${end.signal}`;
    case "not-started":
      return `is not run: ${describeFailure(end.failure)}`;
  }
}
