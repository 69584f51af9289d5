import { checkCommandText, toCommand } from "./check-commands.ts";
import type { Report } from "./diagnostic.ts";
import type { ScriptCommand } from "./model/script-command.ts";
import type { FifoSettings } from "./model/telling.ts";
import { spanOfStatement, statementOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads the notify FIFOs of global_defs that VRRP writes to. Of two with one path the second is left out, as in keepalived. */
export function readFifos(block: readonly Statement[], report: Report): readonly FifoSettings[] {
  const fifos: FifoSettings[] = [];
  for (const keyword of KEYWORDS) {
    const statement = statementOf(block, keyword);
    const script = readScript(block, `${keyword}_script`, statement !== undefined, report);
    const [path, user, group] = statement?.values ?? [];
    if (statement === undefined || path?.kind !== "word") continue;
    const place = spanOfStatement(statement);
    if (!path.value.startsWith("/")) {
      const message = `"${path.value}" is no absolute path: where the FIFO is depends on where the daemon was started`;
      report({ code: "RELATIVE_PATH", at: place, message });
    }
    const same = fifos.find((other) => other.path === path.value);
    if (same !== undefined) {
      const message = `${same.keyword} names "${path.value}" already; ${keyword} is ignored`;
      report({ code: "DUPLICATE_FIFO", at: place, message, help: "notify_fifo is told all that vrrp_notify_fifo is." });
      continue;
    }
    const owner = user?.kind === "word" ? { user: user.value, group: wordIn(group) } : undefined;
    fifos.push({ keyword, path: path.value, owner, script, place });
  }
  return fifos;
}

function readScript(
  block: readonly Statement[],
  keyword: string,
  hasFifo: boolean,
  report: Report,
): ScriptCommand | undefined {
  const statement = statementOf(block, keyword);
  const value = statement?.values[0];
  if (statement === undefined || value?.kind !== "command") return undefined;
  checkCommandText(value, keyword, report);
  if (!hasFifo) {
    const message = `There is no FIFO for the program behind "${keyword}", so it is not started`;
    report({ code: "SCRIPT_WITHOUT_FIFO", at: spanOfStatement(statement), message });
  }
  return toCommand(value);
}

function wordIn(value: Statement["values"][number]): string | undefined {
  return value?.kind === "word" ? value.value : undefined;
}

const KEYWORDS = ["notify_fifo", "vrrp_notify_fifo"] as const;
