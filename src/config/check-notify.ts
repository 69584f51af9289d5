import { checkCommandText, toCommand } from "./check-commands.ts";
import type { InstanceDefaults } from "./check-global.ts";
import type { Report } from "./diagnostic.ts";
import type { ScriptCommand } from "./model/script-command.ts";
import type { NotifySettings } from "./model/telling.ts";
import { secondsOf, statementOf, switchOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** Reads who is told of an instance's changes. Words behind a command are USER and GROUP, as in keepalived. */
export function readNotify(block: readonly Statement[], defaults: InstanceDefaults, report: Report): NotifySettings {
  const command = (keyword: string): ScriptCommand | undefined => {
    const value = statementOf(block, keyword)?.values[0];
    if (value?.kind !== "command") return undefined;
    checkCommandText(value, keyword, report);
    return toCommand(value);
  };
  return {
    any: command("notify"),
    master: command("notify_master"),
    backup: command("notify_backup"),
    fault: command("notify_fault"),
    stop: command("notify_stop"),
    deleted: command("notify_deleted"),
    tellsDeleted: statementOf(block, "notify_deleted") !== undefined,
    lowerPriority: command("notify_master_rx_lower_pri"),
    priorityChanges: switchOf(block, "notify_priority_changes") ?? defaults.tellsPriorityChanges,
    mail: switchOf(block, "smtp_alert") ?? defaults.mailsChanges,
    timeout: secondsOf(block, "notify_timeout") ?? defaults.notifyTimeout,
    concurrent: switchOf(block, "notify_concurrent") ?? defaults.notifyConcurrent,
  };
}
