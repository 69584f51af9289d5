import type { IpAddress } from "../../base/address.ts";
import type { Instant, Micros } from "../../base/time.ts";
import type { VirtualRouter } from "./router.ts";
import type { FaultCauses, Master, State } from "./state.ts";

export type Event =
  | { readonly kind: "startup" }
  /** The process was restarted while the kernel's lease on all addresses still runs: nobody else can hold them. */
  | { readonly kind: "resume" }
  /** `reason` is for people: who wants it. */
  | { readonly kind: "shutdown"; readonly reason: string }
  /** A wake-up. Early, late or repeated ones do no harm. */
  | { readonly kind: "deadline" }
  /** An advert that passed all checks. Its priority may be 0. */
  | {
      readonly kind: "advertisement";
      readonly priority: number;
      readonly interval: Micros;
      readonly source: IpAddress;
    }
  /** The effective priority is another one; `router` has the new one. */
  | { readonly kind: "priority-changed"; readonly previous: VirtualRouter }
  /** What is broken, whole; nothing of it need be new. */
  | { readonly kind: "fault"; readonly causes: FaultCauses }
  | { readonly kind: "fault-cleared" }
  /** The configuration is another one; `router` is the new one. */
  | { readonly kind: "reconfigured" }
  /** Announcements are to be timed otherwise; `router` has the new times. */
  | { readonly kind: "announcing-changed"; readonly previous: VirtualRouter }
  /** This process, or the whole machine, stood still for so long. */
  | { readonly kind: "paused"; readonly by: PauseKind; readonly length: Micros }
  /** The last renewal that the kernel acknowledged is older than the lease. */
  | { readonly kind: "lease-expired"; readonly age: Micros }
  /** The advert of this turn could not be sent to anybody; `router` says why. `before`: the state before the turn. */
  | { readonly kind: "unsent"; readonly before: State }
  /** Somebody took an address away, or a route or rule, given in words, and it is not to be put back. */
  | { readonly kind: "address-lost"; readonly address: string }
  /** All members of the sync group are ready. */
  | { readonly kind: "group-claim" }
  /** Another active member of the sync group has heard a weaker master: it may be on this network, too. */
  | { readonly kind: "group-challenged" }
  /** `member` of the sync group is not active any more, and so nobody is to be. */
  | {
      readonly kind: "group-yield";
      readonly group: string;
      readonly member: string;
      readonly because: Cause;
      readonly manner: YieldManner;
    };

export type Advertisement = Extract<Event, { kind: "advertisement" }>;

/**
 * How a member leaves with its group. `to-successor`: another router has claimed, or is about to claim, this one's
 * addresses as well. `farewell`: nobody may know of it yet. `withdraw`: nobody can tell who has them by now. `take-back`: to
 * claim them again after the skew, unless somebody else is quicker.
 */
export type YieldManner = "to-successor" | "farewell" | "withdraw" | "take-back";

export type PauseKind = "process" | "suspend" | "freeze";

export type Effect =
  | { readonly kind: "send-advertisement"; readonly priority: number }
  | { readonly kind: "add-addresses" }
  | { readonly kind: "announce-addresses"; readonly repeat: number }
  /** One address on each interface on which switches would see nothing of us otherwise. */
  | { readonly kind: "announce-extra" }
  /** At once: somebody else may hold them already. */
  | { readonly kind: "remove-addresses" }
  /** Keep serving until the successor has announced each address, at the latest until then. */
  | { readonly kind: "hand-over-addresses"; readonly until: Instant };

/** Why a router changed its state. `code` is a log field, a metric label and an API value. */
export type Cause =
  | { readonly code: "STARTED" }
  | { readonly code: "RESUMED" }
  | { readonly code: "SHUTDOWN"; readonly reason: string }
  | { readonly code: "ADDRESS_OWNER" }
  | { readonly code: "MASTER_SILENT"; readonly master: Master; readonly waited: Micros }
  | { readonly code: "MASTER_LEFT"; readonly source: IpAddress }
  | { readonly code: "MASTER_WEAKER"; readonly source: IpAddress; readonly priority: number; readonly delayed: boolean }
  | { readonly code: "HIGHER_PRIORITY"; readonly source: IpAddress; readonly priority: number; readonly ours: number }
  | { readonly code: "HIGHER_ADDRESS"; readonly source: IpAddress; readonly priority: number }
  | { readonly code: "FAULT"; readonly causes: FaultCauses }
  | { readonly code: "FAULT_CLEARED" }
  | { readonly code: "PAUSED"; readonly by: PauseKind; readonly length: Micros }
  /** `unsent`: why no advert could be sent; undefined: none was tried. */
  | { readonly code: "SILENT"; readonly length: Micros; readonly unsent?: string | undefined }
  | { readonly code: "UNHEARD"; readonly source: IpAddress; readonly priority: number; readonly unsent: string }
  | { readonly code: "LEASE_EXPIRED"; readonly age: Micros }
  | { readonly code: "ADDRESS_LOST"; readonly address: string }
  /** Of members of sync groups alone. */
  | { readonly code: "OTHER_MASTER"; readonly source: IpAddress; readonly priority: number }
  | { readonly code: "SYNC_GROUP"; readonly group: string; readonly member: string; readonly because: Cause };
