import { expect, test } from "vitest";
import { configurationOf, masterDownMs, vipsOf } from "./configuration.ts";

test("version 2, priority 100, a second: 3 s and 156/256 s (RFC 3768 6.1)", () => {
  expect(masterDownMs({ priority: 100 })).toBe(3_609.375);
});

test("version 3, priority 99, a tenth of a second: 300 ms and 157/256 of 100 ms (RFC 9568 6.1)", () => {
  expect(masterDownMs({ priority: 99, interval: 0.1 })).toBeCloseTo(361.328125, 6);
});

test("three instances: three VRIDs with a VIP each, version 3 where the interval demands it", () => {
  const text = configurationOf({ priority: 100, interval: 0.1, instances: 3, lines: ["nopreempt"] });
  expect(text.match(/virtual_router_id \d+/g)).toEqual([51, 52, 53].map((vrid) => `virtual_router_id ${vrid}`));
  expect(vipsOf(3).every((vip) => text.includes(`${vip}/24`))).toBe(true);
  expect(text.match(/version 3|nopreempt/g)).toHaveLength(6);
  expect(configurationOf({ priority: 100 })).not.toContain("version");
});
