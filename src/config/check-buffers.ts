import type { Report } from "./diagnostic.ts";
import type { BufferSettings, KernelBuffer } from "./model/global.ts";
import { integerOf, spanOfStatement, statementOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** The sizes of receive buffers in global_defs. */
export function readBuffers(block: readonly Statement[], report: Report): BufferSettings {
  return {
    adverts: readAdvertBuffer(block, report),
    kernelRequests: readKernelBuffer(block, "vrrp_netlink_cmd_rcv_bufs"),
    kernelEvents: readKernelBuffer(block, "vrrp_netlink_monitor_rcv_bufs"),
    processNotices: readKernelBuffer(block, "process_monitor_rcv_bufs"),
  };
}

function readAdvertBuffer(block: readonly Statement[], report: Report): BufferSettings["adverts"] {
  const policy = wordOf(block, "vrrp_rx_bufs_policy");
  const statement = statementOf(block, "vrrp_rx_bufs_policy");
  if (policy === undefined || statement === undefined) return undefined;
  const times = integerOf(block, "vrrp_rx_bufs_multiplier") ?? 3;
  if (policy === "MTU") return { measure: "mtu", times };
  if (policy === "ADVERT") return { measure: "advert", times };
  const bytes = /^\d{1,10}$/.test(policy) ? Number(policy) : 0;
  if (bytes >= 1 && bytes <= LARGEST) return { measure: { bytes }, times: 1 };
  const message = `"vrrp_rx_bufs_policy" takes MTU, ADVERT or bytes from 1 to ${LARGEST}, not "${policy}"`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  return undefined;
}

function readKernelBuffer(block: readonly Statement[], keyword: string): KernelBuffer | undefined {
  const bytes = integerOf(block, keyword);
  if (bytes === undefined || bytes === 0) return undefined;
  return { bytes: Math.min(bytes, LARGEST), force: switchOf(block, `${keyword}_force`) ?? false };
}

/** An int holds it, doubled as the kernel does. */
const LARGEST = 1_073_741_823;
