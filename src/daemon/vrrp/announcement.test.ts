import { describe, expect, test } from "vitest";
import { ip, mac } from "../../base/address.ts";
import { seconds } from "../../base/time.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import { parseNeighborFrame, serializeNeighborFrame, unsolicitedAdvertisement } from "../../wire/neighbor-frame.ts";
import { instance } from "../../../test/simulation/settings.ts";
import { announcementFrame, isAnnouncedOften, readAnnouncement } from "./announcement.ts";

const OWN = mac("02:00:00:00:00:01");

const device: NetworkInterface = {
  index: 2,
  name: "eth0",
  up: true,
  running: true,
  multicast: true,
  loopback: false,
  noArp: false,
  mtu: 1500,
  mac: OWN,
  forwardsIpv6: false,
};

describe("announcementFrame", () => {
  test.each([
    [false, false],
    [true, true],
  ])("IPv6, the host forwards %s: router flag %s (RFC 4861 section 4.4)", (forwardsIpv6, router) => {
    const frame = announcementFrame(ip("2001:db8::66"), { ...device, forwardsIpv6 });
    const parsed = parseNeighborFrame(frame ?? new Uint8Array(0));
    expect(parsed).toMatchObject({ ok: true, value: { source: OWN, advertisement: { router, override: true } } });
  });

  test("IPv4: a frame of ARP, EtherType 0x0806 (RFC 826)", () => {
    expect(announcementFrame(ip("192.0.2.1"), device)?.slice(12, 14)).toEqual(Uint8Array.of(0x08, 0x06));
  });

  test.each([
    ["nobody asks on the link (IFF_NOARP)", { noArp: true }],
    ["the link has no MAC addresses", { mac: undefined }],
  ])("%s: nothing is announced", (_, change) => {
    expect(announcementFrame(ip("2001:db8::66"), { ...device, ...change })).toBeUndefined();
    expect(announcementFrame(ip("192.0.2.1"), { ...device, ...change })).toBeUndefined();
  });
});

describe("readAnnouncement", () => {
  const other = mac("02:00:00:00:00:02");
  const frame = unsolicitedAdvertisement(ip("2001:db8::66"), other, false);

  test("an unsolicited advertisement: where the address is", () => {
    const heard = readAnnouncement("ipv6", serializeNeighborFrame(frame));
    expect(heard).toEqual({ address: "2001:db8::66", owner: other });
  });

  test("one without the option for the MAC address: its frame's sender", () => {
    const advertisement = { ...frame.advertisement, targetMac: undefined };
    const heard = readAnnouncement("ipv6", serializeNeighborFrame({ ...frame, advertisement }));
    expect(heard?.owner).toBe(other);
  });

  test("one that is sent to a single node: changes nobody else's mind, and announces nothing", () => {
    const single = { ...frame, destinationAddress: ip("2001:db8::1") };
    expect(readAnnouncement("ipv6", serializeNeighborFrame(single))).toBeUndefined();
  });

  test("an answer to a question, and what is no advertisement: announce nothing", () => {
    const advertisement = { ...frame.advertisement, solicited: true };
    expect(readAnnouncement("ipv6", serializeNeighborFrame({ ...frame, advertisement }))).toBeUndefined();
    expect(readAnnouncement("ipv6", new Uint8Array(60))).toBeUndefined();
    expect(readAnnouncement("ipv4", serializeNeighborFrame(frame))).toBeUndefined();
  });
});

// keepalived.conf(5): "By default, it will only send on VMAC interfaces; specifying all will cause it to send GARP/NA on each".
test.each([
  ["not configured", "eth0", []],
  ["100", "eth0", ["vrrp.51"]],
  ["100", "vrrp.51", []],
  ["all 100", "eth0", ["vrrp.51", "eth1"]],
  ["all 100", "vrrp.51", ["eth0", "eth1"]],
] as const)(
  "garp_extra_if %s, adverts leave %s: announced again and again on %j",
  (keyword, advertInterface, expected) => {
    const virtual = {
      kind: "macvlan",
      name: "vrrp.51",
      base: "eth0",
      mac: OWN,
      group: undefined,
      place: undefined,
    } as const;
    const settings = instance({ advertInterface, virtualInterfaces: [virtual] });
    const extra = { period: seconds(100), everywhere: keyword === "all 100" };
    const announce = { ...settings.announce, extra: keyword === "not configured" ? undefined : extra };
    const devices = ["eth0", "vrrp.51", "eth1"];
    expect(devices.filter((name) => isAnnouncedOften({ ...settings, announce }, name))).toEqual(expected);
  },
);
