import type { IpAddress } from "../../base/address.ts";
import type { Place } from "../place.ts";

/** A line of virtual_ipaddress or virtual_ipaddress_excluded. */
export interface VirtualAddress {
  readonly address: IpAddress;
  /** 32 or 128 where the file gives none. */
  readonly prefixLength: number;
  readonly broadcast: IpAddress | undefined;
  readonly peer: IpAddress | undefined;
  /** Where it is added; the instance's interface unless `dev` says otherwise. */
  readonly device: string;
  readonly label: string | undefined;
  /** rt_scope_t number. */
  readonly scope: number;
  /** IFA_F_* flags. */
  readonly flags: number;
  /** In seconds. IPv6 defaults to 0 for /128, so that it never becomes a source address. */
  readonly preferredLifetime: number | "forever";
  /** Its loss by another's hand does not matter (`no_track`). */
  readonly tracked: boolean;
  /** It asks for an interface with the virtual MAC address; the device is that interface already. */
  readonly usesVmac: boolean;
  readonly place: Place;
}
