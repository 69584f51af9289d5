import type { Cause, Effect } from "./event.ts";
import type { State } from "./state.ts";

/** What one event comes to. */
export interface Step<Next extends State = State> {
  readonly state: Next;
  /** To be carried out in this order. */
  readonly effects: readonly Effect[];
  /** Why the kind of the state changed; undefined when it did not. */
  readonly cause: Cause | undefined;
}

/** The kind of the state is the same as before. */
export function stay(state: State, effects: readonly Effect[] = []): Step {
  return { state, effects, cause: undefined };
}

/** The kind of the state is another one. */
export function change<Next extends State>(state: Next, cause: Cause, effects: readonly Effect[] = []): Step<Next> {
  return { state, effects, cause };
}
