import type { Happening } from "./happening.ts";
import { describeOutcome, isGood } from "./render.ts";
import type { Played } from "./story.ts";

/** The answer of `holdfast demo --json`. Fields are added without notice; one that changes its meaning raises `version`. */
export interface DemoDocument {
  readonly version: 1;
  readonly holdfast: string;
  readonly webServer: string;
  /** Every step went as expected. */
  readonly ok: boolean;
  readonly seconds: number;
  readonly steps: readonly StepDocument[];
}

export interface StepDocument {
  readonly name: string;
  readonly title: string;
  readonly ok: boolean;
  /** The longest time the client was not answered; null where the step did not come to its end. */
  readonly outageMs: number | null;
  readonly outageLimitMs: number;
  /** How long both nodes had the address; null where the step did not come to its end. */
  readonly twoHoldersMs: number | null;
  readonly twoHoldersLimitMs: number;
  readonly text: string;
  /** What happened meanwhile. `atMs` counts from the start of the demo. */
  readonly events: readonly { readonly atMs: number; readonly who: string; readonly text: string }[];
}

/** Makes the document of a whole demo. */
export function documentOf(facts: {
  readonly holdfast: string;
  readonly webServer: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly played: readonly Played[];
  readonly happenings: readonly Happening[];
  readonly startedMs: number;
}): DemoDocument {
  const { holdfast, webServer, ok, played, happenings, startedMs } = facts;
  const steps = played.map(({ step, outcome, fromMs, untilMs }): StepDocument => {
    const measured = outcome.kind === "measured";
    const events = happenings.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
    return {
      name: step.name,
      title: step.title,
      ok: isGood(outcome),
      outageMs: measured ? outcome.outageMs : null,
      outageLimitMs: step.outageLimitMs,
      twoHoldersMs: measured ? outcome.twoHoldersMs : null,
      twoHoldersLimitMs: step.twoHoldersLimitMs,
      text: describeOutcome(step, outcome).join("\n"),
      events: events.map(({ atMs, who, text }) => ({ atMs: Math.round(atMs - startedMs), who, text })),
    };
  });
  return { version: 1, holdfast, webServer, ok, seconds: Math.round(facts.seconds * 10) / 10, steps };
}
