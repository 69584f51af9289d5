import { after, type Instant, type Micros } from "../../base/time.ts";

/** How long a change of an interface has to last before it counts (`interface_up_down_delays`). 0: at once. */
export interface LinkPatience {
  readonly down: Micros;
  readonly up: Micros;
}

/** What is held of an interface, and what it may be about to become. */
export interface LinkState {
  readonly up: boolean;
  /** It is the other way round now, which counts from then on. */
  readonly changesAt: Instant | undefined;
}

/**
 * Follows an interface that is `up`, or not, at this instant. A change counts when it has lasted for its patience; one that is
 * taken back before that never happened. What is seen first counts at once.
 */
export function followLink(patience: LinkPatience, state: LinkState | undefined, up: boolean, now: Instant): LinkState {
  if (state === undefined || state.up === up) return { up, changesAt: undefined };
  const changesAt = state.changesAt ?? after(now, up ? patience.up : patience.down);
  return now < changesAt ? { up: state.up, changesAt } : { up, changesAt: undefined };
}
