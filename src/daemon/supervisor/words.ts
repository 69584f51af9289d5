import type { InstanceStatus, ProcessStatus } from "../../api/contract.ts";
import type { ChildEffect, ChildEnd, ChildState } from "../../core/restart-policy.ts";
import type { LogLevel } from "../../ports/log.ts";

/** How a child ended, for a log line. */
export function describeEnd(end: ChildEnd): string {
  switch (end.kind) {
    case "exited":
      return `exited with status ${end.status}${meaningOf(end.status)}`;
    case "killed":
      return `killed by ${end.signal}`;
    case "not-started":
      return "it could not be started";
  }
}

/** What the supervisor does about a child, for a log line; undefined where another line says it. */
export function describeEffect(
  effect: ChildEffect,
  child: { readonly name: string; readonly title: string },
  pid: number | undefined,
): { readonly level: LogLevel; readonly text: string } | undefined {
  switch (effect.kind) {
    case "start-child":
      return undefined;
    case "give-up":
      return {
        level: "error",
        text: `Terminating with status ${effect.exitStatus}: a new ${child.name} process would end the same way`,
      };
    case "signal-child":
      switch (effect.reason) {
        case "stop":
          return undefined;
        case "stop-overdue":
          return { level: "error", text: `${child.title} child process(${pid}) does not stop: killing it` };
        case "start-overdue":
          return { level: "error", text: `${child.title} child process(${pid}) does not come up: killing it` };
        case "heartbeat-lost":
          return { level: "error", text: `${child.title} child process(${pid}) hangs: killing it` };
      }
  }
}

/** What a status calls the state of a child. */
export function processState(state: ChildState, isSilent: boolean): ProcessStatus["state"] {
  switch (state.kind) {
    case "starting":
      return "starting";
    case "running":
      return isSilent ? "silent" : "running";
    case "killing":
      return "silent";
    case "resting":
      return "restarting";
    case "stopping":
    case "stopping-hard":
      return "stopping";
    case "stopped":
    case "given-up":
      return "stopped";
  }
}

/** The line that `systemctl status` shows. */
export function summarize(instances: readonly InstanceStatus[] | undefined, reloadRefused: boolean): string {
  const refused = reloadRefused ? "last reload refused; " : "";
  if (instances === undefined) return `${refused}the vrrp process does not answer`;
  const names = instances.slice(0, SHOWN_INSTANCES).map(({ name, state }) => `${name} ${state}`);
  const more = instances.length - names.length;
  return `${refused}${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function meaningOf(status: number): string {
  switch (status) {
    case 1:
      return " (fatal)";
    case 2:
      return " (configuration)";
    case 4:
      return " (no permission)";
    case 70:
      return " (a bug)";
    default:
      return "";
  }
}

const SHOWN_INSTANCES = 10;
