import { unreachable } from "../../base/assert.ts";
import type { Instant } from "../../base/time.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Effect } from "../../core/vrrp/event.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { Log } from "../../ports/log.ts";
import type { AddressHolder } from "./address-holder.ts";
import { isAnnouncedOften } from "./announcement.ts";
import { narrateEffect } from "./narrator.ts";

export interface DeedDependencies {
  readonly log: Log;
  readonly holder: AddressHolder;
  /** Sends an advert now. @returns whether it was sent to anybody. */
  readonly advertise: (priority: number) => boolean;
}

/** What the machine has made of one event. */
export interface Turn {
  readonly before: State;
  readonly after: State;
  readonly effects: readonly Effect[];
}

/** Turns the machine's effects into deeds, one after the other in their order. */
export class Deeds {
  readonly #dependencies: DeedDependencies;

  constructor(dependencies: DeedDependencies) {
    this.#dependencies = dependencies;
  }

  /** @returns what became of the advert, a farewell not counted; undefined: there was none. */
  obey(settings: InstanceSettings, { before, after, effects }: Turn, now: Instant): "sent" | "unsent" | undefined {
    const { holder, advertise } = this.#dependencies;
    let outcome: "sent" | "unsent" | undefined;
    for (const effect of effects) {
      if (effect.kind !== "send-advertisement" || effect.priority === 0) {
        this.#obeyOne(settings, effect, now);
        continue;
      }
      outcome = advertise(effect.priority) ? "sent" : "unsent";
      const isAlone = after.kind === "active" && (before.kind !== "active" || before.alone === true);
      if (outcome === "sent" || isAlone) holder.noticeAdvertisement(now);
    }
    return outcome;
  }

  #obeyOne(settings: InstanceSettings, effect: Effect, now: Instant): void {
    const { log, holder, advertise } = this.#dependencies;
    narrateEffect(log, settings.name, effect, now);
    switch (effect.kind) {
      case "send-advertisement":
        advertise(effect.priority);
        return;
      case "add-addresses":
        return holder.claim();
      case "announce-addresses":
        return holder.announce(effect.repeat);
      case "announce-extra":
        return holder.announceOnce((device) => isAnnouncedOften(settings, device));
      case "remove-addresses":
        return holder.release();
      case "hand-over-addresses":
        return holder.handOver(effect.until);
      default:
        return unreachable(effect);
    }
  }
}
