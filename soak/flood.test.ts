import { expect, test } from "vitest";
import { invalidAdverts } from "./flood.ts";
import { planSettings } from "./plan.ts";

const NODES = [1, 2, 3].map((number) => stationOf(number));
const STRANGER = { ...stationOf(9), nodes: NODES };
const SETTINGS = planSettings(0);

test("by multicast: the first is sound but for its TTL, as tshark reads it, the others each have their own fault", () => {
  const frames = invalidAdverts(STRANGER, { ...SETTINGS, version: 3, transport: "multicast" });
  expect(frames).toHaveLength(21);
  // vrrp.version 3, vrrp.type 1, vrrp.prio 254, vrrp.checksum.status and ip.checksum.status "good", ip.ttl 254.
  const header = "45c00020 00000000 fe70 d145 0a4d0009 e0000012";
  expect(digits(frames[0])).toBe(
    `01005e000012026866000009 0800 ${header} 3133fe010064 dad0 0a4d0064`.replaceAll(" ", ""),
  );
  // vrrp.virt_rtr_id 52, vrrp.prio 254, vrrp.adver_int 100, vrrp.checksum.status "good", ipv6.hlim 254.
  const header6 = "6c000000001870fe 20010db8007700000000000000000009 ff020000000000000000000000000012";
  const advert6 = "3134fe010064735f 20010db8007700000000000000000100";
  expect(digits(frames[7])).toBe(`333300000012026866000009 86dd ${header6} ${advert6}`.replaceAll(" ", ""));
  // Two services have IPv4, and their empty messages are alike.
  expect(new Set(frames.map(digits)).size).toBe(20);
});

test("by unicast, where the TTL does not matter: the other six, to each node", () => {
  const frames = invalidAdverts(STRANGER, { ...SETTINGS, version: 2, transport: "unicast" });
  expect(frames).toHaveLength(54);
  const targets = frames
    .filter((frame) => digits(frame.subarray(12, 14)) === "0800")
    .map((frame) => frame.subarray(30, 34).join("."));
  expect(new Set(targets)).toEqual(new Set(["10.77.0.1", "10.77.0.2", "10.77.0.3"]));
});

function stationOf(number: number): { mac: string; address: string; ipv6Address: string } {
  return {
    mac: `02:68:66:00:00:0${number}`,
    address: `10.77.0.${number}`,
    ipv6Address: `2001:db8:77::${number}`,
  };
}

function digits(frame: Uint8Array | undefined): string {
  return Buffer.from(frame ?? []).toString("hex");
}
