import type { IpAddress } from "../../base/address.ts";
import type { Micros } from "../../base/time.ts";
import type { Place } from "../place.ts";

/** A bfd_instance block. */
export interface BfdInstanceSettings {
  readonly name: string;
  readonly place: Place;
  readonly neighbor: IpAddress;
  /** Of the neighbour's family; undefined: the kernel chooses. */
  readonly source: IpAddress | undefined;
  readonly minTx: Micros;
  readonly minRx: Micros;
  /** At least a second. */
  readonly idleTx: Micros;
  /** 1-255. */
  readonly multiplier: number;
  readonly passive: boolean;
  /** TTL or hop limit of our packets, 1-255. */
  readonly hopLimit: number;
  /** The least that the neighbour's may arrive with; 0: any. */
  readonly leastHopLimit: number;
  /** By RFC 5883, over routers, to a port of its own. */
  readonly multihop: boolean;
}
