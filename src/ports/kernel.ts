import type { IpAddress, MacAddress } from "../base/address.ts";
import { EVERY_INTERFACE } from "../base/every-interface.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/** A network interface as the kernel describes it. */
export interface NetworkInterface {
  readonly index: number;
  readonly name: string;
  /** IFF_UP: an administrator wants it up. */
  readonly up: boolean;
  /** IFF_RUNNING: it has a carrier and can carry traffic. */
  readonly running: boolean;
  /** IFF_MULTICAST. */
  readonly multicast: boolean;
  /** IFF_LOOPBACK. */
  readonly loopback: boolean;
  /** IFF_NOARP: nobody asks for addresses there, so nothing is announced. */
  readonly noArp: boolean;
  readonly mtu: number;
  /** Undefined where the link layer has no 48-bit addresses. */
  readonly mac: MacAddress | undefined;
  /** It forwards IPv6 packets (net.ipv6.conf.*.forwarding), so that its neighbors may use it as a router. */
  readonly forwardsIpv6: boolean;
  /** IFLA_MASTER: the index of the bridge, bond or VRF that it belongs to. */
  readonly master?: number | undefined;
  /** IFLA_VRF_TABLE: it is a VRF, with this routing table. */
  readonly vrfTable?: number | undefined;
  /** It is an ipvlan on the interface with this index. Mode 0 is L2; the flags are IPVLAN_F_*, none of them means bridge. */
  readonly ipvlan?: { readonly baseIndex: number; readonly mode: number; readonly flags: number } | undefined;
}

/** In the place of an interface that nobody names: index 0, which the kernel takes for none. It is always up. */
export const ANY_DEVICE: NetworkInterface = {
  index: 0,
  name: EVERY_INTERFACE,
  up: true,
  running: true,
  multicast: false,
  loopback: false,
  noArp: true,
  // Of Ethernet: only the room for what is received is computed from it.
  mtu: 1500,
  mac: undefined,
  forwardsIpv6: false,
};

/** Seconds that remain, or the kernel's INFINITY_LIFE_TIME. */
export type Lifetime = number | "forever";

/** An address on an interface, as the kernel has it. */
export interface AddressRecord {
  readonly interfaceIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /**
   * IFA_F_SECONDARY (IPv4): it goes when the primary of its subnet goes. The same bit is IFA_F_TEMPORARY in IPv6: it is
   * there for privacy, and another replaces it.
   */
  readonly secondary: boolean;
  /**
   * IFA_F_TENTATIVE or IFA_F_DADFAILED (IPv6): duplicate address detection goes on, or has found another host with it.
   * Nothing can be sent from it. That this has passed is told as `address-added`.
   */
  readonly tentative: boolean;
  /** IFA_PROTO: who added it. Undefined on kernels before 5.18 and for addresses nobody claimed. */
  readonly protocol: number | undefined;
  readonly validLifetime: Lifetime;
}

/** An address to be added, or renewed, on an interface. */
export interface AddressRequest {
  readonly interfaceIndex: number;
  readonly address: IpAddress;
  readonly prefixLength: number;
  /** IFA_ADDRESS when it differs from the local address: the far end of a point-to-point link. */
  readonly peer: IpAddress | undefined;
  readonly broadcast: IpAddress | undefined;
  /** IFA_LABEL, at most 15 bytes. IPv4 only. */
  readonly label: string | undefined;
  /** rt_scope_t: RT_SCOPE_UNIVERSE 0, RT_SCOPE_LINK 253, RT_SCOPE_HOST 254. */
  readonly scope: number;
  /** IFA_F_*: IFA_F_NODAD, IFA_F_NOPREFIXROUTE and their like, or 0. */
  readonly flags: number;
  /** Whole seconds from when the kernel sees the request. */
  readonly validLifetime: Lifetime;
  readonly preferredLifetime: Lifetime;
  /** IFA_PROTO; IFAPROT_HOLDFAST unless given. */
  readonly protocol?: number;
}

/** What is needed to find an address again. */
export interface AddressTarget extends Pick<AddressRequest, "interfaceIndex" | "address" | "prefixLength"> {
  readonly peer?: IpAddress | undefined;
}

/** What changed, in the order it happened. */
export type KernelEvent =
  | { readonly kind: "interface-changed"; readonly interface: NetworkInterface }
  | { readonly kind: "interface-removed"; readonly index: number; readonly name: string }
  /** `forwardsIpv6` of an interface. */
  | { readonly kind: "forwarding-changed"; readonly index: number; readonly forwards: boolean }
  /** Also comes for each renewal by somebody else. */
  | { readonly kind: "address-added"; readonly record: AddressRecord }
  | { readonly kind: "address-removed"; readonly record: AddressRecord }
  /** ENOBUFS: events were lost, so whatever is cached must be read again. */
  | { readonly kind: "overrun" };

/** The multicast subscription to interfaces and addresses. */
export interface KernelMonitor {
  /** Takes what has arrived, without waiting. */
  receive(): readonly KernelEvent[];
  close(): void;
}

/** IFA_PROTO of every address that Holdfast adds: 0x48, "H". keepalived uses 18. */
export const IFAPROT_HOLDFAST = 0x48;

/**
 * Addresses and interfaces, by rtnetlink. Every call is answered by the kernel before it returns: rtnetlink works in the
 * caller's turn. That keeps effects in order without a queue.
 */
export interface Kernel {
  interfaces(): Result<readonly NetworkInterface[], SystemFailure>;
  /** Those of all interfaces, both families. */
  addresses(): Result<readonly AddressRecord[], SystemFailure>;
  /** NLM_F_CREATE and NLM_F_EXCL: an address that is there already is refused with EEXIST, whoever added it. */
  addAddress(request: AddressRequest): Result<void, SystemFailure>;
  /** The same for several, all in one message batch, answers in the order of the requests; a refusal does not stop the others. */
  addAddresses(requests: readonly AddressRequest[]): readonly Result<void, SystemFailure>[];
  /** Makes what `addAddresses` will need when it is called with these objects. The kernel is asked for nothing. */
  prepareAddresses(requests: readonly AddressRequest[]): void;
  /**
   * Gives each address a new lifetime, all in one message batch, answers in the order of the requests. The monitors of this
   * port hear of it only where a lifetime has no end: thousands of renewals a second would tell them nothing new.
   *
   * The kernel creates an IPv4 address that is missing, so the caller makes sure first that its last renewal cannot have
   * run out.
   */
  renewAddresses(requests: readonly AddressRequest[]): readonly Result<void, SystemFailure>[];
  /** Refused with EADDRNOTAVAIL when it is not there. An address that was added with a peer needs it here, too. */
  removeAddress(target: AddressTarget): Result<void, SystemFailure>;
  openMonitor(onReadable: () => void): Result<KernelMonitor, SystemFailure>;
}
