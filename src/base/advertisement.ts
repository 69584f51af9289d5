/**
 * What a received advert shows of its sender besides its fields: the words in which whoever reads bytes tells whoever judges.
 */

/** Auth Type with its data; only version 2 has any. */
export type Authentication =
  | { readonly kind: "none" }
  /** Type 1 of RFC 2338: eight bytes in clear text, a shorter password followed by zeros. Empty over IPv6. A copy. */
  | { readonly kind: "password"; readonly data: Uint8Array }
  /** Type 2 of RFC 2338: the proof is in an IP authentication header in front of the message. */
  | { readonly kind: "header" }
  | { readonly kind: "other"; readonly type: number };

/** What a checksum turned out to cover. */
export type ChecksumForm =
  /** The message alone: version 2, and version 3 over IPv4 as RFC 9568 and some vendors read it. */
  | "plain"
  /** The message behind a pseudo-header of its real ends: version 3 as RFC 5798 and keepalived read it, and all of IPv6. */
  | "pseudo-header"
  /** A unicast message behind a pseudo-header that names 224.0.0.18, as old versions of keepalived send it. */
  | "multicast-pseudo-header"
  | "wrong";
