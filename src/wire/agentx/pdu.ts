import type { Oid, SearchRange, VarBind } from "../../base/snmp.ts";

/** Why an agent closes its session, or is closed (RFC 2741 section 6.2.2). */
export type CloseReason = "other" | "parse-error" | "protocol-error" | "timeouts" | "shutdown" | "by-manager";

/** What every PDU carries (RFC 2741 section 6.1). All numbers have 32 bits. */
export interface AgentxHeader {
  /** 0 before the session is open. */
  readonly session: number;
  /** Names the request of a manager that it belongs to. */
  readonly transaction: number;
  /** An answer has that of its question. */
  readonly packet: number;
}

/** The PDUs that a subagent which only reads sends and gets. */
export type AgentxBody =
  /** Requests that stay unanswered for `timeoutSeconds` are given up; 0: the master's own default. */
  | { readonly kind: "open"; readonly timeoutSeconds: number; readonly id: Oid; readonly description: string }
  | { readonly kind: "close"; readonly reason: CloseReason }
  /** The lower the priority the more it counts; 127 is the usual one. */
  | { readonly kind: "register" | "unregister"; readonly subtree: Oid; readonly priority: number }
  | { readonly kind: "ping" }
  | { readonly kind: "add-capabilities"; readonly id: Oid; readonly description: string }
  | { readonly kind: "remove-capabilities"; readonly id: Oid }
  | { readonly kind: "notify"; readonly bindings: readonly VarBind[] }
  | { readonly kind: "get"; readonly names: readonly Oid[] }
  | { readonly kind: "get-next"; readonly ranges: readonly SearchRange[] }
  | {
      readonly kind: "get-bulk";
      readonly nonRepeaters: number;
      readonly maxRepetitions: number;
      readonly ranges: readonly SearchRange[];
    }
  | { readonly kind: "test-set"; readonly bindings: readonly VarBind[] }
  | { readonly kind: "commit-set" | "undo-set" | "cleanup-set" }
  /** `error` is an error-status, `index` counts variables from 1; 0: it concerns none. */
  | {
      readonly kind: "response";
      readonly upTime: number;
      readonly error: number;
      readonly index: number;
      readonly bindings: readonly VarBind[];
    };

export type AgentxPdu = AgentxHeader & AgentxBody;

/** Why bytes are no PDU. After one of these the stream has no meaning any more. */
export type AgentxError =
  | { readonly code: "BAD_VERSION"; readonly version: number }
  /** Longer than anybody needs; whoever sends it would have us keep it. */
  | { readonly code: "TOO_LONG"; readonly length: number }
  /** Not a multiple of 4, as all of AgentX is. */
  | { readonly code: "BAD_LENGTH"; readonly length: number }
  | { readonly code: "UNKNOWN_TYPE"; readonly type: number }
  /** A field reaches beyond the end of the PDU. */
  | { readonly code: "TRUNCATED"; readonly type: number }
  | { readonly code: "BAD_VALUE"; readonly what: string };

/** Type of each PDU (RFC 2741 section 6.1). */
export const PDU_TYPES = {
  open: 1,
  close: 2,
  register: 3,
  unregister: 4,
  get: 5,
  "get-next": 6,
  "get-bulk": 7,
  "test-set": 8,
  "commit-set": 9,
  "undo-set": 10,
  "cleanup-set": 11,
  notify: 12,
  ping: 13,
  "add-capabilities": 16,
  "remove-capabilities": 17,
  response: 18,
} as const satisfies Record<AgentxBody["kind"], number>;

/** By their numbers, which begin with 1. */
export const CLOSE_REASONS: readonly CloseReason[] = [
  "other",
  "parse-error",
  "protocol-error",
  "timeouts",
  "shutdown",
  "by-manager",
];

/** Types of values (RFC 2741 section 5.4). */
export const VALUE_TYPES = {
  integer: 2,
  octets: 4,
  null: 5,
  oid: 6,
  "ip-address": 64,
  counter32: 65,
  gauge32: 66,
  "time-ticks": 67,
  opaque: 68,
  counter64: 70,
  "no-such-object": 128,
  "no-such-instance": 129,
  "end-of-mib-view": 130,
} as const;

export const AGENTX_VERSION = 1;
export const HEADER_LENGTH = 20;

/** h.flags: strings, numbers and the header itself are in network byte order. */
export const FLAG_NETWORK_BYTE_ORDER = 0x10;
/** h.flags: the name of a context comes first. */
export const FLAG_NON_DEFAULT_CONTEXT = 0x08;

/** The bytes of the iso.org.dod.internet prefix that an identifier may leave out (RFC 2741 section 5.1). */
export const INTERNET: Oid = [1, 3, 6, 1];

/** A PDU is read only up to this many bytes. net-snmp's own limit is 65536. */
export const LONGEST_PDU = 262_144;
