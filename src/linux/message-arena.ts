import { assert } from "../base/assert.ts";
import { libc } from "./libc.ts";

export interface ArenaShape {
  /** How many messages fit. */
  readonly count: number;
  /** The longest payload; longer ones are cut by the kernel. */
  readonly payloadSize: number;
  /** Room for a socket address; 0 where nobody asks who sent it. */
  readonly nameSize: number;
  /** Room for control messages, headers included. */
  readonly controlSize: number;
}

export interface ReceivedMessage {
  /** A copy. */
  readonly payload: Uint8Array;
  /** The sender's socket address, a copy; empty where there is no room for one. */
  readonly name: Uint8Array;
  readonly control: readonly ControlMessage[];
  /** MSG_TRUNC: the payload was longer than the room. */
  readonly truncated: boolean;
}

export interface ControlMessage {
  readonly level: number;
  readonly type: number;
  readonly data: Uint8Array;
}

/**
 * The memory that recvmmsg(2) and sendmmsg(2) work on: a vector of struct mmsghdr and what it points to, in one piece
 * that never moves. Whoever hands it to the kernel keeps the arena referenced during the call.
 */
export interface MessageArena {
  readonly shape: ArenaShape;
  /** Begins with the vector. */
  readonly bytes: Uint8Array;
  /** Gives the first messages, so many, their full room again; all have it at first. */
  prepareToReceive(used: number): void;
  /** The payload that recvmmsg wrote into the message at this place: a view, good until the next call. */
  receivedPayload(index: number): Uint8Array;
  /** What recvmmsg wrote into the message at this place. */
  received(index: number): ReceivedMessage;
  /** Copies a message in for sendmmsg. Throws when it does not fit. */
  put(index: number, payload: Uint8Array, name: Uint8Array, control: readonly ControlMessage[]): void;
}

export function createMessageArena(shape: ArenaShape): MessageArena {
  const { count, payloadSize, nameSize, controlSize } = shape;
  const vectors = count * SIZEOF_MMSGHDR;
  const names = vectors + count * SIZEOF_IOVEC;
  const controls = align(names + count * align(nameSize));
  const payloads = align(controls + count * align(controlSize));
  const bytes = new Uint8Array(new ArrayBuffer(payloads + count * align(payloadSize)));
  const view = new DataView(bytes.buffer);

  const nameAt = (index: number): number => names + index * align(nameSize);
  const controlAt = (index: number): number => controls + index * align(controlSize);
  const payloadAt = (index: number): number => payloads + index * align(payloadSize);

  const base = libc().addressOf(bytes);
  for (let index = 0; index < count; index++) {
    const header = index * SIZEOF_MMSGHDR;
    const vector = vectors + index * SIZEOF_IOVEC;
    if (nameSize > 0) view.setBigUint64(header + AT_NAME, base + BigInt(nameAt(index)), true);
    view.setBigUint64(header + AT_IOV, base + BigInt(vector), true);
    view.setBigUint64(header + AT_IOVLEN, 1n, true);
    if (controlSize > 0) view.setBigUint64(header + AT_CONTROL, base + BigInt(controlAt(index)), true);
    view.setBigUint64(vector + AT_IOV_BASE, base + BigInt(payloadAt(index)), true);
    view.setBigUint64(vector + AT_IOV_LEN, BigInt(payloadSize), true);
  }

  // The kernel changes the lengths of name and control; that of the payload is changed by `put` alone.
  const prepareToReceive = (used: number): void => {
    for (let index = 0; index < used; index++) {
      const header = index * SIZEOF_MMSGHDR;
      view.setUint32(header + AT_NAMELEN, nameSize, true);
      view.setBigUint64(header + AT_CONTROLLEN, BigInt(controlSize), true);
      view.setBigUint64(vectors + index * SIZEOF_IOVEC + AT_IOV_LEN, BigInt(payloadSize), true);
    }
  };
  prepareToReceive(count);

  return {
    shape,
    bytes,
    prepareToReceive,
    receivedPayload: (index) => {
      assert(index >= 0 && index < count, `the arena has a message ${index}`);
      const length = Math.min(view.getUint32(index * SIZEOF_MMSGHDR + AT_MSG_LEN, true), payloadSize);
      return bytes.subarray(payloadAt(index), payloadAt(index) + length);
    },
    received: (index) => {
      assert(index >= 0 && index < count, `the arena has a message ${index}`);
      const header = index * SIZEOF_MMSGHDR;
      const payloadLength = Math.min(view.getUint32(header + AT_MSG_LEN, true), payloadSize);
      const nameLength = Math.min(view.getUint32(header + AT_NAMELEN, true), nameSize);
      const controlLength = Math.min(view.getUint32(header + AT_CONTROLLEN, true), controlSize);
      return {
        payload: bytes.slice(payloadAt(index), payloadAt(index) + payloadLength),
        name: bytes.slice(nameAt(index), nameAt(index) + nameLength),
        control: readControl(bytes.subarray(controlAt(index), controlAt(index) + controlLength)),
        truncated: (view.getInt32(header + AT_FLAGS, true) & MSG_TRUNC) !== 0,
      };
    },
    put: (index, payload, name, control) => {
      const controlBytes = writeControl(control);
      assert(index >= 0 && index < count, `the arena has a message ${index}`);
      assert(payload.length <= payloadSize, `a payload of ${payload.length} bytes fits into ${payloadSize}`);
      assert(name.length <= nameSize, `a socket address of ${name.length} bytes fits into ${nameSize}`);
      assert(controlBytes.length <= controlSize, `control of ${controlBytes.length} bytes fits into ${controlSize}`);
      const header = index * SIZEOF_MMSGHDR;
      bytes.set(payload, payloadAt(index));
      bytes.set(name, nameAt(index));
      bytes.set(controlBytes, controlAt(index));
      view.setUint32(header + AT_NAMELEN, name.length, true);
      view.setBigUint64(header + AT_CONTROLLEN, BigInt(controlBytes.length), true);
      view.setBigUint64(vectors + index * SIZEOF_IOVEC + AT_IOV_LEN, BigInt(payload.length), true);
    },
  };
}

/** Reads a row of struct cmsghdr. A length that cannot be ends the row. */
export function readControl(bytes: Uint8Array): ControlMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: ControlMessage[] = [];
  let at = 0;
  while (at + SIZEOF_CMSGHDR <= bytes.length) {
    const length = view.getUint32(at, true);
    if (length < SIZEOF_CMSGHDR || at + length > bytes.length) break;
    messages.push({
      level: view.getInt32(at + AT_CMSG_LEVEL, true),
      type: view.getInt32(at + AT_CMSG_TYPE, true),
      data: bytes.slice(at + SIZEOF_CMSGHDR, at + length),
    });
    at += align(length);
  }
  return messages;
}

export function writeControl(messages: readonly ControlMessage[]): Uint8Array {
  const bytes = new Uint8Array(messages.reduce((sum, message) => sum + align(SIZEOF_CMSGHDR + message.data.length), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { level, type, data } of messages) {
    view.setBigUint64(at, BigInt(SIZEOF_CMSGHDR + data.length), true);
    view.setInt32(at + AT_CMSG_LEVEL, level, true);
    view.setInt32(at + AT_CMSG_TYPE, type, true);
    bytes.set(data, at + SIZEOF_CMSGHDR);
    at += align(SIZEOF_CMSGHDR + data.length);
  }
  return bytes;
}

function align(length: number): number {
  return (length + 7) & ~7;
}

// struct mmsghdr, struct iovec and struct cmsghdr of LP64, <bits/socket.h>.
const SIZEOF_MMSGHDR = 64;
const AT_NAME = 0;
const AT_NAMELEN = 8;
const AT_IOV = 16;
const AT_IOVLEN = 24;
const AT_CONTROL = 32;
const AT_CONTROLLEN = 40;
const AT_FLAGS = 48;
const AT_MSG_LEN = 56;
const SIZEOF_IOVEC = 16;
const AT_IOV_BASE = 0;
const AT_IOV_LEN = 8;
const SIZEOF_CMSGHDR = 16;
const AT_CMSG_LEVEL = 8;
const AT_CMSG_TYPE = 12;

const MSG_TRUNC = 0x20;
