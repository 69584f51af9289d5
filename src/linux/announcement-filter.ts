import { assemble, BPF_JMP_JEQ_X, BPF_LD_W_ABS, BPF_MISC_TAX, BPF_RET_K, filterOption } from "./packet-filter.ts";

/**
 * The argument of SO_ATTACH_FILTER that lets through ARP frames whose sender and target address are the same, that is,
 * gratuitous ARP.
 */
export function announcementFilter(): Uint8Array {
  return filterOption(PROGRAM);
}

/** In a frame with its Ethernet header of 14 bytes. */
const AT_SENDER_ADDRESS = 28;
const AT_TARGET_ADDRESS = 38;

const PROGRAM = assemble([
  { code: BPF_LD_W_ABS, k: AT_SENDER_ADDRESS },
  { code: BPF_MISC_TAX },
  { code: BPF_LD_W_ABS, k: AT_TARGET_ADDRESS },
  { code: BPF_JMP_JEQ_X, ifFalse: 1 },
  { code: BPF_RET_K, k: 0xffff },
  { code: BPF_RET_K, k: 0 },
]);
