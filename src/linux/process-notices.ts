import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import { parseMessages, serializeMessages } from "../wire/netlink/message.ts";
import {
  CN_IDX_PROC,
  NETLINK_CONNECTOR,
  parseProcessNotice,
  PROC_EVENT_COMM,
  PROC_EVENT_EXEC,
  PROC_EVENT_FORK,
  PROC_EVENT_NONE,
  subscribeToProcesses,
  type ProcessNotice,
} from "../wire/netlink/process-events.ts";
import { openLinuxSocket, SOCK_DGRAM, SOL_SOCKET, type LinuxSocket } from "./linux-socket.ts";
import {
  AF_NETLINK,
  isFromKernel,
  netlinkAddress,
  setReceiveBuffer,
  SIZEOF_SOCKADDR_NL,
  type NetlinkBuffer,
} from "./netlink-socket.ts";
import {
  assemble,
  BPF_JMP_JEQ_K,
  BPF_JMP_JEQ_X,
  BPF_LD_W_ABS,
  BPF_MISC_TAX,
  BPF_RET_K,
  filterOption,
  SO_ATTACH_FILTER,
} from "./packet-filter.ts";

/** The kernel's notices that processes begin and change. That one ends is told by its pidfd. */
export interface ProcessNotices {
  /** Takes what has arrived. `lost`: there was more than could be kept. */
  receive(): { readonly notices: readonly ProcessNotice[]; readonly lost: boolean };
  close(): void;
}

/**
 * Subscribes to the proc connector (CONFIG_PROC_EVENTS). It fails where the kernel would not tell: it does so only in the
 * first network namespace, process namespace and user namespace, and to whoever may (CAP_NET_ADMIN on most kernels).
 *
 * `onReadable` comes in a turn of its own, some milliseconds after the one before at least: on a machine that starts
 * thousands of processes a second nobody needs to hear of each at once.
 */
export function subscribeToProcessNotices(
  onReadable: () => void,
  buffer: NetlinkBuffer = DEFAULT_BUFFER,
): Result<ProcessNotices, SystemFailure> {
  const opened = openLinuxSocket({
    domain: AF_NETLINK,
    type: SOCK_DGRAM,
    protocol: NETLINK_CONNECTOR,
    label: "the subscription to processes",
    arena: { count: 64, payloadSize: 256, nameSize: SIZEOF_SOCKADDR_NL, controlSize: 0 },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  const granted = subscribe(socket, buffer);
  if (!granted.ok) {
    socket.close();
    return granted;
  }
  socket.watch(onReadable, { spacingMs: SPACING_MS });
  return succeed({ receive: () => receive(socket), close: () => socket.close() });
}

function subscribe(socket: LinuxSocket, buffer: NetlinkBuffer): Result<void, SystemFailure> {
  setReceiveBuffer(socket, buffer);
  const filtered = socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, filterOption(PROGRAM));
  if (!filtered.ok) return filtered;
  const bound = socket.bind(netlinkAddress(CN_IDX_PROC));
  if (!bound.ok) return bound;
  const request = process.pid;
  const sent = socket.send(serializeMessages([subscribeToProcesses(request)]), netlinkAddress(0));
  if (!sent.ok) return sent;
  // The kernel answers before the call that asked returns, or, where it does not want to tell, never.
  const answer = receive(socket).notices.find((notice) => notice.kind === "answer" && notice.request === request);
  return answer?.kind === "answer" && answer.errno === 0 ? succeed(undefined) : fail(NOT_HERE);
}

function receive(socket: LinuxSocket): { readonly notices: readonly ProcessNotice[]; readonly lost: boolean } {
  const notices: ProcessNotice[] = [];
  let lost = false;
  for (let round = 0, more = true; more && round < MOST_ROUNDS; round++) {
    const { messages, failure } = socket.receive();
    for (const { name, payload } of messages) {
      const parsed = isFromKernel(name) ? parseMessages(payload) : undefined;
      if (parsed?.ok === true) notices.push(...parsed.value.map(parseProcessNotice));
    }
    lost ||= failure !== undefined;
    more = messages.length > 0;
  }
  return { notices, lost };
}

const NOT_HERE: SystemFailure = {
  operation: "subscribe to processes",
  errno: "EOPNOTSUPP",
  message: "The kernel tells of processes only outside of namespaces",
};

const DEFAULT_BUFFER: NetlinkBuffer = { force: true, bytes: 1024 * 1024 };
const SPACING_MS = 5;
const MOST_ROUNDS = 64;

/** Within a message: behind struct nlmsghdr (16 bytes) and struct cn_msg (20). The kernel reads big-endian, the fields are not. */
const AT_WHAT = 36;
const AT_DATA = 52;
const ACCEPT = { code: BPF_RET_K, k: 0xffff } as const;
const DROP = { code: BPF_RET_K, k: 0 } as const;

/** Lets through answers, and forks, execs and new names of whole processes. A thread has a pid that is not its tgid. */
const PROGRAM = assemble([
  { code: BPF_LD_W_ABS, k: AT_WHAT },
  { code: BPF_JMP_JEQ_K, k: asLoaded(PROC_EVENT_NONE), ifTrue: 12 },
  { code: BPF_JMP_JEQ_K, k: asLoaded(PROC_EVENT_EXEC), ifTrue: 7 },
  { code: BPF_JMP_JEQ_K, k: asLoaded(PROC_EVENT_COMM), ifTrue: 6 },
  { code: BPF_JMP_JEQ_K, k: asLoaded(PROC_EVENT_FORK), ifTrue: 1 },
  DROP,
  { code: BPF_LD_W_ABS, k: AT_DATA + 8 },
  { code: BPF_MISC_TAX },
  { code: BPF_LD_W_ABS, k: AT_DATA + 12 },
  { code: BPF_JMP_JEQ_X, ifTrue: 4, ifFalse: 5 },
  { code: BPF_LD_W_ABS, k: AT_DATA },
  { code: BPF_MISC_TAX },
  { code: BPF_LD_W_ABS, k: AT_DATA + 4 },
  { code: BPF_JMP_JEQ_X, ifFalse: 1 },
  ACCEPT,
  DROP,
]);

/** A number of host order, little-endian, as BPF_LD_W_ABS loads it. */
function asLoaded(value: number): number {
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}
