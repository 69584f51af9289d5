import type { Ask } from "../lab/prober.ts";
import type { Happening } from "./happening.ts";

/** What the client has seen last. */
export interface ClientView {
  readonly by: string | undefined;
  /** Since when it has had no answer, and whether that was told. */
  readonly silence: { readonly sinceMs: number; readonly told: boolean } | undefined;
}

/**
 * Decides what one more question says about the client's view; questions come in the order of asking. A silence is
 * told when it is long, a short one only by its end. `answeredMs` is when the answer was there, which dates a good one.
 */
export function see(
  view: ClientView,
  ask: Ask,
  answeredMs: number,
): { readonly view: ClientView; readonly happening?: Happening } {
  const { by, silence } = view;
  if (ask.kind === "unanswered") {
    const sinceMs = silence?.sinceMs ?? ask.atMs;
    const told = silence?.told ?? false;
    if (told || ask.atMs - sinceMs < LONG_SILENCE_MS) return { view: { by, silence: { sinceMs, told } } };
    const happening: Happening = { atMs: sinceMs, who: CLIENT, text: "gets no answer any more", tone: "bad" };
    return { view: { by, silence: { sinceMs, told: true } }, happening };
  }
  const now: ClientView = { by: ask.by, silence: undefined };
  const told = (text: string): Happening => ({ atMs: answeredMs, who: CLIENT, text, tone: "good" });
  const answer = `is answered ${ask.by}`;
  if (silence !== undefined && by !== undefined) {
    return { view: now, happening: told(`${answer} after ${ask.atMs - silence.sinceMs} ms without an answer`) };
  }
  if (ask.by === by) return { view: now };
  return { view: now, happening: told(by === undefined ? answer : `${answer}; no question went unanswered`) };
}

/** Before the first question. */
export const NOTHING_SEEN: ClientView = { by: undefined, silence: undefined };
export const CLIENT = "client";
/** From here on a silence is worth a line of its own while it lasts. */
const LONG_SILENCE_MS = 250;
