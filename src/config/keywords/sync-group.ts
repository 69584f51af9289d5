import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";
import { trackBlocks } from "./vrrp-instance.ts";

const { parsed, NONE, SWITCH } = k;

/** `vrrp_sync_group`. */
export const SYNC_GROUP_BLOCK: KeywordSpec = parsed("vrrp_sync_group", [k.NAME], "Instances that are master together", {
  block: k.keywords(members()),
  repeated: "every",
  consequence: "its members change state each on its own, and its scripts do not run",
});

function members(): readonly KeywordSpec[] {
  const once = { repeated: "first" } as const;
  return [
    parsed("group", NONE, "Names of the instances", { block: k.lines("members") }),
    ...trackBlocks("parsed"),
    parsed("sync_group_tracking_weight", NONE, "Weights change the priority of all members"),
    parsed("global_tracking", NONE, "Old name of sync_group_tracking_weight", {
      replacedBy: "sync_group_tracking_weight",
    }),
    parsed("notify_master", [k.COMMAND], "Runs when all are master", once),
    parsed("notify_backup", [k.COMMAND], "Runs when all are backup", once),
    parsed("notify_fault", [k.COMMAND], "Runs on a fault of any", once),
    parsed("notify_stop", [k.COMMAND], "Runs at the end", once),
    parsed("notify", [k.COMMAND], "Runs on every change", once),
    parsed("notify_priority_changes", SWITCH, "Tells changes of priority too"),
    parsed("smtp_alert", SWITCH, "Mails on every change"),
  ];
}
