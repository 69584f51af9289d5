import { expect, test } from "vitest";
import { invalidAdverts } from "./flood.ts";
import { planSettings } from "./plan.ts";

const STRANGER = { mac: "02:68:66:00:00:09", address: "10.77.0.9/24" };
const NODES = [1, 2, 3].map((number) => ({ mac: `02:68:66:00:00:0${number}`, address: `10.77.0.${number}/24` }));
const SETTINGS = planSettings(0);

test("by multicast: the first is sound but for its TTL, as tshark reads it, the others each have their own fault", () => {
  const frames = invalidAdverts(STRANGER, NODES, { ...SETTINGS, version: 3, transport: "multicast" });
  expect(frames).toHaveLength(7);
  // vrrp.version 3, vrrp.type 1, vrrp.prio 254, vrrp.checksum.status and ip.checksum.status "good", ip.ttl 254.
  const header = "45c00020 00000000 fe70 d145 0a4d0009 e0000012";
  expect(digits(frames[0])).toBe(
    `01005e000012026866000009 0800 ${header} 3133fe010064 dad0 0a4d0064`.replaceAll(" ", ""),
  );
  expect(new Set(frames.map(digits)).size).toBe(7);
});

test("by unicast, where the TTL does not matter: the other six, to each node", () => {
  const frames = invalidAdverts(STRANGER, NODES, { ...SETTINGS, version: 2, transport: "unicast" });
  expect(frames).toHaveLength(18);
  const targets = frames.map((frame) => frame.subarray(30, 34).join("."));
  expect(new Set(targets)).toEqual(new Set(["10.77.0.1", "10.77.0.2", "10.77.0.3"]));
});

function digits(frame: Uint8Array | undefined): string {
  return Buffer.from(frame ?? []).toString("hex");
}
