import type { Place } from "../place.ts";

/** A program to run without a shell. */
export interface ScriptCommand {
  readonly argv: readonly string[];
  readonly user: ScriptUser | undefined;
  readonly place: Place;
}

export interface ScriptUser {
  readonly user: string;
  readonly group: string | undefined;
  /** A colon stands before the group: scripts have the further groups of the user, whatever `set_supplementary_groups` says. */
  readonly wantsGroups?: true;
  /** Numbers of its further groups, known when a daemon has read the file, and where they are wanted alone. */
  readonly groups?: readonly number[] | undefined;
}
