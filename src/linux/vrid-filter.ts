import {
  assemble,
  BPF_ALU_AND_K,
  BPF_ALU_RSH_K,
  BPF_ALU_RSH_X,
  BPF_JMP_JA,
  BPF_JMP_JEQ_K,
  BPF_JMP_JSET_K,
  BPF_LD_B_ABS,
  BPF_LD_B_IND,
  BPF_LD_IMM,
  BPF_LD_MEM,
  BPF_LD_W_ABS,
  BPF_LDX_B_MSH,
  BPF_MISC_TAX,
  BPF_RET_K,
  BPF_ST,
  filterOption,
  SKF_AD_RANDOM,
  type Instruction,
} from "./packet-filter.ts";

/** Where in what a raw socket's filter sees a VRRP message begins: behind the IPv4 header, or at once. */
export interface MessagePlace {
  readonly ipv4Header: boolean;
  /** Bytes of an authentication header before it. */
  readonly skip: number;
}

/**
 * The argument of SO_ATTACH_FILTER that lets through the messages of these virtual routers, and of the others one in `sample`,
 * a power of two, by chance.
 *
 * The 256 bits of the set are eight words, each an instruction: its length does not depend on how many are in it.
 */
export function vridFilter(vrids: ReadonlySet<number>, place: MessagePlace, sample: number): Uint8Array {
  return filterOption(assemble(programOf(vrids, place, sample)));
}

function programOf(vrids: ReadonlySet<number>, { ipv4Header, skip }: MessagePlace, sample: number): Instruction[] {
  const at = skip + AT_VRID;
  const load: readonly Instruction[] = ipv4Header
    ? [
        { code: BPF_LDX_B_MSH, k: 0 },
        { code: BPF_LD_B_IND, k: at },
      ]
    : [{ code: BPF_LD_B_ABS, k: at }];
  const words = wordsOf(vrids);
  const choose = words.flatMap(({ number, bits }, index): readonly Instruction[] => [
    { code: BPF_JMP_JEQ_K, k: number, ifFalse: 2 },
    { code: BPF_LD_IMM, k: bits },
    // Over the words that follow, and the jump to the sample.
    { code: BPF_JMP_JA, k: 3 * (words.length - index - 1) + 1 },
  ]);
  const test: readonly Instruction[] = [
    { code: BPF_ST, k: BITS },
    { code: BPF_LD_MEM, k: VRID },
    { code: BPF_ALU_AND_K, k: 31 },
    { code: BPF_MISC_TAX },
    { code: BPF_LD_MEM, k: BITS },
    { code: BPF_ALU_RSH_X },
    { code: BPF_JMP_JSET_K, k: 1, ifTrue: 3 },
  ];
  return [
    ...load,
    { code: BPF_ST, k: VRID },
    { code: BPF_ALU_RSH_K, k: 5 },
    ...choose,
    { code: BPF_JMP_JA, k: test.length },
    ...test,
    { code: BPF_LD_W_ABS, k: SKF_AD_RANDOM },
    { code: BPF_JMP_JSET_K, k: sample - 1, ifFalse: 1 },
    { code: BPF_RET_K, k: 0 },
    { code: BPF_RET_K, k: WHOLE },
  ];
}

/** The words of the set that are not empty. */
function wordsOf(vrids: ReadonlySet<number>): readonly { readonly number: number; readonly bits: number }[] {
  const words = new Uint32Array(8);
  for (const vrid of vrids) words[vrid >> 5] = (words[vrid >> 5] ?? 0) | (1 << (vrid & 31));
  return [...words].flatMap((bits, number) => (bits === 0 ? [] : [{ number, bits }]));
}

const AT_VRID = 1;
/** The filter's memory. */
const VRID = 0;
const BITS = 1;
/** What is let through is not cut. */
const WHOLE = 0xffff_ffff;
