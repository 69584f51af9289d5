import type { Cause } from "../../core/vrrp/event.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { AuthenticationError, NewMasterReason, ProtocolError } from "../snmp-facts.ts";

/** What managers of networks want to know of an instance beyond its state (RFC 6527). */
export class History {
  #upSinceMs: number | undefined;
  #newMasterReason: NewMasterReason = "not-master";
  #protocolError: ProtocolError = "none";

  /** When it last came out of INIT or FAULT, in milliseconds since 1970; undefined: it is there. */
  get upSinceMs(): number | undefined {
    return this.#upSinceMs;
  }

  get newMasterReason(): NewMasterReason {
    return this.#newMasterReason;
  }

  get protocolError(): ProtocolError {
    return this.#protocolError;
  }

  noteState(state: Pick<State, "kind">, cause: Cause, atMs: number): void {
    const isUp = state.kind === "backup" || state.kind === "active";
    this.#upSinceMs = isUp ? (this.#upSinceMs ?? atMs) : undefined;
    if (state.kind === "active") this.#newMasterReason = reasonOf(cause);
  }

  /** A packet was discarded. */
  noteError(error: ProtocolError): void {
    this.#protocolError = error;
  }
}

/** What a discarded packet means in the words of VRRPv3-MIB; undefined: nothing. */
export function protocolErrorOf(reason: string): ProtocolError | undefined {
  return PROTOCOL_ERRORS.get(reason);
}

/** What a discarded packet means in the words of VRRP-MIB; undefined: nothing. */
export function authenticationErrorOf(reason: string): AuthenticationError | undefined {
  return AUTHENTICATION_ERRORS.get(reason);
}

/** vrrpv3StatisticsNewMasterReason: who was silent, who left, and who was too weak. */
function reasonOf(cause: Cause): NewMasterReason {
  switch (cause.code) {
    case "MASTER_WEAKER":
      return "preempted";
    case "MASTER_LEFT":
    case "ADDRESS_OWNER":
      return "priority";
    default:
      return "no-response";
  }
}

const PROTOCOL_ERRORS: ReadonlyMap<string, ProtocolError> = new Map([
  ["TTL", "ttl"],
  ["VERSION", "version"],
  ["BAD_VERSION", "version"],
  ["CHECKSUM", "checksum"],
]);

const AUTHENTICATION_ERRORS: ReadonlyMap<string, AuthenticationError> = new Map([
  ["AUTHENTICATION_UNKNOWN", "invalid-type"],
  ["AUTHENTICATION_TYPE", "type-mismatch"],
  ["PASSWORD", "failure"],
  ["AUTHENTICATION_HEADER", "failure"],
]);
