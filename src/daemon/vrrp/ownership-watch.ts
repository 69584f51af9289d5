import type { IpAddress } from "../../base/address.ts";
import { unreachable } from "../../base/assert.ts";
import type { Instant, Micros } from "../../base/time.ts";
import {
  CONCEDED_PRIORITY,
  ownershipDeadline,
  stepOwnership,
  UNDISPUTED,
  type Ownership,
  type OwnershipEvent,
} from "../../core/vrrp/ownership.ts";
import { OWNER_PRIORITY, type VirtualRouter } from "../../core/vrrp/router.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

export interface OwnershipDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Sends an advert now. */
  readonly assert: () => void;
  /** `limit` has another answer. */
  readonly onChange: () => void;
}

/** Watches for a second address owner, for one instance. Nothing happens while its priority is not 255. */
export class OwnershipWatch {
  readonly #dependencies: OwnershipDependencies;
  #settings: { readonly name: string; readonly priority: number };
  #state: Ownership = UNDISPUTED;
  #reported: IpAddress | undefined;

  constructor(settings: { readonly name: string; readonly priority: number }, dependencies: OwnershipDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
  }

  reconfigure(settings: { readonly name: string; readonly priority: number }): void {
    if (settings.priority !== this.#settings.priority) this.#state = UNDISPUTED;
    this.#settings = settings;
  }

  /** The priority to take part with. */
  limit(priority: number): number {
    return this.#state.kind === "conceded" ? Math.min(priority, CONCEDED_PRIORITY) : priority;
  }

  nextDeadline(): Instant | undefined {
    return ownershipDeadline(this.#state);
  }

  /** An advert was obeyed. `state` is what came of it. */
  noticeAdvertisement(
    advert: { readonly priority: number; readonly source: IpAddress; readonly interval: Micros },
    router: VirtualRouter,
    state: State,
  ): void {
    this.#step({ kind: "advertisement", ...advert }, router, state);
  }

  noticeState(router: VirtualRouter, state: State): void {
    this.#step({ kind: state.kind === "active" ? "became-active" : "left-active" }, router, state);
  }

  /** To be called on time. */
  wake(router: VirtualRouter, state: State): void {
    this.#step({ kind: "deadline" }, router, state);
  }

  #step(event: OwnershipEvent, router: VirtualRouter, state: State): void {
    if (this.#settings.priority !== OWNER_PRIORITY) return;
    const own = { source: router.source, interval: router.advertisementInterval, active: state.kind === "active" };
    const step = stepOwnership(this.#state, event, own, this.#dependencies.clock.now());
    this.#state = step.state;
    for (const effect of step.effects) {
      switch (effect) {
        case "report":
          if (event.kind === "advertisement") this.#report(event.source);
          break;
        case "assert":
          for (let count = 0; count < ASSERTIONS; count++) this.#dependencies.assert();
          break;
        case "concede":
          this.#say("the other owner does not yield; taking part with priority 254 until it does");
          this.#dependencies.onChange();
          break;
        case "reclaim":
          this.#say("no other owner is heard any more; taking part with priority 255 again");
          this.#dependencies.onChange();
          break;
        default:
          unreachable(effect);
      }
    }
  }

  /** Once for each of them: it is in the configuration, and does not go by itself. */
  #report(rival: IpAddress): void {
    if (this.#reported === rival) return;
    this.#reported = rival;
    const { log } = this.#dependencies;
    const text = `CONFIGURATION ERROR: this node and ${rival} both have priority 255, which only the owner of the addresses may have`;
    log.write("error", `(${this.#settings.name}) ${text}`);
  }

  #say(text: string): void {
    this.#dependencies.log.write("warn", `(${this.#settings.name}) ${text}`);
  }
}

const ASSERTIONS = 2;
