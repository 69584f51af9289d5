import { CLIENT_EXIT } from "./exit-codes.ts";
import { askDaemon, describeNoAnswer } from "./control-client.ts";
import { exitStatusOf } from "./status-command.ts";

export interface ReloadRequest {
  readonly json: boolean;
  readonly force: boolean;
  readonly socketPath: string;
}

/** Has the daemon read its configuration again, and tells the exit status: 1 when it refused, with its reasons. */
export async function requestReload(options: ReloadRequest): Promise<number> {
  const path = options.force ? "/v1/reload?force=1" : "/v1/reload";
  const answer = await askDaemon(options.socketPath, "POST", path);
  if (answer.kind !== "answered") {
    process.stderr.write(`${describeNoAnswer(answer, options.socketPath)}\n`);
    return exitStatusOf(answer.kind);
  }
  const accepted = answer.document["accepted"] === true;
  if (options.json) process.stdout.write(`${JSON.stringify(answer.document, undefined, 2)}\n`);
  else if (accepted) process.stdout.write("The configuration is in force.\n");
  else process.stderr.write(`${refusal(answer.document).join("\n")}\n`);
  return accepted ? CLIENT_EXIT.OK : CLIENT_EXIT.REFUSED;
}

function refusal(document: Readonly<Record<string, unknown>>): readonly string[] {
  const { message, reasons } = document;
  if (typeof message === "string") return [message];
  const list = Array.isArray(reasons) ? reasons.map(String) : [];
  return [
    "The reload was refused, and what ran before goes on:",
    ...list.map((reason) => `  ${reason}`),
    "`holdfast reload --force` overrules errors that would not stop a start.",
  ];
}
