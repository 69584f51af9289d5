import type { InstanceStateName } from "../api/contract.ts";
import type { IpAddress, MacAddress } from "../base/address.ts";

/*
 * What the vrrp process tells the snmp process. Plain data: it crosses two pipes as JSON. What stands in the configuration is
 * left out: both have that.
 */

/** What changes while a configuration is in force, at one moment. */
export interface SnmpFacts {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly instances: readonly SnmpInstanceFacts[];
  readonly groups: readonly { readonly name: string; readonly state: InstanceStateName }[];
  readonly scripts: readonly { readonly name: string; readonly verdict: Verdict }[];
  readonly files: readonly { readonly name: string; readonly value: number }[];
  /** Undefined: they have not been counted. */
  readonly processes: readonly { readonly name: string; readonly count?: number; readonly verdict: Verdict }[];
  readonly bfd: readonly { readonly name: string; readonly verdict: Verdict }[];
  readonly interfaces: readonly { readonly index: number; readonly name: string; readonly mac?: MacAddress }[];
  /** Adverts for virtual routers that are none of ours. */
  readonly strangers: number;
}

type Verdict = "unknown" | "up" | "down";

export interface SnmpInstanceFacts {
  readonly name: string;
  readonly state: InstanceStateName;
  readonly wanted: InstanceStateName;
  readonly effectivePriority: number;
  /** Whom it follows; missing: nobody is heard, or it is master. */
  readonly master?: IpAddress;
  /** From where it sends its adverts; missing: it has nothing to send from. */
  readonly source?: IpAddress;
  /** When it last came out of INIT or FAULT; missing: it is there. */
  readonly upSinceMs?: number;
  /** Which of its addresses it holds, those that are excluded behind the others. */
  readonly held: readonly boolean[];
  /** Which of its routes and rules it has set. */
  readonly routing: readonly boolean[];
  /** Counted since the start; those that are zero may be missing. */
  readonly counters: Readonly<Record<string, number>>;
  readonly newMasterReason: NewMasterReason;
  readonly protocolError: ProtocolError;
}

/** Why it became master the last time, in the words of VRRPv3-MIB (RFC 6527). */
export type NewMasterReason = "not-master" | "priority" | "preempted" | "no-response";

/** The last packet that was no valid advert, in the words of VRRPv3-MIB (RFC 6527). */
export type ProtocolError = "none" | "ttl" | "version" | "checksum" | "vrid";

/** What is told by a trap. */
export type Happening =
  | { readonly kind: "group-state"; readonly name: string; readonly state: HappeningState }
  | {
      readonly kind: "instance-state";
      readonly name: string;
      readonly state: HappeningState;
      readonly source?: IpAddress;
      readonly newMasterReason: NewMasterReason;
      /** Where its adverts leave; 0: there is no such interface. */
      readonly interfaceIndex: number;
    }
  | {
      readonly kind: "protocol-error";
      readonly name: string;
      readonly error: ProtocolError;
      readonly interfaceIndex: number;
    }
  | {
      readonly kind: "authentication-error";
      readonly name: string;
      readonly sender: IpAddress;
      readonly error: AuthenticationError;
      readonly interfaceIndex: number;
    };

export type HappeningState = "BACKUP" | "MASTER" | "FAULT" | "STOP" | "DELETED";

/** In the words of VRRP-MIB (RFC 2787). */
export type AuthenticationError = "invalid-type" | "type-mismatch" | "failure";
