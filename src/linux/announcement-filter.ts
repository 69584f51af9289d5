import { HOST_ORDER } from "../wire/netlink/byte-order.ts";
import { libc } from "./libc.ts";

/**
 * The argument of SO_ATTACH_FILTER that lets through ARP frames whose sender and target address are the same, that is,
 * gratuitous ARP.
 *
 * @see linux/filter.h: struct sock_filter { code 16, jt 8, jf 8, k 32 }, struct sock_fprog { len 16, filter * }.
 */
export function announcementFilter(): Uint8Array {
  const option = new Uint8Array(16);
  const head = new DataView(option.buffer);
  head.setUint16(0, INSTRUCTIONS.length, HOST_ORDER);
  head.setBigUint64(8, libc().addressOf(PROGRAM), HOST_ORDER);
  return option;
}

function assemble(instructions: readonly Instruction[]): Uint8Array {
  const program = new Uint8Array(instructions.length * 8);
  const view = new DataView(program.buffer);
  for (const [index, { code, ifTrue = 0, ifFalse = 0, k = 0 }] of instructions.entries()) {
    view.setUint16(index * 8, code, HOST_ORDER);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, k, HOST_ORDER);
  }
  return program;
}

interface Instruction {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly k?: number;
}

const BPF_LD_W_ABS = 0x20;
const BPF_MISC_TAX = 0x07;
const BPF_JMP_JEQ_X = 0x1d;
const BPF_RET_K = 0x06;

/** In a frame with its Ethernet header of 14 bytes. */
const AT_SENDER_ADDRESS = 28;
const AT_TARGET_ADDRESS = 38;

const INSTRUCTIONS: readonly Instruction[] = [
  { code: BPF_LD_W_ABS, k: AT_SENDER_ADDRESS },
  { code: BPF_MISC_TAX },
  { code: BPF_LD_W_ABS, k: AT_TARGET_ADDRESS },
  { code: BPF_JMP_JEQ_X, ifFalse: 1 },
  { code: BPF_RET_K, k: 0xffff },
  { code: BPF_RET_K, k: 0 },
];

/** Lives as long as this module: the option holds its address, which the collector of garbage does not see. */
const PROGRAM = assemble(INSTRUCTIONS);
