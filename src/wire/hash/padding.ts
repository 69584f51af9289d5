/** Of a message, in bytes: what SHA-256, MD5 and HMAC work on at a time. */
export const BLOCK_LENGTH = 64;

/**
 * The parts joined, a one bit, zeros, and the length of the parts in bits as 64 bits: whole blocks (FIPS 180-4 section
 * 5.1.1; RFC 1321 sections 3.1 and 3.2, whose length has its low byte first).
 */
export function padToBlocks(parts: readonly Uint8Array[], lowByteFirst: boolean): DataView {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const message = new Uint8Array(Math.ceil((length + 9) / BLOCK_LENGTH) * BLOCK_LENGTH);
  let at = 0;
  for (const part of parts) {
    message.set(part, at);
    at += part.length;
  }
  message[length] = 0x80;
  const view = new DataView(message.buffer);
  view.setBigUint64(message.length - 8, BigInt(length) * 8n, lowByteFirst);
  return view;
}
