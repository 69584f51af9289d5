import { expect, test } from "vitest";
import { echoRequestIpv6, ipv6Bytes, neighborSolicitation } from "./roll-call-ipv6.ts";

const ASKER = { mac: "02:68:66:00:00:09", address: "2001:db8:77::9" };
const VIP = "2001:db8:77::100";

// tshark reads it as a solicitation for 2001:db8:77::100 from 02:68:66:00:00:09, with a good checksum.
test("who has the address: to its solicited-node group", () => {
  const header = "6000000000203aff 20010db8007700000000000000000009 ff0200000000000000000001ff000100";
  const message = "8700b2c400000000 20010db8007700000000000000000100 0101026866000009";
  expect(digits(neighborSolicitation(ASKER, VIP))).toBe(joined(`3333ff000100 026866000009 86dd ${header} ${message}`));
});

// tshark reads it as a request with id 0x6866 and sequence 1, with a good checksum.
test("an echo request: to the host's own link-layer address", () => {
  const header = "6000000000083aff 20010db8007700000000000000000009 20010db8007700000000000000000100";
  const frame = echoRequestIpv6(ASKER, { mac: "02:68:66:00:00:01", address: VIP });
  expect(digits(frame)).toBe(joined(`026866000001 026866000009 86dd ${header} 8000b9ec68660001`));
});

// RFC 4291 section 2.2.
test.each([
  ["2001:DB8:0:0:8:800:200C:417A", "20010db80000000000080800200c417a"],
  ["ff01::101", "ff010000000000000000000000000101"],
  ["::1", "00000000000000000000000000000001"],
  ["fe80::", "fe800000000000000000000000000000"],
])("%s", (address, bytes) => {
  expect(digits(ipv6Bytes(address))).toBe(bytes);
});

function joined(text: string): string {
  return text.replaceAll(" ", "");
}

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
