import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import { micros } from "../base/time.ts";
import type { Micros } from "../base/time.ts";

/*
 *  0                   1                   2                   3      RFC 5880 section 4.1
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-----+---------+---+-----------+---------------+---------------+
 * |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 * +-----+---------+---+-----------+---------------+---------------+
 * |                       My Discriminator                        |
 * |                      Your Discriminator                       |
 * |                    Desired Min TX Interval                    |
 * |                   Required Min RX Interval                    |
 * |                 Required Min Echo RX Interval                 |
 * +---------------------------------------------------------------+
 */

/** A BFD Control packet without an authentication section. */
export interface BfdControlPacket {
  readonly diagnostic: BfdDiagnostic;
  readonly state: BfdState;
  /** P: an answer with `final` is wanted. */
  readonly poll: boolean;
  /** F: this is such an answer. */
  readonly final: boolean;
  /** C: the sender's BFD survives a restart of its control plane. */
  readonly controlPlaneIndependent: boolean;
  /** D: the sender wants no periodic packets while it is up. */
  readonly demand: boolean;
  /** How many packets may be missed. 1-255. */
  readonly detectMultiplier: number;
  /** The sender's name for the session, never 0. 32 bits. */
  readonly myDiscriminator: number;
  /** What the sender has heard as ours; 0 as long as it has heard nothing. */
  readonly yourDiscriminator: number;
  /** 0-4294 s; on the wire in microseconds. */
  readonly desiredMinTxInterval: Micros;
  /** 0: send me nothing periodic. */
  readonly requiredMinRxInterval: Micros;
  /** 0: the sender loops no echo packets back. */
  readonly requiredMinEchoRxInterval: Micros;
}

/** Sta, by its number. */
export type BfdState = "admin-down" | "down" | "init" | "up";

/** Diag: 0-31, the sender's reason for its last change. RFC 5880 section 4.1 names 0 to 8. */
export type BfdDiagnostic = number;

export type BfdError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_VERSION"; readonly version: number }
  | { readonly code: "BAD_LENGTH"; readonly field: number; readonly length: number }
  /** Nobody has agreed on a secret (RFC 5880 section 6.8.6: bfd.AuthType is zero). */
  | { readonly code: "AUTHENTICATED" }
  | { readonly code: "MULTIPOINT" }
  | { readonly code: "ZERO_MULTIPLIER" }
  | { readonly code: "ZERO_DISCRIMINATOR" }
  /** Without Your Discriminator only Down and AdminDown can be meant. */
  | { readonly code: "ZERO_YOUR_DISCRIMINATOR"; readonly state: BfdState };

/** UDP destination port of single-hop sessions (RFC 5881 section 4). */
export const BFD_CONTROL_PORT = 3784;

/** UDP destination port of multihop sessions (RFC 5883 section 5). */
export const BFD_MULTIHOP_PORT = 4784;

/**
 * Reads the payload of a UDP datagram and applies those checks of RFC 5880 section 6.8.6 that need no session, in their order.
 * What lies behind the Length of the packet is ignored.
 */
export function parseBfdControl(bytes: Uint8Array): Result<BfdControlPacket, BfdError> {
  if (bytes.length < LENGTH) return fail({ code: "TRUNCATED", needed: LENGTH, length: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(AT_VERSION_DIAGNOSTIC) >> 5;
  if (version !== VERSION) return fail({ code: "BAD_VERSION", version });
  const flags = view.getUint8(AT_STATE_FLAGS);
  const field = view.getUint8(AT_LENGTH);
  const shortest = (flags & FLAG_AUTHENTICATION) === 0 ? LENGTH : LENGTH + AUTHENTICATION_HEADER;
  if (field < shortest || field > bytes.length) return fail({ code: "BAD_LENGTH", field, length: bytes.length });
  const detectMultiplier = view.getUint8(AT_MULTIPLIER);
  if (detectMultiplier === 0) return fail({ code: "ZERO_MULTIPLIER" });
  if ((flags & FLAG_MULTIPOINT) !== 0) return fail({ code: "MULTIPOINT" });
  const myDiscriminator = view.getUint32(AT_MY_DISCRIMINATOR);
  if (myDiscriminator === 0) return fail({ code: "ZERO_DISCRIMINATOR" });
  const yourDiscriminator = view.getUint32(AT_YOUR_DISCRIMINATOR);
  const state = STATES[flags >> 6] ?? "down";
  if (yourDiscriminator === 0 && state !== "down" && state !== "admin-down") {
    return fail({ code: "ZERO_YOUR_DISCRIMINATOR", state });
  }
  if ((flags & FLAG_AUTHENTICATION) !== 0) return fail({ code: "AUTHENTICATED" });
  return succeed({
    diagnostic: view.getUint8(AT_VERSION_DIAGNOSTIC) & 0x1f,
    state,
    poll: (flags & FLAG_POLL) !== 0,
    final: (flags & FLAG_FINAL) !== 0,
    controlPlaneIndependent: (flags & FLAG_CONTROL_PLANE_INDEPENDENT) !== 0,
    demand: (flags & FLAG_DEMAND) !== 0,
    detectMultiplier,
    myDiscriminator,
    yourDiscriminator,
    desiredMinTxInterval: micros(view.getUint32(AT_DESIRED_MIN_TX)),
    requiredMinRxInterval: micros(view.getUint32(AT_REQUIRED_MIN_RX)),
    requiredMinEchoRxInterval: micros(view.getUint32(AT_REQUIRED_MIN_ECHO_RX)),
  });
}

/** The payload of a UDP datagram, 24 bytes. Throws RangeError when a field does not fit. */
export function serializeBfdControl(packet: BfdControlPacket): Uint8Array {
  assertFits("diagnostic", packet.diagnostic, 0, 0x1f);
  assertFits("detectMultiplier", packet.detectMultiplier, 1, 0xff);
  assertFits("myDiscriminator", packet.myDiscriminator, 1, 0xffff_ffff);
  assertFits("yourDiscriminator", packet.yourDiscriminator, 0, 0xffff_ffff);
  assertFits("desiredMinTxInterval", packet.desiredMinTxInterval, 0, 0xffff_ffff);
  assertFits("requiredMinRxInterval", packet.requiredMinRxInterval, 0, 0xffff_ffff);
  assertFits("requiredMinEchoRxInterval", packet.requiredMinEchoRxInterval, 0, 0xffff_ffff);
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint8(AT_VERSION_DIAGNOSTIC, (VERSION << 5) | packet.diagnostic);
  view.setUint8(
    AT_STATE_FLAGS,
    (STATES.indexOf(packet.state) << 6) |
      (packet.poll ? FLAG_POLL : 0) |
      (packet.final ? FLAG_FINAL : 0) |
      (packet.controlPlaneIndependent ? FLAG_CONTROL_PLANE_INDEPENDENT : 0) |
      (packet.demand ? FLAG_DEMAND : 0),
  );
  view.setUint8(AT_MULTIPLIER, packet.detectMultiplier);
  view.setUint8(AT_LENGTH, LENGTH);
  view.setUint32(AT_MY_DISCRIMINATOR, packet.myDiscriminator);
  view.setUint32(AT_YOUR_DISCRIMINATOR, packet.yourDiscriminator);
  view.setUint32(AT_DESIRED_MIN_TX, packet.desiredMinTxInterval);
  view.setUint32(AT_REQUIRED_MIN_RX, packet.requiredMinRxInterval);
  view.setUint32(AT_REQUIRED_MIN_ECHO_RX, packet.requiredMinEchoRxInterval);
  return bytes;
}

function assertFits(field: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`Cannot write ${value} as ${field}: not from ${least} to ${most}`);
}

const VERSION = 1;
const LENGTH = 24;
/** Auth Type and Auth Len, the least of an authentication section. */
const AUTHENTICATION_HEADER = 2;

const STATES: readonly BfdState[] = ["admin-down", "down", "init", "up"];

const FLAG_POLL = 0x20;
const FLAG_FINAL = 0x10;
const FLAG_CONTROL_PLANE_INDEPENDENT = 0x08;
const FLAG_AUTHENTICATION = 0x04;
const FLAG_DEMAND = 0x02;
const FLAG_MULTIPOINT = 0x01;

const AT_VERSION_DIAGNOSTIC = 0;
const AT_STATE_FLAGS = 1;
const AT_MULTIPLIER = 2;
const AT_LENGTH = 3;
const AT_MY_DISCRIMINATOR = 4;
const AT_YOUR_DISCRIMINATOR = 8;
const AT_DESIRED_MIN_TX = 12;
const AT_REQUIRED_MIN_RX = 16;
const AT_REQUIRED_MIN_ECHO_RX = 20;
