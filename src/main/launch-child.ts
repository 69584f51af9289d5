import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import type { Child, ChildListener, Launcher } from "../daemon/supervisor/ports.ts";
import { thrownFailure } from "../linux/file-failure.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { NODE_FLAGS } from "./node-flags.ts";

export interface LaunchOptions {
  /** The program, a JavaScript file. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * The first child is started at once, before anybody asks for it: it loads its code while the supervisor reads the
   * configuration, and does nothing before its first message. If nobody ever asks it ends with this process.
   */
  readonly early: boolean;
}

/** The vrrp process of this installation. */
export const VRRP_PROGRAM = fileURLToPath(new URL("./vrrp-process.js", import.meta.url));

/** Its bfd process. */
export const BFD_PROGRAM = fileURLToPath(new URL("./bfd-process.js", import.meta.url));

/** Its snmp process. */
export const SNMP_PROGRAM = fileURLToPath(new URL("./snmp-process.js", import.meta.url));

/**
 * Starts a Node program as a child with a pipe for messages. It gets a session of its own: Ctrl-C in the supervisor's
 * terminal reaches the supervisor alone, which then stops the child in order.
 */
export function createLauncher(options: LaunchOptions): Launcher {
  const environment = withoutServiceVariables(options.environment);
  let waiting: Launched | undefined = options.early ? start(options.program, environment) : undefined;
  return {
    launch(listener) {
      const launched = waiting ?? start(options.program, environment);
      waiting = undefined;
      if (launched.ok) launched.value.listenTo(listener);
      return launched.ok ? succeed(launched.value.child) : launched;
    },
  };
}

type Launched = Result<{ readonly child: Child; listenTo(listener: ChildListener): void }, SystemFailure>;

function start(program: string, environment: LaunchOptions["environment"]): Launched {
  const operation = `start ${program}`;
  let child;
  try {
    child = spawn(process.execPath, [...NODE_FLAGS, program], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "json",
      detached: true,
      env: environment,
    });
  } catch (thrown) {
    return fail(thrownFailure(operation, thrown));
  }
  const { pid } = child;
  let listener: ChildListener | undefined;
  let end: Parameters<ChildListener["ended"]> | undefined;
  let told = false;
  const tellEnd = (): void => {
    if (told || end === undefined || listener === undefined) return;
    told = true;
    listener.ended(...end);
  };
  child.on("error", (error) => {
    // Also comes for a message that could not be sent; the child's end, or its silence, tells the rest.
    if (pid !== undefined) return;
    end ??= [{ kind: "not-started" }, thrownFailure(operation, error)];
    setImmediate(tellEnd);
  });
  child.on("exit", (status, signal) => {
    end ??= [signal === null ? { kind: "exited", status: status ?? 1 } : { kind: "killed", signal }];
    // What it said last lies in the pipe, which the loop reads before it comes to this.
    setImmediate(tellEnd);
  });
  child.on("message", (value) => {
    if (!told) listener?.message(value);
  });
  return succeed({
    child: {
      pid: pid ?? 0,
      send: (message) => {
        if (child.connected) child.send(message, ignoreFailure);
      },
      // Node sends nothing once it has collected the end of the child, so the pid cannot be another's.
      signal: (signal) => void child.kill(signal),
    },
    listenTo: (newListener) => {
      listener = newListener;
      setImmediate(tellEnd);
    },
  });
}

/** They are addressed to the supervisor. */
export function withoutServiceVariables(environment: LaunchOptions["environment"]): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SERVICE_VARIABLES.has(name)));
}

function ignoreFailure(): void {}

const SERVICE_VARIABLES: ReadonlySet<string> = new Set([
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
]);
