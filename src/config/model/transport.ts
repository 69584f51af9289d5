import type { IpAddress } from "../../base/address.ts";
import type { Place } from "../place.ts";

/** Unicast or multicast, and the addresses for it. */
export type Transport =
  | { readonly kind: "multicast"; readonly group: IpAddress; readonly source: IpAddress | undefined }
  | {
      readonly kind: "unicast";
      readonly source: IpAddress | undefined;
      /** Empty only with `unicast_fault_no_peer`: then the instance is in FAULT. */
      readonly peers: readonly UnicastPeer[];
      readonly ttl: number;
      /** Adverts of senders that are not listed are refused; otherwise they are obeyed and reported. */
      readonly checkSource: boolean;
      /**
       * Version 3 checksums over the multicast group, as keepalived once computed them: detected and answered in kind, used
       * from the start (`old_unicast_checksum`), or refused (`never`).
       */
      readonly oldChecksum: "detect" | "always" | "never";
    };

export interface UnicastPeer {
  readonly address: IpAddress;
  readonly place?: Place;
  /** 0-255. */
  readonly minTtl: number;
  readonly maxTtl: number;
}
