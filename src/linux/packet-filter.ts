import { HOST_ORDER } from "../wire/netlink/byte-order.ts";
import { libc } from "./libc.ts";

/** One instruction of a classic BPF program. Jumps count the instructions that are skipped. */
export interface Instruction {
  readonly code: number;
  readonly ifTrue?: number;
  readonly ifFalse?: number;
  readonly k?: number;
}

/** A program as the kernel reads it. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const program = new Uint8Array(instructions.length * SIZEOF_INSTRUCTION);
  const view = new DataView(program.buffer);
  for (const [index, { code, ifTrue = 0, ifFalse = 0, k = 0 }] of instructions.entries()) {
    const at = index * SIZEOF_INSTRUCTION;
    view.setUint16(at, code, HOST_ORDER);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, k, HOST_ORDER);
  }
  return program;
}

/**
 * The argument of SO_ATTACH_FILTER for a program. It keeps the program alive, to which it has a pointer that the collector
 * of garbage does not see.
 *
 * @see linux/filter.h: struct sock_filter { code 16, jt 8, jf 8, k 32 }, struct sock_fprog { len 16, filter * }.
 */
export function filterOption(program: Uint8Array): Uint8Array {
  const option = new Uint8Array(16);
  const head = new DataView(option.buffer);
  head.setUint16(0, program.length / SIZEOF_INSTRUCTION, HOST_ORDER);
  head.setBigUint64(8, libc().addressOf(program), HOST_ORDER);
  programs.set(option, program);
  return option;
}

const programs = new WeakMap<Uint8Array, Uint8Array>();

const SIZEOF_INSTRUCTION = 8;

// linux/bpf_common.h; SKF_AD_OFF + SKF_AD_RANDOM of linux/filter.h.
export const BPF_LD_IMM = 0x00;
export const BPF_LD_W_ABS = 0x20;
export const BPF_LD_B_ABS = 0x30;
export const BPF_LD_B_IND = 0x50;
export const BPF_LD_MEM = 0x60;
export const BPF_LDX_B_MSH = 0xb1;
export const BPF_ST = 0x02;
export const BPF_ALU_AND_K = 0x54;
export const BPF_ALU_RSH_K = 0x74;
export const BPF_ALU_RSH_X = 0x7c;
export const BPF_MISC_TAX = 0x07;
export const BPF_JMP_JA = 0x05;
export const BPF_JMP_JEQ_K = 0x15;
export const BPF_JMP_JEQ_X = 0x1d;
export const BPF_JMP_JSET_K = 0x45;
export const BPF_RET_K = 0x06;
export const SKF_AD_RANDOM = 0xffff_f000 + 56;
export const SO_ATTACH_FILTER = 26;
export const SO_DETACH_FILTER = 27;
