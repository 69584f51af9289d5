import { describe, expect, test } from "vitest";
import { familyOf, ip, mac } from "../../../src/base/address.ts";
import { millis } from "../../../src/base/time.ts";
import { gratuitousArp, parseArp, serializeArp } from "../../../src/wire/arp.ts";
import { parseIpv4, serializeIpv4 } from "../../../src/wire/ipv4.ts";
import { parseIpv6, serializeIpv6 } from "../../../src/wire/ipv6.ts";
import { parseNeighborAdvertisement, serializeNeighborAdvertisement } from "../../../src/wire/ndp.ts";
import {
  parseNeighborFrame,
  serializeNeighborFrame,
  unsolicitedAdvertisement,
} from "../../../src/wire/neighbor-frame.ts";
import { parseMessages, parseReply, serializeMessages } from "../../../src/wire/netlink/message.ts";
import type { NetlinkRequest } from "../../../src/wire/netlink/message.ts";
import { parseProcessNotice, subscribeToProcesses } from "../../../src/wire/netlink/process-events.ts";
import {
  addAddress,
  listAddresses,
  listLinks,
  parseRouteMessage,
  removeAddress,
  renewAddress,
} from "../../../src/wire/netlink/rtnetlink.ts";
import type { AddressSettings } from "../../../src/wire/netlink/rtnetlink.ts";
import { textBytes } from "../../../src/wire/text.ts";
import { checksumForm, parseAdvertisement, serializeAdvertisement } from "../../../src/wire/vrrp.ts";
import type { ChecksumForm } from "../../../src/base/advertisement.ts";
import type { Advertisement } from "../../../src/wire/vrrp.ts";
import { readHex, readJson } from "./read-vector.ts";

describe("VRRP of keepalived 2.2.7, values by tshark", () => {
  const names = [
    "v2-multicast-password",
    "v2-multicast-password-farewell",
    "v2-multicast-plain",
    "v2-multicast-plain-tenth",
    "v2-no-addresses",
    "v2-header",
    "v2-unicast-password",
    "v3-multicast",
    "v3-multicast-farewell",
    "v3-multicast-half-second",
    "v3-unicast",
    "v3-ipv6-multicast",
    "v3-ipv6-unicast",
    "v2-ipv6-multicast",
    "v2-ipv6-multicast-farewell",
  ];

  test.each(names)("message of %s: reads as tshark reads it (RFC9568-5.2, RFC3768-5.3)", (name) => {
    const vector = readJson<AdvertisementVector>(name);
    const message = readHex(name).slice(vector.messageAt);
    const family = familyOf(ip(vector.source));
    expect(parseAdvertisement(message, family, "exact")).toEqual({ ok: true, value: advertisementOf(vector) });
  });

  test.each(names)("message of %s: is what serializing its values gives", (name) => {
    const vector = readJson<AdvertisementVector>(name);
    const bytes = serializeAdvertisement(advertisementOf(vector), {
      source: ip(vector.source),
      destination: ip(vector.destination),
      pseudoHeader: vector.checksumForm === "pseudo-header",
    });
    expect(hex(bytes)).toBe(hex(readHex(name).slice(vector.messageAt)));
  });

  test.each(names)("checksum of %s: covers what Python finds (RFC9568-5.2.8, RFC3768-5.3.8)", (name) => {
    const vector = readJson<AdvertisementVector>(name);
    const message = readHex(name).slice(vector.messageAt);
    const ends = { source: ip(vector.source), destination: ip(vector.destination) };
    expect(checksumForm(message, ends)).toBe(vector.checksumForm);
    message[2] = (message[2] ?? 0) ^ 1;
    expect(checksumForm(message, ends)).toBe("wrong");
  });

  test.each(names.filter((name) => !name.includes("ipv6")))("IPv4 packet of %s: both ways", (name) => {
    const vector = readJson<AdvertisementVector>(name);
    const packet = readHex(name).slice(ETHERNET_HEADER);
    const parsed = parseIpv4(packet);
    const payload = packet.slice(20);
    const value = { ...vector.ipv4, source: ip(vector.source), destination: ip(vector.destination), payload };
    expect(parsed).toEqual({ ok: true, value });
    if (parsed.ok) expect(hex(serializeIpv4(parsed.value))).toBe(hex(packet));
  });
});

describe("IPv6 packets of keepalived 2.2.7, values by tshark", () => {
  test.each(["v3-ipv6-multicast", "v3-ipv6-unicast", "v2-ipv6-multicast"])("%s: both ways", (name) => {
    const vector = readJson<AdvertisementVector>(name);
    const packet = readHex(name).slice(ETHERNET_HEADER);
    const value = {
      ...vector.ipv6,
      source: ip(vector.source),
      destination: ip(vector.destination),
      payload: packet.slice(40),
    };
    const parsed = parseIpv6(packet);
    expect(parsed).toEqual({ ok: true, value });
    if (parsed.ok) expect(hex(serializeIpv6(parsed.value))).toBe(hex(packet));
  });
});

describe("announcements of keepalived 2.2.7, values by tshark", () => {
  test("gratuitous ARP, on becoming master: both ways", () => {
    const bytes = readHex("gratuitous-arp");
    const { frame } = readJson<{ frame: Record<string, unknown> }>("gratuitous-arp");
    expect(parseArp(bytes)).toEqual({ ok: true, value: frame });
    expect(hex(serializeArp(gratuitousArp(ip("203.0.113.77"), mac("02:00:00:00:00:01"))))).toBe(hex(bytes));
  });

  test("unsolicited neighbour advertisement, on becoming master: both ways", () => {
    const vector = readJson<{ source: string; destination: string; messageAt: number; advertisement: unknown }>(
      "neighbor-advertisement",
    );
    const bytes = readHex("neighbor-advertisement").slice(vector.messageAt);
    const ends = { source: ip(vector.source), destination: ip(vector.destination) };
    const parsed = parseNeighborAdvertisement(bytes, ends);
    expect(parsed).toEqual({ ok: true, value: vector.advertisement });
    if (parsed.ok) expect(hex(serializeNeighborAdvertisement(parsed.value, ends))).toBe(hex(bytes));
    const frame = unsolicitedAdvertisement(ip("2001:db8::66"), mac("02:00:00:00:00:01"), false);
    expect(hex(serializeNeighborFrame(frame))).toBe(hex(readHex("neighbor-advertisement")));
    expect(parseNeighborFrame(readHex("neighbor-advertisement"))).toEqual({ ok: true, value: frame });
  });
});

// The captures are those of a little-endian machine.
describe.skipIf(new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1)("rtnetlink of Linux 6.18", () => {
  const ipv4: AddressSettings = {
    interfaceIndex: 3,
    address: ip("203.0.113.77"),
    prefixLength: 24,
    peer: undefined,
    broadcast: ip("203.0.113.255"),
    label: "eth0:vip",
    scope: 253,
    flags: 0x200,
    validLifetime: 30,
    preferredLifetime: 20,
  };
  const ipv6: AddressSettings = {
    interfaceIndex: 3,
    address: ip("2001:db8::77"),
    prefixLength: 64,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    flags: 0x02,
    validLifetime: 40,
    preferredLifetime: 0,
  };
  const peer: AddressSettings = {
    interfaceIndex: 3,
    address: ip("198.51.100.1"),
    prefixLength: 32,
    peer: ip("198.51.100.2"),
    broadcast: undefined,
    label: undefined,
    scope: 0,
    flags: 0,
    validLifetime: "forever",
    preferredLifetime: "forever",
  };
  const acknowledge = 0x04;

  test.each<[string, NetlinkRequest, number, number]>([
    ["rtnetlink-add-ipv4", addAddress(ipv4), 101, acknowledge],
    ["rtnetlink-add-ipv6", addAddress(ipv6), 102, acknowledge],
    ["rtnetlink-add-peer", addAddress(peer), 103, acknowledge],
    ["rtnetlink-renew-ipv6", renewAddress({ ...ipv6, validLifetime: 400 }), 106, acknowledge],
    ["rtnetlink-remove-ipv4", removeAddress(ipv4), 110, acknowledge],
    ["rtnetlink-list-addresses", listAddresses(), 107, 0],
    ["rtnetlink-list-links", listLinks(), 108, 0],
  ])("request %s: is byte for byte what the kernel obeyed", (name, request, sequence, more) => {
    const flags = request.flags | 0x01 | more;
    const bytes = serializeMessages([{ ...request, flags, sequence, port: 0 }]);
    expect(hex(bytes)).toBe(hex(readHex(name)));
  });

  test("list of addresses: reads as ip(8) reads it", () => {
    const { "ip -json address show": links } = readJson<{ "ip -json address show": IpAddressLink[] }>(
      "rtnetlink-addresses",
    );
    const expected = links.flatMap(({ ifindex, addr_info }) =>
      addr_info.map((info) => ({
        interfaceIndex: ifindex,
        address: info.local,
        prefixLength: info.prefixlen,
        secondary: info.secondary ?? false,
        tentative: info.tentative ?? false,
        validLifetime: info.valid_life_time === 4294967295 ? "forever" : info.valid_life_time,
      })),
    );
    const records = contentsOf("rtnetlink-addresses").map((fact) =>
      fact.kind === "address-added" ? fact.record : expect.fail(`unexpected ${fact.kind}`),
    );
    const sorted = (list: readonly { address: string }[]): unknown[] =>
      list.toSorted((left, right) => (left.address < right.address ? -1 : 1));
    expect(sorted(records.map(({ protocol: _, ...rest }) => rest))).toEqual(sorted(expected));
  });

  test("list of addresses: tells those of Holdfast from the kernel's own by IFA_PROTO (linux/if_addr.h)", () => {
    const protocols = contentsOf("rtnetlink-addresses").flatMap((fact) =>
      fact.kind === "address-added" ? [[fact.record.address, fact.record.protocol]] : [],
    );
    expect(Object.fromEntries(protocols)).toEqual({
      "127.0.0.1": undefined,
      "::1": 1,
      "192.0.2.1": undefined,
      "198.51.100.1": 0x48,
      "203.0.113.77": 0x48,
      "2001:db8::77": 0x48,
      "fe80::ff:fe00:1": 3,
      "fe80::ff:fe00:2": 3,
    });
  });

  test("list of interfaces: reads as ip(8) reads it", () => {
    const { "ip -json link show": links } = readJson<{ "ip -json link show": IpLink[] }>("rtnetlink-links");
    const expected = links.map(({ ifindex, ifname, flags, mtu, address }) => ({
      index: ifindex,
      name: ifname,
      up: flags.includes("UP"),
      // ip(8) shows LOWER_UP where the carrier is there, and RUNNING not at all.
      running: flags.includes("LOWER_UP"),
      multicast: flags.includes("MULTICAST"),
      loopback: flags.includes("LOOPBACK"),
      noArp: flags.includes("NOARP"),
      mtu,
      mac: address,
      forwardsIpv6: false,
    }));
    const interfaces = contentsOf("rtnetlink-links").map((fact) =>
      fact.kind === "interface-changed" ? fact.interface : expect.fail(`unexpected ${fact.kind}`),
    );
    expect(interfaces).toEqual(expected);
  });

  test.each([
    ["rtnetlink-interface-removed", { kind: "interface-removed", index: 3, name: "eth0" }],
    // It left its bridge and lives on.
    ["rtnetlink-bridge-port-removed", { kind: "other" }],
    [
      "rtnetlink-address-removed",
      {
        kind: "address-removed",
        record: {
          interfaceIndex: 3,
          address: "203.0.113.77",
          prefixLength: 24,
          secondary: false,
          tentative: false,
          protocol: 0x48,
          validLifetime: 300,
        },
      },
    ],
  ])("notification %s: says what happened", (name, fact) => {
    expect(contentsOf(name)).toEqual([fact]);
  });

  test.each([
    ["process-answer", { kind: "answer", request: 0x1092, errno: 0 }],
    ["process-fork", { kind: "fork", parent: 2178, child: 2267 }],
    ["process-exec", { kind: "changed", pid: 2267 }],
    ["process-renamed", { kind: "changed", pid: 2267 }],
    ["process-exit", { kind: "other" }],
  ])("notice %s: tells of whole processes (linux/cn_proc.h)", (name, notice) => {
    const messages = parseMessages(readHex(name));
    expect(messages.ok && messages.value.map(parseProcessNotice)).toEqual([notice]);
  });

  test("a subscription to processes: struct cn_msg with PROC_CN_MCAST_LISTEN (linux/connector.h)", () => {
    const bytes = serializeMessages([subscribeToProcesses(0x1092)]);
    // By Python's struct: "=IHHII" 40 3 0 0 0, "=IIIIHHI" 1 1 0 0x1092 4 0 1.
    const expected = "2800000003000000000000000000000001000000010000000000000092100000" + "0400000001000000";
    expect(Buffer.from(bytes).toString("hex")).toBe(expected);
  });

  test("notices of threads, of other connectors, and cut off ones: nothing is told", () => {
    const fork = parseMessages(readHex("process-fork"));
    const [message] = fork.ok ? fork.value : [];
    if (message === undefined) throw new Error("the vector has no message");
    const changedAt = (at: number, byte: number): Uint8Array => {
      const payload = message.payload.slice();
      payload[at] = byte;
      return payload;
    };
    // The child's pid is not its tgid: a thread. The connector is another one. It is shorter than a fork is.
    for (const payload of [changedAt(44, 1), changedAt(0, 9), message.payload.slice(0, 50), new Uint8Array(0)]) {
      expect(parseProcessNotice({ ...message, payload })).toEqual({ kind: "other" });
    }
  });

  test.each([
    ["netlink-acknowledged", { kind: "acknowledged", warning: undefined }],
    [
      "netlink-refused",
      { kind: "refused", errno: 17, message: "ipv4: Address already assigned", offset: undefined },
    ],
    [
      "netlink-refused-capped",
      { kind: "refused", errno: 17, message: "ipv4: Address already assigned", offset: undefined },
    ],
  ])("answer %s: says whether it was done, and why not", (name, reply) => {
    const messages = parseMessages(readHex(name));
    expect(messages.ok && messages.value.map(parseReply)).toEqual([{ ok: true, value: reply }]);
  });
});

interface AdvertisementVector {
  readonly source: string;
  readonly destination: string;
  readonly messageAt: number;
  readonly ipv4?: Record<string, unknown>;
  readonly ipv6?: Record<string, unknown>;
  readonly advertisement: {
    readonly version: 2 | 3;
    readonly type: number;
    readonly vrid: number;
    readonly priority: number;
    readonly advertisementIntervalMs: number;
    readonly addresses: readonly string[];
    readonly authentication?: { readonly kind: "none" | "password" | "header"; readonly password?: string };
  };
  readonly checksumForm: ChecksumForm;
}

interface IpAddressLink {
  readonly ifindex: number;
  readonly addr_info: readonly {
    readonly local: string;
    readonly prefixlen: number;
    readonly secondary?: boolean;
    readonly tentative?: boolean;
    readonly valid_life_time: number;
  }[];
}

interface IpLink {
  readonly ifindex: number;
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly address: string;
}

function advertisementOf({ advertisement }: AdvertisementVector): Advertisement {
  const { version, type, vrid, priority, advertisementIntervalMs, addresses, authentication } = advertisement;
  const advertisementInterval = millis(advertisementIntervalMs);
  const fields = { type, vrid, priority, advertisementInterval, addresses: addresses.map(ip) };
  if (version === 3) return { version, ...fields };
  if (authentication?.kind !== "password") {
    return { version, ...fields, authentication: { kind: authentication?.kind ?? "none" } };
  }
  const data = new Uint8Array(8);
  data.set(textBytes(authentication.password ?? ""));
  return { version, ...fields, authentication: { kind: "password", data } };
}

/** What the messages of a dump or a notification say, its end left out. */
function contentsOf(name: string): ReturnType<typeof factOf>[] {
  const messages = parseMessages(readHex(name));
  if (!messages.ok) return expect.fail(messages.error.code);
  return messages.value.filter(({ type }) => type !== NLMSG_DONE).map(factOf);
}

function factOf(message: Parameters<typeof parseRouteMessage>[0]) {
  const fact = parseRouteMessage(message);
  return fact.ok ? fact.value : expect.fail(fact.error.code);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const ETHERNET_HEADER = 14;
const NLMSG_DONE = 3;
