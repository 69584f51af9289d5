import { BLOCK_LENGTH, padToBlocks } from "./padding.ts";

/**
 * MD5 over the parts as if they were joined: 16 bytes. It proves nothing any more by itself; RFC 2403 uses it within HMAC.
 *
 * @see RFC 1321 section 3.
 */
export function md5(...parts: readonly Uint8Array[]): Uint8Array {
  const view = padToBlocks(parts, true);
  const state = Uint32Array.from(INITIAL);
  for (let at = 0; at < view.byteLength; at += BLOCK_LENGTH) mix(state, view, at);
  const digest = new Uint8Array(16);
  const out = new DataView(digest.buffer);
  for (const [index, value] of state.entries()) out.setUint32(4 * index, value, true);
  return digest;
}

/** Four rounds of sixteen operations: section 3.4. */
function mix(state: Uint32Array, message: DataView, at: number): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let step = 0; step < 64; step++) {
    const round = step >> 4;
    const index = ((ROUND_STRIDE[round] ?? 0) * step + (ROUND_START[round] ?? 0)) % 16;
    const sum = a + auxiliary(round, b, c, d) + message.getUint32(at + 4 * index, true) + (SINES[step] ?? 0);
    const turned = (b + rotate(sum | 0, SHIFTS[round * 4 + (step % 4)] ?? 0)) | 0;
    [a, d, c, b] = [d, c, b, turned];
  }
  for (const [index, value] of [a, b, c, d].entries()) state[index] = (state[index] ?? 0) + value;
}

/** F, G, H and I of section 3.4. */
function auxiliary(round: number, x: number, y: number, z: number): number {
  switch (round) {
    case 0:
      return (x & y) | (~x & z);
    case 1:
      return (x & z) | (y & ~z);
    case 2:
      return x ^ y ^ z;
    default:
      return y ^ (x | ~z);
  }
}

function rotate(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}

const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

/** T of section 3.4: the integer part of 2^32 times the absolute sine of 1 to 64, in radians. */
const SINES = Uint32Array.from({ length: 64 }, (_, index) => Math.floor(0x1_0000_0000 * Math.abs(Math.sin(index + 1))));

/** Which word of the block an operation takes: start + stride times the number of the operation. */
const ROUND_START = [0, 1, 5, 0];
const ROUND_STRIDE = [1, 5, 3, 7];

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
