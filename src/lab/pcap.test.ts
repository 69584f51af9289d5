import { expect, test } from "vitest";
import { gratuitousArp, parsePcap, PcapReader, vrrpPriority, vrrpSource } from "./pcap.ts";

// pcap-savefile(5): magic, version 2.4, zone, accuracy, snapshot length, link type 1; then per packet seconds, microseconds,
// captured length, original length.
const HEADER = "d4c3b2a1 02000400 00000000 00000000 00000400 01000000";
const PACKET = "00ca9a3b 20a10700 03000000 03000000 0a0b0c";

// Ethernet, IPv4 (protocol 0x70 = 112) from 10.77.0.1 to 224.0.0.18, and the first bytes of an advertisement.
const ADVERT = "01005e000012 026866000001 0800 45c00028 00010000 ff70 8eaa 0a4d0001 e0000012 21336401";
// RFC 826: Ethernet, IPv4, request; sender and target address are both 10.77.0.100.
const GRATUITOUS = "ffffffffffff 026866000002 0806 00010800 06040001 026866000002 0a4d0064 ffffffffffff 0a4d0064";
const QUESTION = GRATUITOUS.replace(/0a4d0064$/, "0a4d0001");

test("a file of either byte order: its packets with the kernel's time", () => {
  const packet = { atMs: 1_000_000_000_500, frame: hex("0a0b0c") };
  expect(parsePcap(hex(HEADER + PACKET))).toEqual([packet]);
  const bigEndian = "a1b2c3d4 00020004 00000000 00000000 00040000 00000001 3b9aca00 0007a120 00000003 00000003 0a0b0c";
  expect(parsePcap(hex(bigEndian))).toEqual([packet]);
});

test("a last packet cut off: the others", () => {
  expect(parsePcap(hex(HEADER + PACKET + PACKET).subarray(0, -1))).toHaveLength(1);
  expect(parsePcap(hex(HEADER))).toEqual([]);
});

test("a file that is read while it is written, at each of its bytes: each packet once, when it is whole", () => {
  const file = hex(HEADER + PACKET + PACKET);
  const reader = new PcapReader();
  const counts = Array.from(file, (_, index) => reader.take(file.subarray(index, index + 1)).length);
  expect(counts.flatMap((count, index) => (count === 1 ? [index + 1] : []))).toEqual([24 + 19, 24 + 2 * 19]);
});

test("something else than a capture: an error", () => {
  expect(() => parsePcap(hex("00"))).toThrow(/no pcap file/);
  expect(() => parsePcap(hex(HEADER.replace("d4", "4d")))).toThrow(/no pcap file/);
});

test("frames: the source of an advert, the sender of a gratuitous ARP, nothing of others", () => {
  expect(vrrpSource(hex(ADVERT))).toBe("10.77.0.1");
  expect(vrrpSource(hex(ADVERT.replace("ff70", "ff06")))).toBeUndefined();
  expect(vrrpSource(hex(GRATUITOUS))).toBeUndefined();
  expect([ADVERT, GRATUITOUS].map((frame) => vrrpPriority(hex(frame)))).toEqual([0x64, undefined]);
  expect(gratuitousArp(hex(GRATUITOUS))).toEqual({ mac: "02:68:66:00:00:02", address: "10.77.0.100" });
  expect(gratuitousArp(hex(QUESTION))).toBeUndefined();
  expect(gratuitousArp(hex(ADVERT))).toBeUndefined();
  expect(gratuitousArp(hex("0806"))).toBeUndefined();
});

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}
