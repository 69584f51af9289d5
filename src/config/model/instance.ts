import type { AddressFamily } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";
import type { Place } from "../place.ts";
import type { VirtualAddress } from "./addresses.ts";
import type { VirtualInterface } from "./virtual-interfaces.ts";
import type { AnnounceSettings } from "./announcing.ts";
import type { AuthenticationSettings } from "./authentication.ts";
import type { RoutingSettings } from "./routing.ts";
import type { NotifySettings } from "./telling.ts";
import type { TrackedThings } from "./trackers.ts";
import type { Transport } from "./transport.ts";

/** A vrrp_instance block. */
export interface InstanceSettings extends TrackedThings {
  readonly name: string;
  readonly place: Place;
  readonly family: AddressFamily;
  readonly version: 2 | 3;
  readonly vrid: number;
  /** With `vrf` in its place, the VRF, whose interfaces are all heard; empty with neither (base/every-interface.ts). */
  readonly interface: string;
  /** Where adverts leave and arrive: the interface, or one that is made for it. */
  readonly advertInterface: string;
  /** What the process makes for it before it starts. */
  readonly virtualInterfaces: readonly VirtualInterface[];
  /** Where the interface is named. */
  readonly interfacePlace?: Place;
  /** 1-255 before trackers; 255 is the address owner. */
  readonly priority: number;
  readonly advertisementInterval: Micros;
  readonly preemptMode: boolean;
  readonly preemptDelay: Micros;
  readonly downTimerAdverts: number;
  readonly transport: Transport;
  readonly authentication: AuthenticationSettings;
  readonly virtualAddresses: readonly VirtualAddress[];
  readonly excludedAddresses: readonly VirtualAddress[];
  /** Routes, then rules, that the master has, in the order in which they are added. */
  readonly routing: readonly RoutingSettings[];
  readonly skipCheckAdvertisedAddresses: boolean;
  /** VRRPv3 over IPv4: checksum without the pseudo-header, and no received checksum is refused. */
  readonly checksumAsV2: boolean;
  /** The instance's own interface going down is FAULT, unless `dont_track_primary`. */
  readonly trackOwnInterface: boolean;
  /** A configured source address that is not on the host is FAULT (`track_src_ip`). */
  readonly trackSource: boolean;
  readonly announce: AnnounceSettings;
  readonly notify: NotifySettings;
  /** `@holdfast vip_lease off|SECONDS`; "auto" follows the advertisement interval. */
  readonly lease: "auto" | "off" | { readonly seconds: number };
  /**
   * `@holdfast fine_lock on|off`: packets pass only while this node adverts, to the millisecond; "auto" where the lease ends too
   * late for the protocol.
   */
  readonly fineLock: "auto" | "on" | "off";
  /** Hosts may talk to the virtual addresses, not only through this one (`accept`, `no_accept`). Always for an owner. */
  readonly accept: boolean;
  /** `@holdfast repair`: put back a VIP that somebody else deleted; off: keepalived's way, step down. */
  readonly repair: boolean;
  /** An advert of lower priority is answered at once with one of ours (`lower_prio_no_advert` turns it off). */
  readonly answersLowerPriority: boolean;
  /** One more advert before yielding to a higher one (`higher_prio_send_advert`). */
  readonly answersHigherPriority: boolean;
  /** An owner heeds no adverts (`owner_ignore_adverts`). */
  readonly ownerIgnoresAdverts: boolean;
  /** `@holdfast quick_preempt`: takes over soon from its own master when that becomes the weaker one. */
  readonly quickPreempt: boolean;
  /** The highest priority that a backup can have, 1-254 (`timer_expired_backup`); undefined: it is not known. */
  readonly strongestBackup: number | undefined;
  /** The kernel promotes secondary addresses of the interfaces meanwhile. */
  readonly promotesSecondaries: boolean;
  /** Of its socket, in bytes (`kernel_rx_buf_size`); undefined: by the global settings. */
  readonly receiveBuffer: number | undefined;
}
