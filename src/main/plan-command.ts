import type { PlanDocument } from "../api/contract.ts";
import { askDaemon, describeNoAnswer } from "../cli/control-client.ts";
import { CLIENT_EXIT } from "../cli/exit-codes.ts";
import { createPaint, wantsColor } from "../cli/paint.ts";
import { renderPlan } from "../cli/render-plan.ts";
import { exitStatusOf } from "../cli/status-command.ts";
import type { Configuration } from "../config/model/configuration.ts";
import { planReload } from "../config/plan.ts";
import { parseConfiguration } from "../daemon/messages.ts";
import { openConfigurationSource } from "./configuration-source.ts";

export interface PlanOptions {
  readonly json: boolean;
  /** Undefined: what the daemon at `socketPath` runs. */
  readonly from: string | undefined;
  readonly configId: string | undefined;
  readonly socketPath: string;
}

/** Shows what a reload with a file would change, and tells the exit status: 1 when the reload would be refused. */
export async function showPlan(file: string, options: PlanOptions): Promise<number> {
  const before = options.from === undefined ? await askForModel(options.socketPath) : readModel(options.from, options);
  if (typeof before === "number") return before;
  const source = openConfigurationSource(file, {
    configId: options.configId,
    allConfig: false,
    namespace: undefined,
    reloadFile: undefined,
  });
  const loaded = source.load(false);
  const refusedBy = loaded.kind === "refused" ? loaded.findings.filter(({ refuses }) => refuses) : [];
  // What is refused by a reload may be forced, so its plan is worth a look all the same.
  const forced = loaded.kind === "accepted" ? loaded : source.load(true);
  const after = forced.kind === "accepted" ? forced.configuration : undefined;
  const document: PlanDocument = {
    version: 1,
    file,
    from: options.from ?? null,
    refusedBy: refusedBy.map(({ text }) => text),
    changes: (after === undefined ? [] : planReload(before, after)).map(({ subject, keyword, from, to, ...rest }) => {
      return { ...rest, subject: subject ?? null, keyword: keyword ?? null, from: from ?? null, to: to ?? null };
    }),
  };
  const paint = createPaint(wantsColor(process.stdout, process.env));
  process.stdout.write(options.json ? `${JSON.stringify(document, undefined, 2)}\n` : renderPlan(document, paint));
  return refusedBy.length === 0 ? CLIENT_EXIT.OK : CLIENT_EXIT.REFUSED;
}

/** An exit status where there is none. */
function readModel(file: string, { configId }: PlanOptions): Configuration | number {
  const loaded = openConfigurationSource(file, {
    configId,
    allConfig: false,
    namespace: undefined,
    reloadFile: undefined,
  }).load(true);
  if (loaded.kind === "accepted") return loaded.configuration;
  const reasons = loaded.findings.filter(({ refuses }) => refuses).map(({ text }) => text);
  process.stderr.write(`There is nothing to compare with:\n${reasons.map((text) => `  ${text}\n`).join("")}`);
  return CLIENT_EXIT.REFUSED;
}

async function askForModel(socketPath: string): Promise<Configuration | number> {
  const answer = await askDaemon(socketPath, "GET", "/v1/configuration");
  if (answer.kind !== "answered") {
    process.stderr.write(`${describeNoAnswer(answer, socketPath)}; --from FILE compares two files\n`);
    return exitStatusOf(answer.kind);
  }
  const configuration = parseConfiguration(answer.document["configuration"]);
  if (configuration !== undefined) return configuration;
  process.stderr.write(`What runs at ${socketPath} does not tell its configuration; is it another version?\n`);
  return CLIENT_EXIT.NO_ANSWER;
}
