import { describe, expect, test } from "vitest";
import { describeMissing, missingCapabilities } from "./capabilities.ts";

describe("missingCapabilities", () => {
  test("all bits of root: none is missing", () => {
    expect(missingCapabilities("Name:\tnode\nCapEff:\t000001ffffffffff\n")).toEqual([]);
  });

  test("no bits: both are missing", () => {
    const names = missingCapabilities("CapEff:\t0000000000000000\n").map(({ name }) => name);
    expect(names).toEqual(["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  });

  test("only bit 12 (CAP_NET_ADMIN, linux/capability.h): CAP_NET_RAW is missing", () => {
    expect(missingCapabilities("CapEff:\t0000000000001000\n").map(({ name }) => name)).toEqual(["CAP_NET_RAW"]);
  });

  test("only bit 13 (CAP_NET_RAW): CAP_NET_ADMIN is missing", () => {
    expect(missingCapabilities("CapEff:\t0000000000002000\n").map(({ name }) => name)).toEqual(["CAP_NET_ADMIN"]);
  });

  test("no such line: nothing is claimed to be missing", () => {
    expect(missingCapabilities("Name:\tnode\n")).toEqual([]);
  });
});

test("describeMissing: names the capability and three ways to give it", () => {
  const sentence = describeMissing(missingCapabilities("CapEff:\t0000000000001000\n"));
  expect(sentence).toBe(
    "No permission: missing CAP_NET_RAW (to send and receive VRRP and ARP). Start it as root; " +
      "in a systemd unit say AmbientCapabilities=CAP_NET_RAW; in a container say --cap-add=NET_RAW",
  );
});
