import { HOST_ORDER } from "./byte-order.ts";
import { NLMSG_DONE } from "./constants.ts";
import type { NetlinkMessage } from "./message.ts";

/*
 * struct cn_msg, then struct proc_event, both in host order:
 *
 *   0  u32 idx (CN_IDX_PROC)    u32 val (CN_VAL_PROC)    u32 seq    u32 ack    u16 len    u16 flags
 *  20  u32 what (PROC_EVENT_*)  u32 cpu                  u64 timestamp_ns
 *  36  fork: u32 parent pid, parent tgid, child pid, child tgid;  exec, comm: u32 pid, tgid;  none: u32 error
 */

/** What the kernel tells of processes; a tgid is what others call a pid. Threads and everything else are `other`. */
export type ProcessNotice =
  /** The answer to a subscription, ours or another's, with the number of the request; `errno` 0 means granted. */
  | { readonly kind: "answer"; readonly request: number; readonly errno: number }
  | { readonly kind: "fork"; readonly parent: number; readonly child: number }
  /** It runs another program, or has another name. */
  | { readonly kind: "changed"; readonly pid: number }
  | { readonly kind: "other" };

/**
 * Reads one message of the proc connector. What is too short, or of another connector, is `other`.
 *
 * @see linux/connector.h, linux/cn_proc.h
 */
export function parseProcessNotice({ payload }: NetlinkMessage): ProcessNotice {
  if (payload.length < AT_DATA + 8) return OTHER;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint32(0, HOST_ORDER) !== CN_IDX_PROC || view.getUint32(4, HOST_ORDER) !== CN_VAL_PROC) return OTHER;
  const number = (index: number): number => view.getUint32(AT_DATA + 4 * index, HOST_ORDER);
  switch (view.getUint32(AT_WHAT, HOST_ORDER)) {
    case PROC_EVENT_NONE:
      // The kernel puts a sequence number of its own into the answer, and counts up what came as `ack`.
      return { kind: "answer", request: (view.getUint32(12, HOST_ORDER) - 1) >>> 0, errno: number(0) };
    case PROC_EVENT_FORK:
      if (payload.length < AT_DATA + 16 || number(2) !== number(3)) return OTHER;
      return { kind: "fork", parent: number(1), child: number(3) };
    case PROC_EVENT_EXEC:
    case PROC_EVENT_COMM:
      return number(0) === number(1) ? { kind: "changed", pid: number(1) } : OTHER;
    default:
      return OTHER;
  }
}

/** Asks for notices from now on (PROC_CN_MCAST_LISTEN). `request`, any number of 32 bits, is what tells the answer. */
export function subscribeToProcesses(request: number): NetlinkMessage {
  const payload = new Uint8Array(AT_WHAT + 4);
  const view = new DataView(payload.buffer);
  view.setUint32(0, CN_IDX_PROC, HOST_ORDER);
  view.setUint32(4, CN_VAL_PROC, HOST_ORDER);
  view.setUint32(12, request, HOST_ORDER);
  view.setUint16(16, 4, HOST_ORDER);
  view.setUint32(AT_WHAT, PROC_CN_MCAST_LISTEN, HOST_ORDER);
  return { type: NLMSG_DONE, flags: 0, sequence: 0, port: 0, payload };
}

const OTHER: ProcessNotice = { kind: "other" };

export const NETLINK_CONNECTOR = 11;
/** The multicast group, too. */
export const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
const PROC_CN_MCAST_LISTEN = 1;

export const PROC_EVENT_NONE = 0;
export const PROC_EVENT_FORK = 0x1;
export const PROC_EVENT_EXEC = 0x2;
export const PROC_EVENT_COMM = 0x200;

const AT_WHAT = 20;
const AT_DATA = 36;
