import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { AttributeReader } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
  NLMSGERR_ATTR_MSG,
  NLMSGERR_ATTR_OFFS,
} from "./constants.ts";

/*
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1   all in host order
 * +---------------------------------------------------------------+
 * |            nlmsg_len: with this header, without padding       |
 * +-------------------------------+-------------------------------+
 * |           nlmsg_type          |          nlmsg_flags          |
 * +-------------------------------+-------------------------------+
 * |                           nlmsg_seq                           |
 * +---------------------------------------------------------------+
 * |             nlmsg_pid: the port; 0 is the kernel              |
 * +---------------------------------------------------------------+
 */

/** What is asked of the kernel. The socket that sends it adds NLM_F_REQUEST, NLM_F_ACK, sequence number and port. */
export interface NetlinkRequest {
  readonly type: number;
  /** NLM_F_* beyond NLM_F_REQUEST and NLM_F_ACK. */
  readonly flags: number;
  readonly payload: Uint8Array;
}

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** The sender's port when received; 0 is the kernel. */
  readonly port: number;
  /** Without padding. When parsed: a view of the datagram, valid as long as its bytes are left alone. */
  readonly payload: Uint8Array;
}

/** What a message says to somebody who waits for an answer. */
export type NetlinkReply =
  /** NLMSG_ERROR with 0: done as asked. `warning` is what the kernel remarked nevertheless. */
  | { readonly kind: "acknowledged"; readonly warning: string | undefined }
  | {
      readonly kind: "refused";
      /** Positive, as errno(3) has it. */
      readonly errno: number;
      /** The kernel's own sentence (NETLINK_EXT_ACK), if it gave one. */
      readonly message: string | undefined;
      /** Where in the request the offending attribute begins, counted from its nlmsghdr. */
      readonly offset: number | undefined;
    }
  /** The end of a dump. With NLM_F_DUMP_INTR what was listed may be torn: ask again. */
  | { readonly kind: "done"; readonly interrupted: boolean }
  /** The socket's queue ran over. */
  | { readonly kind: "overrun" }
  | { readonly kind: "nothing" }
  /** A message with content. `interrupted` is NLM_F_DUMP_INTR: what is being listed changed meanwhile. */
  | { readonly kind: "content"; readonly message: NetlinkMessage; readonly interrupted: boolean };

export type NetlinkMessageError =
  | { readonly code: "TRUNCATED"; readonly needed: number; readonly length: number }
  | { readonly code: "BAD_LENGTH"; readonly expected: number; readonly length: number };

/**
 * Splits a datagram into its messages. A datagram whose last message is cut off is refused as a whole.
 *
 * @see linux/netlink.h: NLMSG_OK, NLMSG_NEXT.
 */
export function parseMessages(datagram: Uint8Array): Result<readonly NetlinkMessage[], NetlinkMessageError> {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: NetlinkMessage[] = [];
  let at = 0;
  while (at < datagram.length) {
    const left = datagram.length - at;
    if (left < HEADER_LENGTH) return fail({ code: "TRUNCATED", needed: HEADER_LENGTH, length: left });
    const length = view.getUint32(at + AT_LENGTH, HOST_ORDER);
    if (length < HEADER_LENGTH) return fail({ code: "BAD_LENGTH", expected: HEADER_LENGTH, length });
    if (length > left) return fail({ code: "TRUNCATED", needed: length, length: left });
    messages.push({
      type: view.getUint16(at + AT_TYPE, HOST_ORDER),
      flags: view.getUint16(at + AT_FLAGS, HOST_ORDER),
      sequence: view.getUint32(at + AT_SEQUENCE, HOST_ORDER),
      port: view.getUint32(at + AT_PORT, HOST_ORDER),
      payload: datagram.subarray(at + HEADER_LENGTH, at + length),
    });
    at += align(length);
  }
  return succeed(messages);
}

/** Joins messages into one datagram, each padded to four bytes. A copy. */
export function serializeMessages(messages: readonly NetlinkMessage[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, { payload }) => sum + align(HEADER_LENGTH + payload.length), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { type, flags, sequence, port, payload } of messages) {
    const length = HEADER_LENGTH + payload.length;
    view.setUint32(at + AT_LENGTH, length, HOST_ORDER);
    view.setUint16(at + AT_TYPE, type, HOST_ORDER);
    view.setUint16(at + AT_FLAGS, flags, HOST_ORDER);
    view.setUint32(at + AT_SEQUENCE, sequence, HOST_ORDER);
    view.setUint32(at + AT_PORT, port, HOST_ORDER);
    bytes.set(payload, at + HEADER_LENGTH);
    at += align(length);
  }
  return bytes;
}

/**
 * Reads what a message means as an answer. A broken text of an extended acknowledgement is left out rather than refused:
 * the error number before it counts.
 *
 * @see linux/netlink.h: struct nlmsgerr, enum nlmsgerr_attrs; for NLMSG_DONE the kernel's af_netlink.c, netlink_dump_done.
 */
export function parseReply(message: NetlinkMessage): Result<NetlinkReply, NetlinkMessageError> {
  const interrupted = (message.flags & NLM_F_DUMP_INTR) !== 0;
  switch (message.type) {
    case NLMSG_NOOP:
      return succeed({ kind: "nothing" });
    case NLMSG_OVERRUN:
      return succeed({ kind: "overrun" });
    case NLMSG_ERROR:
      return parseAcknowledgement(message);
    case NLMSG_DONE:
      return parseDone(message, interrupted);
    default:
      return succeed({ kind: "content", message, interrupted });
  }
}

function parseAcknowledgement({ flags, payload }: NetlinkMessage): Result<NetlinkReply, NetlinkMessageError> {
  if (payload.length < ERROR_LENGTH) {
    return fail({ code: "TRUNCATED", needed: ERROR_LENGTH, length: payload.length });
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const error = view.getInt32(AT_ERROR, HOST_ORDER);
  // The request that is answered follows the number, its header alone if NLM_F_CAPPED, and then the kernel's remarks.
  const echoed = view.getUint32(AT_ECHO + AT_LENGTH, HOST_ORDER);
  const remarksAt = AT_ECHO + ((flags & NLM_F_CAPPED) !== 0 ? HEADER_LENGTH : align(echoed));
  const hasRemarks = (flags & NLM_F_ACK_TLVS) !== 0;
  const { text, offset } = parseRemarks(hasRemarks ? payload.subarray(remarksAt) : payload.subarray(0, 0));
  if (error === 0) return succeed({ kind: "acknowledged", warning: text });
  return succeed({ kind: "refused", errno: Math.abs(error), message: text, offset });
}

function parseDone({ payload }: NetlinkMessage, interrupted: boolean): Result<NetlinkReply, NetlinkMessageError> {
  // Old kernels and some families end a dump without a number.
  if (payload.length < DONE_LENGTH) return succeed({ kind: "done", interrupted });
  const error = new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getInt32(0, HOST_ORDER);
  if (error >= 0) return succeed({ kind: "done", interrupted });
  const { text, offset } = parseRemarks(payload.subarray(DONE_LENGTH));
  return succeed({ kind: "refused", errno: -error, message: text, offset });
}

function parseRemarks(bytes: Uint8Array): { text: string | undefined; offset: number | undefined } {
  let text: string | undefined;
  let offset: number | undefined;
  const attributes = new AttributeReader(bytes);
  while (attributes.next()) {
    if (attributes.type === NLMSGERR_ATTR_MSG) text = attributes.text();
    else if (attributes.type === NLMSGERR_ATTR_OFFS) offset = attributes.uint32(HOST_ORDER);
  }
  return attributes.error === undefined ? { text, offset } : { text: undefined, offset: undefined };
}

function align(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

const ALIGNMENT = 4;

const AT_LENGTH = 0;
const AT_TYPE = 4;
const AT_FLAGS = 6;
const AT_SEQUENCE = 8;
const AT_PORT = 12;
const HEADER_LENGTH = 16;

// struct nlmsgerr
const AT_ERROR = 0;
const AT_ECHO = 4;
const ERROR_LENGTH = AT_ECHO + HEADER_LENGTH;

const DONE_LENGTH = 4;
