import type { IpAddress } from "./address.ts";

/** An object identifier: sub-identifiers of 32 bits, at most 128 (RFC 2578 section 3.5). */
export type Oid = readonly number[];

/** A value of a variable, with the type that the network sees (RFC 2578 section 2). */
export type SnmpValue =
  /** 32 bits, signed: Integer32, INTEGER, TruthValue. */
  | { readonly kind: "integer"; readonly value: number }
  /** At most 65535 bytes. */
  | { readonly kind: "octets"; readonly value: Uint8Array }
  | { readonly kind: "oid"; readonly value: Oid }
  /** Of IPv4. */
  | { readonly kind: "ip-address"; readonly value: IpAddress }
  /** 32 bits, unsigned. Unsigned32 is a gauge on the wire; ticks are hundredths of a second. */
  | { readonly kind: "counter32" | "gauge32" | "time-ticks"; readonly value: number }
  /** 64 bits, unsigned. */
  | { readonly kind: "counter64"; readonly value: bigint }
  | { readonly kind: "opaque"; readonly value: Uint8Array }
  | { readonly kind: "null" }
  /** Answers to a question for what is not there (RFC 3416 section 3). */
  | { readonly kind: "no-such-object" | "no-such-instance" | "end-of-mib-view" };

/** A variable with its value. */
export interface VarBind {
  readonly oid: Oid;
  readonly value: SnmpValue;
}

/** Where the next variable is looked for (RFC 2741 section 5.2). */
export interface SearchRange {
  readonly start: Oid;
  /** `start` itself may be the answer. */
  readonly included: boolean;
  /** The answer lies before it; empty: there is no end. */
  readonly end: Oid;
}

/** Why a request failed: error-status of SNMP (RFC 3416 section 3) and of AgentX (RFC 2741 section 6.2.16). */
export const SNMP_ERROR = {
  NO_ERROR: 0,
  GEN_ERR: 5,
  NO_ACCESS: 6,
  COMMIT_FAILED: 14,
  UNDO_FAILED: 15,
  NOT_WRITABLE: 17,
  OPEN_FAILED: 256,
  NOT_OPEN: 257,
  DUPLICATE_REGISTRATION: 263,
  PARSE_ERROR: 266,
  REQUEST_DENIED: 267,
  PROCESSING_ERROR: 268,
} as const;

/** The order of the tree: by the first sub-identifier that differs, and what is shorter comes first. */
export function compareOids(left: Oid, right: Oid): number {
  const shared = Math.min(left.length, right.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Whether `oid` lies in the subtree, or is its root. */
export function isWithin(subtree: Oid, oid: Oid): boolean {
  return subtree.length <= oid.length && subtree.every((part, index) => part === oid[index]);
}

/** `1.3.6.1.2.1.68`, as people write it. */
export function formatOid(oid: Oid): string {
  return oid.join(".");
}
