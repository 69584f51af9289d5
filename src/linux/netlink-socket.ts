import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import {
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  SOL_NETLINK,
} from "../wire/netlink/constants.ts";
import { parseMessages, parseReply, serializeMessages } from "../wire/netlink/message.ts";
import type { NetlinkMessage, NetlinkReply, NetlinkRequest } from "../wire/netlink/message.ts";
import { HOST_ORDER } from "../wire/netlink/byte-order.ts";
import { errnoName, libc } from "./libc.ts";
import { SOCK_RAW, SOL_SOCKET, intOption, openLinuxSocket } from "./linux-socket.ts";
import type { LinuxSocket } from "./linux-socket.ts";
import { assemble, BPF_JMP_JEQ_K, BPF_LD_W_ABS, BPF_RET_K, filterOption, SO_ATTACH_FILTER } from "./packet-filter.ts";

/** Why the kernel did not do what it was asked for. */
export interface Refusal {
  /** The kernel's name of the error. */
  readonly errno: string;
  /** The kernel's own sentence where it gave one, else that of strerror(3). */
  readonly message: string;
}

/**
 * A conversation with one netlink family whose requests are carried out in the caller's turn, as rtnetlink's are: the
 * answers are queued when the request has been sent, so nobody waits.
 */
export interface NetlinkSocket {
  /** What the kernel puts into notifications of what this socket has asked for (nlmsg_pid). */
  readonly port: number;
  /**
   * Sends the requests in as few messages to the kernel as sensible, and gives one answer per request, in their order.
   * One that is refused does not stop those after it.
   */
  request(requests: readonly NetlinkRequest[]): readonly Result<void, Refusal>[];
  /**
   * Sends the requests, with what marks a transaction around them, in one message. All of them are done, or where one is
   * refused none. They must fit into the send buffer.
   */
  transact(requests: readonly NetlinkRequest[]): Result<void, Refusal>;
  /**
   * Gathers a whole dump. One that changed under way (NLM_F_DUMP_INTR) is asked for again, up to ten times; then it is
   * refused with EINTR.
   */
  dump(request: NetlinkRequest): Result<readonly NetlinkMessage[], Refusal>;
  /** A second call does nothing. */
  close(): void;
}

/** What one reading of a subscription gave. */
export interface Notifications {
  readonly messages: readonly NetlinkMessage[];
  /** ENOBUFS: some were lost. Those that were queued before are thrown away: whoever reads all anew knows better. */
  readonly overrun: boolean;
}

/** A subscription to multicast groups of a netlink family. */
export interface NetlinkSubscription {
  /** Takes what has arrived, a few hundred datagrams at most; `onReadable` comes again when there is more. */
  receive(): Notifications;
  close(): void;
}

/** Room for what the kernel says and nobody has read yet. */
export interface NetlinkBuffer {
  /** As setsockopt(2) takes it; the kernel doubles it for its own needs. */
  readonly bytes: number;
  /** Beyond net.core.rmem_max, which needs CAP_NET_ADMIN. */
  readonly force: boolean;
}

export function openNetlinkSocket(
  protocol: number,
  buffer: NetlinkBuffer = DEFAULT_BUFFER,
): Result<NetlinkSocket, SystemFailure> {
  const opened = openSocket(protocol, 0, "a netlink socket", buffer);
  if (!opened.ok) return opened;
  const socket = opened.value;
  const own = socket.ownAddress(SIZEOF_SOCKADDR_NL);
  if (!own.ok) {
    socket.close();
    return own;
  }
  let sequence = 0;

  const send = (messages: readonly NetlinkMessage[]): Refusal | undefined => {
    const sent = socket.send(serializeMessages(messages), KERNEL);
    return sent.ok ? undefined : sent.error;
  };

  const exchange = (requests: readonly NetlinkRequest[]): readonly Result<void, Refusal>[] => {
    const first = (sequence + 1) >>> 0;
    const last = requests.length - 1;
    const messages = requests.map(({ type, flags, payload }, index) => {
      sequence = (sequence + 1) >>> 0;
      // Refusals are told in any case, before the acknowledgement of what stands behind them.
      const answered = index === last ? NLM_F_ACK : 0;
      return { type, flags: flags | NLM_F_REQUEST | answered, sequence, port: 0, payload };
    });
    const unsent = send(messages);
    if (unsent !== undefined) return requests.map(() => fail(unsent));
    const refusals = new Map<number, Refusal>();
    let isAnswered = false;
    const lost = gather(socket, (message, reply) => {
      // An answer that nobody waited for any more may still lie in the queue.
      const index = (message.sequence - first) >>> 0;
      const isAnswer = reply.kind === "acknowledged" || reply.kind === "refused";
      if (index > last || !isAnswer) return true;
      if (reply.kind === "refused") refusals.set(index, refusalOf(reply));
      isAnswered ||= index === last;
      return !isAnswered;
    });
    const doubt = lost ?? (isAnswered ? undefined : NO_ANSWER);
    return requests.map((_, index) => {
      const refusal = refusals.get(index) ?? doubt;
      return refusal === undefined ? DONE : fail(refusal);
    });
  };

  const transact = (requests: readonly NetlinkRequest[]): Result<void, Refusal> => {
    const first = (sequence + 1) >>> 0;
    // The last change alone is acknowledged; what marks the end of the transaction never is by most kernels.
    const witness = requests.length - 2;
    const messages = requests.map(({ type, flags, payload }, index) => {
      sequence = (sequence + 1) >>> 0;
      const answered = index === witness ? NLM_F_ACK : 0;
      return { type, flags: flags | NLM_F_REQUEST | answered, sequence, port: 0, payload };
    });
    const unsent = send(messages);
    if (unsent !== undefined) return fail(unsent);
    let refused: Refusal | undefined;
    let done = false;
    const lost = gather(socket, (message, reply) => {
      if ((message.sequence - first) >>> 0 >= requests.length) return true;
      if (reply.kind === "refused") refused ??= refusalOf(reply);
      done ||= reply.kind === "acknowledged";
      // Whatever was refused is told before the acknowledgement of what stands behind it.
      return !done && refused === undefined;
    });
    if (refused !== undefined) return fail(refused);
    return done ? succeed(undefined) : fail(lost ?? NO_ANSWER);
  };

  const dumpOnce = (request: NetlinkRequest): Result<readonly NetlinkMessage[], Refusal> => {
    sequence = (sequence + 1) >>> 0;
    const flags = request.flags | NLM_F_REQUEST | NLM_F_DUMP;
    const unsent = send([{ ...request, flags, sequence, port: 0 }]);
    if (unsent !== undefined) return fail(unsent);
    const messages: NetlinkMessage[] = [];
    let refused: Refusal | undefined;
    let interrupted = false;
    let done = false;
    const lost = gather(socket, (message, reply) => {
      if (message.sequence !== sequence) return true;
      if (reply.kind === "content") messages.push(reply.message);
      if (reply.kind === "refused") refused = refusalOf(reply);
      if (reply.kind === "content" || reply.kind === "done") interrupted ||= reply.interrupted;
      done ||= reply.kind === "done";
      return !done && refused === undefined;
    });
    if (refused !== undefined) return fail(refused);
    if (!done) return fail(lost ?? NO_ANSWER);
    return interrupted ? fail(INTERRUPTED) : succeed(messages);
  };

  return succeed({
    port: new DataView(own.value.buffer).getUint32(AT_PORT, true),
    request: (requests) => {
      const answers: Result<void, Refusal>[] = [];
      for (let at = 0; at < requests.length; at += BATCH) answers.push(...exchange(requests.slice(at, at + BATCH)));
      return answers;
    },
    transact,
    dump: (request) => {
      let listed = dumpOnce(request);
      for (let attempt = 1; attempt < DUMP_ATTEMPTS && !listed.ok && listed.error === INTERRUPTED; attempt++) {
        listed = dumpOnce(request);
      }
      return listed;
    },
    close: () => socket.close(),
  });
}

/**
 * `groups` are the RTMGRP_* bits of sockaddr_nl. `onReadable` comes in a turn of its own. What the socket at the port `deafTo`
 * has asked for is not told.
 */
export function subscribeToNetlink(
  protocol: number,
  groups: number,
  onReadable: () => void,
  { buffer = DEFAULT_BUFFER, deafTo }: { readonly buffer?: NetlinkBuffer | undefined; readonly deafTo?: number } = {},
): Result<NetlinkSubscription, SystemFailure> {
  const opened = openSocket(protocol, groups, "the subscription to the kernel's notifications", buffer);
  if (!opened.ok) return opened;
  const socket = opened.value;
  const program = deafTo === undefined ? undefined : messagesOfOthers(deafTo);
  const filtered = program === undefined ? undefined : socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, program);
  if (filtered?.ok === false) {
    socket.close();
    return filtered;
  }
  socket.watch(onReadable);
  return succeed({
    receive: () => {
      const messages: NetlinkMessage[] = [];
      let overrun = false;
      for (let round = 0, full = true; full && round < (overrun ? MOST_ROUNDS_TO_EMPTY : MOST_ROUNDS); round++) {
        const received = socket.receive();
        for (const datagram of received.messages) {
          const parsed = isFromKernel(datagram.name) ? parseMessages(datagram.payload) : undefined;
          if (parsed?.ok === true) messages.push(...parsed.value);
        }
        // ENOBUFS is the only error that a subscription can have; whatever it is, something may be missing.
        overrun ||= received.failure !== undefined;
        full = received.messages.length === ARENA.count || received.failure !== undefined;
      }
      // The kernel goes on dropping until the queue is empty; what is left of it is older than what a dump tells.
      return { messages: overrun ? [] : messages, overrun };
    },
    close: () => socket.close(),
  });
}

function openSocket(
  protocol: number,
  groups: number,
  label: string,
  buffer: NetlinkBuffer,
): Result<LinuxSocket, SystemFailure> {
  const opened = openLinuxSocket({ domain: AF_NETLINK, type: SOCK_RAW, protocol, label, arena: ARENA });
  if (!opened.ok) return opened;
  const socket = opened.value;
  setReceiveBuffer(socket, buffer);
  // A transaction goes out in one piece.
  socket.setOption(SOL_SOCKET, SO_SNDBUFFORCE, intOption(SEND_BUFFER));
  // Niceties of kernels since 4.12 and 4.20: a sentence with each refusal, short answers, strict reading of requests.
  for (const option of [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
    socket.setOption(SOL_NETLINK, option, intOption(1));
  }
  const bound = socket.bind(netlinkAddress(groups));
  if (bound.ok) return succeed(socket);
  socket.close();
  return bound;
}

/** A burst of what the kernel says must fit until we read it. Without the capability the kernel's limit holds. */
export function setReceiveBuffer(socket: LinuxSocket, { bytes, force }: NetlinkBuffer): void {
  const forced = force ? socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, intOption(bytes)) : undefined;
  if (forced?.ok !== true) socket.setOption(SOL_SOCKET, SO_RCVBUF, intOption(bytes));
}

/**
 * Reads the kernel's answers until `wantsMore` says that it has all, or nothing is left. The answer tells what was lost.
 */
function gather(
  socket: LinuxSocket,
  wantsMore: (message: NetlinkMessage, reply: NetlinkReply) => boolean,
): Refusal | undefined {
  let lost: Refusal | undefined;
  for (let failures = 0; failures < MOST_FAILURES;) {
    const { messages, failure } = socket.receive();
    if (failure !== undefined) failures++;
    lost ??= failure;
    if (messages.length === 0 && failure === undefined) return lost;
    for (const datagram of messages) {
      if (!isFromKernel(datagram.name)) continue;
      const parsed = parseMessages(datagram.payload);
      for (const message of parsed.ok ? parsed.value : []) {
        const reply = parseReply(message);
        if (reply.ok && !wantsMore(message, reply.value)) return lost;
      }
    }
  }
  return lost;
}

/** Whoever may send netlink messages on this host could send us one; only port 0 is the kernel. */
export function isFromKernel(name: Uint8Array): boolean {
  return name.length === SIZEOF_SOCKADDR_NL && new DataView(name.buffer, name.byteOffset).getUint32(4, true) === 0;
}

function refusalOf(reply: Extract<NetlinkReply, { kind: "refused" }>): Refusal {
  return { errno: errnoName(reply.errno), message: reply.message ?? libc().strerror(reply.errno) };
}

/** The argument of SO_ATTACH_FILTER that drops notifications of what the socket at this port has asked for. */
function messagesOfOthers(port: number): Uint8Array {
  // A load takes the bytes for network order, and nlmsg_pid is in the host's.
  const loaded = new DataView(new ArrayBuffer(4));
  loaded.setUint32(0, port, HOST_ORDER);
  return filterOption(
    assemble([
      { code: BPF_LD_W_ABS, k: AT_NLMSG_PID },
      { code: BPF_JMP_JEQ_K, k: loaded.getUint32(0), ifFalse: 1 },
      { code: BPF_RET_K, k: 0 },
      { code: BPF_RET_K, k: WHOLE },
    ]),
  );
}

/** struct sockaddr_nl: family, padding, port (0: the kernel chooses, or is addressed), groups. */
export function netlinkAddress(groups: number): Uint8Array {
  const bytes = new Uint8Array(SIZEOF_SOCKADDR_NL);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return bytes;
}

export const AF_NETLINK = 16;
export const SIZEOF_SOCKADDR_NL = 12;
const AT_PORT = 4;
/** In struct nlmsghdr. */
const AT_NLMSG_PID = 12;
/** What a filter lets through is not cut. */
const WHOLE = 0xffff_ffff;
const DONE = succeed(undefined);
const KERNEL = netlinkAddress(0);

const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_SNDBUFFORCE = 32;
const SEND_BUFFER = 8 * 1024 * 1024;
const DEFAULT_BUFFER: NetlinkBuffer = { force: true, bytes: 8 * 1024 * 1024 };

/** The kernel never makes a datagram of a dump longer than 32 KiB. */
const ARENA = { count: 32, payloadSize: 32 * 1024, nameSize: SIZEOF_SOCKADDR_NL, controlSize: 0 };

/**
 * Requests per message to the kernel. It charges about 830 bytes for each answer; those of one batch fit into the
 * smallest usual receive buffer of 208 KiB, and the requests into as large a send buffer.
 */
const BATCH = 128;

/** An error of the socket is cleared by reading it; one that comes back this often will not go away. */
const MOST_FAILURES = 8;

/** Arenas that a subscription empties in one turn. */
const MOST_ROUNDS = 8;
/** More than the receive buffer can hold: the kernel charges some hundred bytes even for the smallest datagram. */
const MOST_ROUNDS_TO_EMPTY = 2_048;

const DUMP_ATTEMPTS = 10;
const INTERRUPTED: Refusal = { errno: "EINTR", message: "What was being listed kept changing" };
export const NO_ANSWER: Refusal = { errno: "ENODATA", message: "The kernel gave no answer" };
