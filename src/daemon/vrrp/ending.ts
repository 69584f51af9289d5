import { after, millis, seconds, type Instant } from "../../base/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { GroupSet } from "./group-set.ts";
import type { Instance } from "./instance.ts";
import type { Telling } from "./telling.ts";

export interface EndingDependencies {
  readonly clock: Clock;
  readonly instances: { everybody(): readonly Stopped[] };
  readonly groups: Pick<GroupSet, "quiet" | "close">;
  readonly telling: Pick<Telling, "finish" | "quiet" | "close">;
  /** Nobody is served, and nothing is told any more: what they used is to be closed. */
  readonly onEnd: () => void;
}

/** How a stop goes on, in two steps: until nothing is held any more, then until the scripts have been told. */
export class Ending {
  readonly #dependencies: EndingDependencies;
  #step: Step = { kind: "none" };

  constructor(dependencies: EndingDependencies) {
    this.#dependencies = dependencies;
  }

  get underWay(): boolean {
    return this.#step.kind !== "none";
  }

  /** Instances are about to be stopped. `done` comes once, after `onEnd`, in a call of `look`. */
  begin(done: () => void): void {
    this.#step = { kind: "handing-over", by: after(this.#dependencies.clock.now(), HAND_OVER_BOUND), done };
  }

  /** Goes on as far as it can. To be called whenever something may have ended; does nothing while no stop is under way. */
  look(): void {
    const step = this.#step;
    if (step.kind === "none") return;
    const { clock, instances, groups, telling, onEnd } = this.#dependencies;
    const now = clock.now();
    const everybody = instances.everybody();
    if (step.kind === "handing-over") {
      for (const instance of everybody) instance.repair();
      if (now < step.by && !everybody.every((instance) => instance.finished)) return;
      for (const instance of everybody) instance.holder.release();
      telling.finish();
      this.#step = { kind: "telling", by: after(now, TELLING_BOUND), done: step.done };
      return this.look();
    }
    const isQuiet = telling.quiet && groups.quiet && everybody.every((instance) => instance.quiet);
    if (now < step.by && !isQuiet) return;
    this.#step = { kind: "none" };
    for (const instance of everybody) {
      if (!instance.quiet) instance.hurry();
      instance.close();
    }
    groups.close();
    telling.close();
    onEnd();
    step.done();
  }
}

/** What of an instance matters when it has been stopped. */
interface Stopped extends Pick<Instance, "finished" | "quiet" | "repair" | "hurry" | "close"> {
  readonly holder: { release(): void };
}

type Step =
  | { readonly kind: "none" }
  | { readonly kind: "handing-over" | "telling"; readonly by: Instant; readonly done: () => void };

/** The longest hand-over (3 s) and a little more. */
const HAND_OVER_BOUND = millis(3_500);

/** keepalived's: stop scripts that take longer go on without us. */
const TELLING_BOUND = seconds(1);
