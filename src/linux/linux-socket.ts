import { assert } from "../base/assert.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { failureOf, libc, outcome } from "./libc.ts";
import { createMessageArena } from "./message-arena.ts";
import type { ArenaShape, ControlMessage, MessageArena, ReceivedMessage } from "./message-arena.ts";
import { watchDescriptor } from "./watch.ts";
import type { Pace, Watch } from "./watch.ts";

export interface LinuxSocketOptions {
  readonly domain: number;
  /** SOCK_RAW or SOCK_DGRAM. SOCK_NONBLOCK and SOCK_CLOEXEC are added. */
  readonly type: number;
  readonly protocol: number;
  /** The socket for people, as in `the VRRP socket of eth0`. */
  readonly label: string;
  /** The room for what is received; made when something is received first. */
  readonly arena: ArenaShape;
}

/** A message on its way out. */
export interface OutgoingMessage {
  readonly payload: Uint8Array;
  /** A struct sockaddr of the socket's family; empty where the socket is bound to its destination. */
  readonly name: Uint8Array;
  readonly control: readonly ControlMessage[];
}

export interface Received {
  /** In the order of arrival. */
  readonly messages: readonly ReceivedMessage[];
  /** The error that the kernel kept for the socket, which this call has cleared. */
  readonly failure: SystemFailure | undefined;
}

/** A datagram socket that never waits. Its descriptor is seen by nobody. */
export interface LinuxSocket {
  bind(address: Uint8Array): Result<void, SystemFailure>;
  /** The struct sockaddr that it is bound to, cut to so many bytes. */
  ownAddress(length: number): Result<Uint8Array, SystemFailure>;
  setOption(level: number, name: number, value: Uint8Array): Result<void, SystemFailure>;
  send(payload: Uint8Array, name: Uint8Array | undefined): Result<void, SystemFailure>;
  /** Hands messages to the kernel in order; at a refusal the rest is not sent. */
  sendAll(messages: readonly OutgoingMessage[]): Result<void, SystemFailure>;
  /** Takes at most as many messages as the arena holds. */
  receive(): Received;
  /**
   * As `receive`, as often as the arena comes back full and `rounds` allows, for those who need the payloads alone and do not
   * want them copied: gives what was made of them. `read` gets a view that is good until it returns; undefined leaves a
   * message out.
   */
  receivePayloads<Made>(rounds: number, read: (payload: Uint8Array) => Made | undefined): readonly Made[];
  /**
   * From now on calls back, in a turn of its own, while there is something to receive. To be called once.
   */
  watch(onReadable: () => void, pace?: Pace): void;
  /** A second call does nothing. Nothing is called back afterwards. */
  close(): void;
}

export function openLinuxSocket(options: LinuxSocketOptions): Result<LinuxSocket, SystemFailure> {
  const opened = libc().socket(options.domain, options.type | SOCK_NONBLOCK | SOCK_CLOEXEC, options.protocol);
  return opened < 0 ? fail(failureOf(`open ${options.label}`, -opened)) : succeed(socketOf(opened, options));
}

/** The bytes of an int option. */
export function intOption(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

function socketOf(fd: number, { label, arena: shape }: LinuxSocketOptions): LinuxSocket {
  const c = libc();
  let open = true;
  let watched: Watch | undefined;
  let incoming: MessageArena | undefined;
  let outgoing: MessageArena | undefined;
  /** Messages of `incoming` that the last call has written. */
  let written = 0;

  const checked = (what: string, result: number): Result<void, SystemFailure> => {
    const checkedResult = outcome(`${what} ${label}`, result);
    return checkedResult.ok ? succeed(undefined) : checkedResult;
  };

  /** The messages fit into the arena. The answer is that of sendmmsg(2): how many were sent, at least one. */
  const sendBatch = (arena: MessageArena, messages: readonly OutgoingMessage[]): number => {
    for (const [index, message] of messages.entries()) arena.put(index, message.payload, message.name, message.control);
    return insistently(() => c.sendmmsg(fd, arena.bytes, messages.length, MSG_DONTWAIT | MSG_NOSIGNAL));
  };

  /** The answer is that of recvmmsg(2): how many there are. */
  const takeIn = (arena: MessageArena): number => {
    arena.prepareToReceive(written);
    const result = c.recvmmsg(fd, arena.bytes, shape.count, MSG_DONTWAIT);
    written = Math.max(0, result);
    return result;
  };

  return {
    bind: (address) => {
      assertOpen(open);
      return checked("bind", c.bind(fd, address));
    },
    ownAddress: (length) => {
      assertOpen(open);
      const address = new Uint8Array(new ArrayBuffer(length));
      const asked = checked("ask for the address of", c.getsockname(fd, address));
      return asked.ok ? succeed(address) : asked;
    },
    setOption: (level, name, value) => {
      assertOpen(open);
      return checked(`set option ${level}/${name} of`, c.setsockopt(fd, level, name, value));
    },
    send: (payload, name) => {
      assertOpen(open);
      return checked(
        "send through",
        insistently(() => c.sendto(fd, payload, MSG_DONTWAIT | MSG_NOSIGNAL, name)),
      );
    },
    sendAll: (messages) => {
      assertOpen(open);
      let sent = 0;
      while (sent < messages.length) {
        outgoing ??= createMessageArena(shape);
        const result = sendBatch(outgoing, messages.slice(sent, sent + shape.count));
        if (result < 0) return checked("send through", result);
        sent += result;
      }
      return succeed(undefined);
    },
    receive: () => {
      assertOpen(open);
      incoming ??= createMessageArena(shape);
      const result = takeIn(incoming);
      if (result < 0) {
        // EINTR cannot strand anything: the watch is level-triggered and comes again.
        const nothing = result === -EAGAIN || result === -EINTR;
        return { messages: [], failure: nothing ? undefined : failureOf(`receive from ${label}`, -result) };
      }
      const messages: ReceivedMessage[] = [];
      for (let index = 0; index < result; index++) messages.push(incoming.received(index));
      return { messages, failure: undefined };
    },
    receivePayloads: <Made>(rounds: number, read: (payload: Uint8Array) => Made | undefined) => {
      assertOpen(open);
      incoming ??= createMessageArena(shape);
      const list: Made[] = [];
      for (let round = 0; round < rounds; round++) {
        const count = takeIn(incoming);
        for (let index = 0; index < count; index++) {
          const made = read(incoming.receivedPayload(index));
          if (made !== undefined) list.push(made);
        }
        if (count < shape.count) break;
      }
      return list;
    },
    watch: (onReadable, pace) => {
      assertOpen(open);
      assert(watched === undefined, "a socket is watched once");
      watched = watchDescriptor(fd, onReadable, pace);
    },
    close: () => {
      if (!open) return;
      open = false;
      watched?.close();
      c.close(fd);
    },
  };
}

/**
 * Sends once more after a refusal. The kernel keeps a passing error for the socket (ENETDOWN from when its interface
 * went down) and reports it at the next call, whatever that call is; only the second answer is about this call.
 */
function insistently(send: () => number): number {
  const first = send();
  return first >= 0 || first === -EAGAIN ? first : send();
}

function assertOpen(open: boolean): void {
  assert(open, "the socket is open");
}

export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOL_SOCKET = 1;

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EINTR = 4;
const EAGAIN = 11;
