import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";
import { notifyExtensions, trackBlocks } from "./vrrp-instance.ts";

const { acted, NONE, SWITCH } = k;

/** `vrrp_sync_group`. */
export const SYNC_GROUP_BLOCK: KeywordSpec = acted("vrrp_sync_group", [k.NAME], "Instances that are master together", {
  block: k.keywords(members(), notifyExtensions()),
  repeated: "every",
});

function members(): readonly KeywordSpec[] {
  const once = { repeated: "first" } as const;
  return [
    acted("group", NONE, "Names of the instances", { block: k.lines("members") }),
    ...trackBlocks("acted"),
    acted("sync_group_tracking_weight", NONE, "Weights that members track with count"),
    acted("global_tracking", NONE, "Old name of sync_group_tracking_weight", {
      replacedBy: "sync_group_tracking_weight",
    }),
    acted("notify_master", [k.COMMAND], "Runs when all are master", once),
    acted("notify_backup", [k.COMMAND], "Runs when all are backup", once),
    acted("notify_fault", [k.COMMAND], "Runs on a fault of any", once),
    acted("notify_stop", [k.COMMAND], "Runs at the end", once),
    acted("notify", [k.COMMAND], "Runs on every change", once),
    acted("notify_priority_changes", SWITCH, "Tells changes of priority too"),
    acted("smtp_alert", SWITCH, "Mails on every change"),
  ];
}
