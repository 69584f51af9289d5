import type { Master, State } from "../../core/vrrp/state.ts";
import type { Instance } from "./instance.ts";

/** The sync group that an instance belongs to. */
export interface GroupSeat {
  /** What the group goes by may have changed in this member: see `Instance.view`. */
  notice(member: Instance): void;
  /** This member, which is master, has heard a weaker one. */
  challenged(member: Instance): void;
}

/** Whether a group may have to do something about it. */
export function concernsGroup(before: State, after: State): boolean {
  if (before.kind !== after.kind) return true;
  if (before.kind !== "backup" || after.kind !== "backup") return false;
  return before.ready !== after.ready || priorityOf(before.master) !== priorityOf(after.master);
}

function priorityOf(master: Master): number | undefined {
  return master.kind === "heard" ? master.priority : undefined;
}
