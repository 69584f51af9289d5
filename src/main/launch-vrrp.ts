import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { fail, succeed } from "../base/result.ts";
import type { Launcher } from "../daemon/supervisor/ports.ts";
import { thrownFailure } from "../linux/file-failure.ts";
import { NODE_FLAGS } from "./node-flags.ts";

export interface LaunchOptions {
  /** The program, a JavaScript file. */
  readonly program: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The vrrp process of this installation. */
export const VRRP_PROGRAM = fileURLToPath(new URL("./vrrp-process.js", import.meta.url));

/**
 * Starts a Node program as a child with a pipe for messages. It gets a session of its own: Ctrl-C in the supervisor's
 * terminal reaches the supervisor alone, which then stops the child in order.
 */
export function createLauncher(options: LaunchOptions): Launcher {
  const environment = withoutServiceVariables(options.environment);
  return {
    launch(listener) {
      const operation = `start ${options.program}`;
      let child;
      try {
        child = spawn(process.execPath, [...NODE_FLAGS, options.program], {
          stdio: ["ignore", "ignore", "inherit", "ipc"],
          serialization: "json",
          detached: true,
          env: environment,
        });
      } catch (thrown) {
        return fail(thrownFailure(operation, thrown));
      }
      const { pid } = child;
      let ended = false;
      const end = (how: Parameters<typeof listener.ended>[0]): void => {
        if (ended) return;
        ended = true;
        listener.ended(how);
      };
      child.on("error", (error) => {
        // Also comes for a message that could not be sent; the child's end, or its silence, tells the rest.
        if (pid !== undefined) return;
        thrownFailure(operation, error);
        end({ kind: "not-started" });
      });
      // Before "exit" whatever it said last has been read, but a grandchild that holds the pipe must not hide its end.
      child.on("exit", (status, signal) => {
        setImmediate(() => end(signal === null ? { kind: "exited", status: status ?? 1 } : { kind: "killed", signal }));
      });
      child.on("message", (value) => {
        if (!ended) listener.message(value);
      });
      return succeed({
        pid: pid ?? 0,
        send: (message) => {
          if (child.connected) child.send(message, ignoreFailure);
        },
        signal: (signal) => {
          // Node sends nothing once it has collected the end of the child, so the pid cannot be another's.
          child.kill(signal);
        },
      });
    },
  };
}

/** They are addressed to the supervisor. */
function withoutServiceVariables(environment: LaunchOptions["environment"]): Record<string, string | undefined> {
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
