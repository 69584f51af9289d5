import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import type { MailProcess, MailProcessListener } from "../daemon/supervisor/mail-desk.ts";
import { thrownFailure } from "../linux/file-failure.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { withoutServiceVariables } from "./launch-child.ts";
import { NODE_FLAGS } from "./node-flags.ts";

/** The mail process of this installation. */
export const MAIL_PROGRAM = fileURLToPath(new URL("./mail-process.js", import.meta.url));

/** Starts a mail process, in a session of its own: it may go on for a few seconds when this process has ended. */
export function launchMailProcess(
  program: string,
  environment: Readonly<Record<string, string | undefined>>,
  listener: MailProcessListener,
): Result<MailProcess, SystemFailure> {
  const operation = `start ${program}`;
  let child;
  try {
    child = spawn(process.execPath, [...NODE_FLAGS, program], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      serialization: "json",
      detached: true,
      cwd: "/",
      env: withoutServiceVariables(environment),
    });
  } catch (thrown) {
    return fail(thrownFailure(operation, thrown));
  }
  let isTold = false;
  const tellEnd = (): void => {
    if (isTold) return;
    isTold = true;
    // What it said last lies in the pipe, which the loop reads before it comes to this.
    setImmediate(() => listener.ended());
  };
  child.on("error", () => {
    // Also comes for a message that could not be sent; then its end tells the rest.
    if (child.pid === undefined) tellEnd();
  });
  child.on("exit", tellEnd);
  child.on("message", (value) => listener.message(value));
  return succeed({
    send: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    kill: () => void child.kill("SIGKILL"),
    letGo: () => {
      if (child.connected) child.disconnect();
      child.unref();
    },
  });
}
