import { spawn } from "node:child_process";
import { describeRemedies, findPrivileges, userNamespaceEntrance } from "./privileges.ts";
import { DEMO_EXIT, showDemo, type DemoOptions } from "./performance.ts";
import { SIGNALS } from "./interruption.ts";
import { completePath, missingTools } from "./tools.ts";

/** Shows the demo and tells its exit status: one of `DEMO_EXIT`, or 128 and the number of the signal that ended it. */
export async function runDemo(options: DemoOptions): Promise<number> {
  completePath();
  const missing = missingTools();
  if (missing.length > 0) {
    const list = missing.map((tool) => `${tool.command} (Debian: ${tool.package})`).join(", ");
    process.stderr.write(`The demo needs what this machine does not have: ${list}\n`);
    return DEMO_EXIT.UNAVAILABLE;
  }
  if (options.inUserNamespace) return showDemo(options);
  const privileges = await findPrivileges();
  switch (privileges.kind) {
    case "own":
      return showDemo(options);
    case "user-namespace":
      return runInUserNamespace(options);
    case "none":
      process.stderr.write(`${describeRemedies(privileges.refusal).join("\n")}\n`);
      return DEMO_EXIT.NO_PERMISSION;
  }
}

/** Starts the demo once more, as root of a user namespace, and ends as that one does. */
function runInUserNamespace({ holdfast, json, keep }: DemoOptions): Promise<number> {
  const [command = "", ...entrance] = userNamespaceEntrance();
  const flags = ["--in-user-namespace", ...(json ? ["--json"] : []), ...(keep ? ["--keep"] : [])];
  const argv = [...entrance, process.execPath, ...process.execArgv, holdfast, "demo", ...flags];
  // By the channel the other one notices when this one is killed.
  const child = spawn(command, argv, { stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status) => resolve(status ?? DEMO_EXIT.FAILED));
  });
}
