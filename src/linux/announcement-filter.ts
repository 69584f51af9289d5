import {
  assemble,
  BPF_JMP_JEQ_K,
  BPF_JMP_JEQ_X,
  BPF_JMP_JSET_K,
  BPF_LD_B_ABS,
  BPF_LD_W_ABS,
  BPF_MISC_TAX,
  BPF_RET_K,
  filterOption,
  type Instruction,
} from "./packet-filter.ts";

/**
 * The argument of SO_ATTACH_FILTER that lets through ARP frames whose sender and target address are the same, that is,
 * gratuitous ARP.
 */
export function gratuitousArpFilter(): Uint8Array {
  return filterOption(GRATUITOUS_ARP);
}

/**
 * The same for IPv6 frames: neighbor advertisements without the flag "solicited" (RFC 4861 section 4.4), those that
 * answer a question being nobody's announcement. ICMPv6 behind an extension header is left out.
 */
export function unsolicitedAdvertisementFilter(): Uint8Array {
  return filterOption(UNSOLICITED_ADVERTISEMENT);
}

// Offsets in a frame with its Ethernet header of 14 bytes. A load behind the end of a frame drops it.
const AT_ARP_SENDER_ADDRESS = 28;
const AT_ARP_TARGET_ADDRESS = 38;
const AT_IPV6_NEXT_HEADER = 20;
const AT_ICMPV6_TYPE = 54;
const AT_ADVERTISEMENT_FLAGS = 58;

const ACCEPT: Instruction = { code: BPF_RET_K, k: 0xffff };
const DROP: Instruction = { code: BPF_RET_K, k: 0 };

const IPPROTO_ICMPV6 = 58;
const ND_NEIGHBOR_ADVERT = 136;
const FLAG_SOLICITED = 0x40;

const GRATUITOUS_ARP = assemble([
  { code: BPF_LD_W_ABS, k: AT_ARP_SENDER_ADDRESS },
  { code: BPF_MISC_TAX },
  { code: BPF_LD_W_ABS, k: AT_ARP_TARGET_ADDRESS },
  { code: BPF_JMP_JEQ_X, ifFalse: 1 },
  ACCEPT,
  DROP,
]);

const UNSOLICITED_ADVERTISEMENT = assemble([
  { code: BPF_LD_B_ABS, k: AT_IPV6_NEXT_HEADER },
  { code: BPF_JMP_JEQ_K, k: IPPROTO_ICMPV6, ifFalse: 5 },
  { code: BPF_LD_B_ABS, k: AT_ICMPV6_TYPE },
  { code: BPF_JMP_JEQ_K, k: ND_NEIGHBOR_ADVERT, ifFalse: 3 },
  { code: BPF_LD_B_ABS, k: AT_ADVERTISEMENT_FLAGS },
  { code: BPF_JMP_JSET_K, k: FLAG_SOLICITED, ifTrue: 1 },
  ACCEPT,
  DROP,
]);
