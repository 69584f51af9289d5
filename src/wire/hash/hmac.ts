import { md5 } from "./md5.ts";
import { BLOCK_LENGTH } from "./padding.ts";
import { sha256 } from "./sha256.ts";

/**
 * HMAC over the parts as if they were joined, whole: 32 bytes with SHA-256, 16 with MD5. A key longer than 64 bytes is
 * replaced by its digest.
 *
 * @see RFC 2104 section 2.
 */
export function hmac(algorithm: HashName, key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const digest = algorithm === "md5" ? md5 : sha256;
  const inner = new Uint8Array(BLOCK_LENGTH);
  inner.set(key.length > BLOCK_LENGTH ? digest(key) : key);
  const outer = inner.map((byte) => byte ^ 0x5c);
  return digest(
    outer,
    digest(
      inner.map((byte) => byte ^ 0x36),
      ...parts,
    ),
  );
}

export type HashName = "md5" | "sha256";

/**
 * Whether two proofs are the same bytes. How long it takes does not depend on where they differ, so that nobody can find a
 * proof byte by byte.
 */
export function sameProof(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0);
  return difference === 0;
}
