import { unreachable } from "../../base/assert.ts";

/** Which processes a vrrp_track_process block means. */
export interface ProcessPattern {
  readonly command: string;
  readonly parameters: readonly string[];
  /**
   * `name`: the kernel's name of the process is the command. All others compare the first word of its command line with
   * the command, and its parameters: not at all (`command`), all of them (`exact`), the first ones (`partial`), or the
   * same with the last one of them cut short (`initial`).
   */
  readonly match: "name" | "command" | "exact" | "partial" | "initial";
}

/** What a process looks like to others. */
export interface ProcessLooks {
  /** comm, at most fifteen bytes: /proc/PID/comm. */
  readonly name: string;
  /** argv; empty where nobody asked for it, and for threads of the kernel: /proc/PID/cmdline. */
  readonly commandLine: readonly string[];
}

/** Whether a process is one that is meant, by keepalived's rules. */
export function matchesProcess(pattern: ProcessPattern, looks: ProcessLooks): boolean {
  if (pattern.match === "name") return looks.name === pattern.command;
  const [command, ...parameters] = looks.commandLine;
  if (command !== pattern.command) return false;
  switch (pattern.match) {
    case "command":
      return true;
    case "exact":
      return parameters.length === pattern.parameters.length && beginsWith(parameters, pattern.parameters);
    case "partial":
      return beginsWith(parameters, pattern.parameters);
    case "initial": {
      const whole = pattern.parameters.slice(0, -1);
      const cut = pattern.parameters.at(-1) ?? "";
      if (pattern.parameters.length === 0) return true;
      return beginsWith(parameters, whole) && parameters[whole.length]?.startsWith(cut) === true;
    }
    default:
      return unreachable(pattern.match);
  }
}

/** Whether the command line of processes has to be read, which `name` can do without. */
export function needsCommandLine(pattern: ProcessPattern): boolean {
  return pattern.match !== "name";
}

function beginsWith(parameters: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((word, index) => parameters[index] === word);
}
