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
  /** Numbers of its further groups, known when a daemon has read the file, and with `set_supplementary_groups` alone. */
  readonly groups?: readonly number[] | undefined;
}
