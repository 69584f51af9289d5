import { CLIENT_EXIT } from "./exit-codes.ts";
import { askDaemon, describeNoAnswer } from "./control-client.ts";
import { createPaint, wantsColor } from "./paint.ts";
import { parseStatus } from "./parse-status.ts";
import { renderStatus } from "./render-status.ts";

/** Shows the daemon's status on standard output and tells the exit status, 5 when the vrrp process gave no answer. */
export async function showStatus(options: { readonly json: boolean; readonly socketPath: string }): Promise<number> {
  const answer = await askDaemon(options.socketPath, "GET", "/v1/status");
  if (answer.kind !== "answered") {
    process.stderr.write(`${describeNoAnswer(answer, options.socketPath)}\n`);
    return exitStatusOf(answer.kind);
  }
  const status = answer.status === 200 ? parseStatus(answer.document) : undefined;
  if (status === undefined) {
    const said = answer.document["message"];
    process.stderr.write(
      `Holdfast answers what this command does not understand${typeof said === "string" ? `: ${said}` : ""}\n`,
    );
    return CLIENT_EXIT.NO_ANSWER;
  }
  if (options.json) process.stdout.write(`${JSON.stringify(status, undefined, 2)}\n`);
  else {
    const paint = createPaint(wantsColor(process.stdout, process.env));
    process.stdout.write(renderStatus(status, { paint, nowMs: Date.now() }));
  }
  const vrrp = status.daemon.processes.find((process) => process.name === "vrrp");
  return vrrp?.state === "running" && status.lastKnown === null ? CLIENT_EXIT.OK : CLIENT_EXIT.NO_ANSWER;
}

/** The exit status that belongs to an answer that is none. */
export function exitStatusOf(kind: "not-running" | "no-permission" | "no-answer"): number {
  switch (kind) {
    case "not-running":
      return CLIENT_EXIT.NOT_RUNNING;
    case "no-permission":
      return CLIENT_EXIT.NO_PERMISSION;
    case "no-answer":
      return CLIENT_EXIT.NO_ANSWER;
  }
}
