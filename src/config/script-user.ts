import type { ScriptUser } from "./model/script-command.ts";

/** `USER [[:]GROUP]`. A colon asks for the further groups of the user, and alone leaves the primary one to the user's own. */
export function scriptUserOf(user: string, group: string | undefined): ScriptUser {
  if (group?.startsWith(":") !== true) return { user, group };
  return { user, group: group === ":" ? undefined : group.slice(1), wantsGroups: true };
}
