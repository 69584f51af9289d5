import { unreachable } from "../../base/assert.ts";
import type { AddressFamily, IpAddress } from "../../base/address.ts";
import { earlier, type Instant, type Micros } from "../../base/time.ts";

export type State =
  | Initialize
  | Backup
  | Active
  /** keepalived's addition to the RFC: something this router needs is broken. */
  | Fault;

export interface Initialize {
  readonly kind: "initialize";
}

export interface Backup {
  readonly kind: "backup";
  /** Active_Down_Timer. */
  readonly activeDownAt: Instant;
  /** Active_Adver_Interval: learnt from the master in version 3, our own in version 2. */
  readonly activeAdverInterval: Micros;
  readonly master: Master;
  readonly preemption: { readonly kind: "idle" } | { readonly kind: "delayed"; readonly until: Instant };
  /** Only in a sync group: it has waited long enough and would claim, but its group has yet to let it. */
  readonly ready?: true;
}

/** What a backup knows of the one it backs up. */
export type Master =
  | { readonly kind: "unheard" }
  | { readonly kind: "heard"; readonly source: IpAddress; readonly priority: number; readonly at: Instant }
  /** It said farewell with priority 0. */
  | { readonly kind: "left"; readonly source: IpAddress; readonly at: Instant };

export interface Active {
  readonly kind: "active";
  /** Adver_Timer. */
  readonly adverAt: Instant;
  /** When it last sent an advert. */
  readonly advertisedAt: Instant;
  /** Until then no backup can have taken over. By the interval that was advertised, which backups follow. */
  readonly trustedUntil: Instant;
  /** Announcements that are still to come. */
  readonly bursts: readonly Burst[];
  /** It claimed because nobody was heard, and no advert of it could be sent yet: it serves as in a network that is cut. */
  readonly alone?: true;
}

export interface Burst {
  readonly at: Instant;
  readonly repeat: number;
  /** 0: once. */
  readonly period: Micros;
  /** `reassert`: somebody may have believed another. */
  readonly reason: "claim" | "refresh" | "reassert" | "extra";
}

export interface Fault {
  readonly kind: "fault";
  readonly causes: FaultCauses;
}

/** What is broken, never empty. */
export type FaultCauses = readonly [FaultCause, ...FaultCause[]];

export type FaultCause =
  | { readonly kind: "interface-down"; readonly interface: string }
  | { readonly kind: "interface-missing"; readonly interface: string }
  | { readonly kind: "no-source-address"; readonly interface: string; readonly family: AddressFamily }
  | { readonly kind: "source-not-here"; readonly address: IpAddress }
  /** There is nobody to send to. */
  | { readonly kind: "no-unicast-peer" }
  /** It could neither hear nor be heard: a backup would take the silence for a master's death. */
  | { readonly kind: "no-socket"; readonly interface: string; readonly detail: string }
  | { readonly kind: "script"; readonly name: string; readonly detail: string }
  | { readonly kind: "tracked-interface"; readonly interface: string; readonly detail: string }
  | {
      readonly kind: "tracked-file" | "tracked-process" | "tracked-bfd";
      readonly name: string;
      readonly detail: string;
    }
  | { readonly kind: "tracked-file" | "tracked-process"; readonly name: string; readonly detail: string }
  /** A static address, route or rule that a track_group names has gone and cannot be put back. In words. */
  | { readonly kind: "static-object"; readonly what: string }
  /** Another member of its sync group has a fault. */
  | {
      readonly kind: "sync-group";
      readonly group: string;
      readonly member: string;
      readonly causes: FaultCauses;
    };

/** The instant at which the machine wants a `deadline` event; undefined: not before something else happens. */
export function nextDeadline(state: State): Instant | undefined {
  switch (state.kind) {
    case "initialize":
    case "fault":
      return undefined;
    case "backup":
      if (state.ready === true) return undefined;
      return state.preemption.kind === "delayed"
        ? earlier(state.activeDownAt, state.preemption.until)
        : state.activeDownAt;
    case "active":
      // Before its next advert only where the last ones could not be sent.
      return state.bursts.reduce<Instant | undefined>(
        (first, burst) => earlier(first, burst.at),
        earlier(state.adverAt, state.trustedUntil),
      );
    default:
      return unreachable(state);
  }
}
