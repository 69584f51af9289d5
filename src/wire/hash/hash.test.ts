import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hmac, sameProof } from "./hmac.ts";
import { md5 } from "./md5.ts";
import { sha256 } from "./sha256.ts";

const text = (characters: string) => new TextEncoder().encode(characters);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const unhex = (digits: string) => new Uint8Array(Buffer.from(digits, "hex"));
const repeated = (byte: number, count: number) => new Uint8Array(count).fill(byte);

describe("MD5 (RFC 1321 appendix A.5)", () => {
  test.each([
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["a", "0cc175b9c0f1b6a831c399e269772661"],
    ["abc", "900150983cd24fb0d6963f7d28e17f72"],
    ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
    ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"],
    [
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a",
    ],
  ])("%o", (message, digest) => {
    expect(hex(md5(text(message)))).toBe(digest);
  });
});

describe("SHA-256 (FIPS 180-2 appendix B)", () => {
  test.each([
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
  ])("%o", (message, digest) => {
    expect(hex(sha256(text(message)))).toBe(digest);
  });
});

describe("HMAC", () => {
  test.each([
    // RFC 2202 section 2, cases 1, 2 and 6.
    ["md5", repeated(0x0b, 16), text("Hi There"), "9294727a3638bb1c13f48ef8158bfc9d"],
    ["md5", text("Jefe"), text("what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738"],
    [
      "md5",
      repeated(0xaa, 80),
      text("Test Using Larger Than Block-Size Key - Hash Key First"),
      "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
    ],
    // RFC 4231 sections 4.2, 4.3 and 4.7.
    [
      "sha256",
      repeated(0x0b, 20),
      text("Hi There"),
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ],
    [
      "sha256",
      text("Jefe"),
      text("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      "sha256",
      repeated(0xaa, 131),
      text("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ] as const)("%s, %#", (algorithm, key, message, proof) => {
    expect(hex(hmac(algorithm, key, message))).toBe(proof);
  });

  test("in parts: the same as in one", () => {
    const key = unhex("000102030405060708090a0b0c0d0e0f");
    const message = text("advertisement");
    expect(hmac("sha256", key, message.subarray(0, 5), message.subarray(5))).toEqual(hmac("sha256", key, message));
  });
});

test("every length around a block's end: as OpenSSL has it", () => {
  const key = repeated(0x5a, 32);
  for (let length = 0; length <= 200; length++) {
    const message = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff);
    expect(hex(md5(message))).toBe(createHash("md5").update(message).digest("hex"));
    expect(hex(sha256(message))).toBe(createHash("sha256").update(message).digest("hex"));
    expect(hex(hmac("sha256", key, message))).toBe(createHmac("sha256", key).update(message).digest("hex"));
  }
});

describe("two proofs are the same", () => {
  test.each([
    ["0102", "0102", true],
    ["0102", "0103", false],
    ["0102", "8102", false],
    ["0102", "010200", false],
    ["0102", "01", false],
  ])("%s and %s: %s", (left, right, same) => {
    expect(sameProof(unhex(left), unhex(right))).toBe(same);
  });
});
