import { afterEach, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import type { IpAddress } from "../../src/base/address.ts";
import type { Result } from "../../src/base/result.ts";
import { openLinuxLinks } from "../../src/linux/links.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import type { SystemFailure } from "../../src/ports/failure.ts";
import type { FrameSocket, OutgoingVrrpPacket, VrrpSocket } from "../../src/ports/links.ts";
import { needs } from "../require.ts";
import { capture, command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip", "tcpdump", "tshark"] })("sockets of a real kernel", () => {
  const links = openLinuxLinks();
  let namespaces: Namespaces;
  let left: string;
  let right: string;
  let open: { close(): void }[];

  beforeEach(() => {
    namespaces = makeNamespaces();
    left = namespaces.create("left");
    right = namespaces.create("right");
    namespaces.join(left, "eth0", right, "eth1");
    open = [];
  });

  afterEach(() => {
    for (const socket of open) socket.close();
    namespaces.remove();
  });

  const indexOf = (host: string, device: string): number =>
    JSON.parse(command("ip", "-n", host, "-j", "link", "show", "dev", device))[0].ifindex;

  const opened = <Socket extends { close(): void }>(result: Result<Socket, SystemFailure>): Socket => {
    if (!result.ok) throw new Error(describeFailure(result.error));
    open.push(result.value);
    return result.value;
  };

  const vrrpSocket = (host: string, device: string, groups: IpAddress[], onReadable: () => void): VrrpSocket => {
    const family = groups[0]?.includes(":") === true ? "ipv6" : "ipv4";
    const options = { interfaceIndex: indexOf(host, device), interfaceName: device, family, groups } as const;
    return opened(within(host, () => links.openVrrpSocket(options, onReadable)));
  };

  const arpSocket = (host: string, device: string, listen: boolean, onReadable: () => void): FrameSocket => {
    const options = { interfaceIndex: indexOf(host, device), interfaceName: device, listen };
    return opened(within(host, () => links.openArpSocket(options, onReadable)));
  };

  const neighborSocket = (host: string, device: string, listen: boolean, onReadable: () => void): FrameSocket => {
    const options = { interfaceIndex: indexOf(host, device), interfaceName: device, listen };
    return opened(within(host, () => links.openNeighborSocket(options, onReadable)));
  };

  /** Opens a listening socket with `make` and gathers what it receives. */
  const listener = <Item>(make: (onReadable: () => void) => { receive(): readonly Item[] }): Inbox<Item> => {
    const items: Item[] = [];
    let waiting: (() => void) | undefined;
    const socket = make(() => {
      items.push(...socket.receive());
      waiting?.();
    });
    const count = (wanted: number): Promise<readonly Item[]> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (items.length >= wanted) resolve(items);
        };
        waiting = look;
        look();
      });
    return { items, count };
  };

  // VRRPv2, VRID 51, priority 150, one address, no authentication, 1 s; checksum by hand.
  const message = hex("21 33 96 01 00 01 86 7c | c0 00 02 4d | 00 00 00 00 00 00 00 00");
  const packet: OutgoingVrrpPacket = {
    source: ip("192.0.2.9"),
    destination: GROUP,
    hopLimit: 255,
    identification: 4_711,
    message,
  };

  test("VRRP, a multicast packet through an interface without any address: on the wire as RFC 3768 wants it", async () => {
    const captured = await capture(right, "eth1", "ip proto 112", 1);
    const socket = vrrpSocket(left, "eth0", [GROUP], () => undefined);
    expect(socket.send(packet)).toEqual({ ok: true, value: undefined });
    const fields = ["eth.dst", "ip.src", "ip.dst", "ip.ttl", "ip.dsfield", "ip.id", "ip.len", "ip.checksum.status"];
    const vrrp = ["vrrp.version", "vrrp.virt_rtr_id", "vrrp.prio", "vrrp.ip_addr", "vrrp.checksum.status"];
    expect(await captured.decode([...fields, ...vrrp])).toEqual([
      "01:00:5e:00:00:12 192.0.2.9 224.0.0.18 255 0xc0 0x1267 40 2 2 51 150 192.0.2.77 1",
    ]);
  });

  test("VRRP, two sockets that joined the group: the other one hears it with its header, the sender does not", async () => {
    const heardBack = listener((onReadable) => vrrpSocket(left, "eth0", [GROUP], onReadable));
    const sender = vrrpSocket(left, "eth0", [GROUP], () => undefined);
    const inbox = listener((onReadable) => vrrpSocket(right, "eth1", [GROUP], onReadable));
    for (let priority = 1; priority <= 200; priority++) {
      sender.send({ ...packet, message: Uint8Array.from(message, (byte, at) => (at === 2 ? priority : byte)) });
    }
    const heard = await inbox.count(200);
    expect(heard.map((one) => one.message[2])).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    const { identification: _, ...header } = packet;
    expect(heard[149]).toEqual(header);
    expect(heardBack.items).toEqual([]);
  });

  test.each([
    ["two virtual routers of one word of the set", [51, 52]],
    ["the first and the last there can be", [1, 255]],
    ["all but a few", Array.from({ length: 250 }, (_, index) => index + 1)],
    ["none", []],
  ])("VRRP, only %s: the kernel throws away the others, but for a sample", async (_what, vrids) => {
    const sender = vrrpSocket(left, "eth0", [GROUP], () => undefined);
    let receiver: VrrpSocket | undefined;
    const inbox = listener((onReadable) => (receiver = vrrpSocket(right, "eth1", [GROUP], onReadable)));
    const sendAll = (): void => {
      for (let vrid = 1; vrid <= 255; vrid++) {
        sender.send({ ...packet, message: Uint8Array.from(message, (byte, at) => (at === 1 ? vrid : byte)) });
      }
    };
    // One in 2^31 is none.
    expect(receiver?.hearOnly({ vrids: new Set(vrids), sample: 2 ** 31 }).ok).toBe(true);
    sendAll();
    await inbox.count(vrids.length);
    expect(receiver?.hearOnly(undefined).ok).toBe(true);
    sendAll();
    await inbox.count(vrids.length + 255);
    expect(inbox.items.slice(0, vrids.length).map((heard) => heard.message[1])).toEqual(vrids);
    expect(receiver?.hearOnly({ vrids: new Set(vrids), sample: 1 }).ok).toBe(true);
    sendAll();
    await inbox.count(vrids.length + 510);
  });

  test("VRRP, a group that only another socket has joined: not heard", async () => {
    const other = ip("224.0.0.19");
    const deaf = listener((onReadable) => vrrpSocket(right, "eth1", [other], onReadable));
    const inbox = listener((onReadable) => vrrpSocket(right, "eth1", [GROUP], onReadable));
    const sender = vrrpSocket(left, "eth0", [], () => undefined);
    sender.send(packet);
    await inbox.count(1);
    sender.send({ ...packet, destination: other });
    await deaf.count(1);
    expect(inbox.items.map(({ destination }) => destination)).toEqual([GROUP]);
    expect(deaf.items.map(({ destination }) => destination)).toEqual([other]);
  });

  test("VRRP, unicast: heard without any group", async () => {
    command("ip", "-n", left, "addr", "add", "192.0.2.9/24", "dev", "eth0");
    command("ip", "-n", right, "addr", "add", "192.0.2.10/24", "dev", "eth1");
    const inbox = listener((onReadable) => vrrpSocket(right, "eth1", [], onReadable));
    const sender = vrrpSocket(left, "eth0", [], () => undefined);
    expect(sender.send({ ...packet, destination: ip("192.0.2.10"), hopLimit: 64 }).ok).toBe(true);
    expect(await inbox.count(1)).toMatchObject([{ source: "192.0.2.9", destination: "192.0.2.10", hopLimit: 64 }]);
  });

  test("VRRP, the interface went down and came back: sends and hears again without being opened again", async () => {
    const inbox = listener((onReadable) => vrrpSocket(right, "eth1", [GROUP], onReadable));
    const sender = vrrpSocket(left, "eth0", [GROUP], () => undefined);
    command("ip", "-n", left, "link", "set", "eth0", "down");
    expect(sender.send(packet).ok).toBe(false);
    command("ip", "-n", left, "link", "set", "eth0", "up");
    command("ip", "-n", right, "link", "set", "eth1", "down");
    command("ip", "-n", right, "link", "set", "eth1", "up");
    expect(sender.send(packet)).toEqual({ ok: true, value: undefined });
    expect(await inbox.count(1)).toHaveLength(1);
  });

  test("VRRP, an interface that is not there: ENODEV with its name", () => {
    const options = { interfaceIndex: 99, interfaceName: "eth9", family: "ipv4", groups: [GROUP] } as const;
    const refused = within(left, () => links.openVrrpSocket(options, () => undefined));
    expect(refused).toMatchObject({ ok: false, error: { errno: "ENODEV", operation: "bind a socket to eth9" } });
  });

  test("any socket, without the capability: EPERM, and the failure says which one", () => {
    const at = { interfaceIndex: 1, interfaceName: "lo" };
    process.seteuid?.(65_534);
    const vrrp = links.openVrrpSocket({ ...at, family: "ipv4", groups: [] }, () => undefined);
    const arp = links.openArpSocket({ ...at, listen: true }, () => undefined);
    process.seteuid?.(0);
    expect(!vrrp.ok && describeFailure(vrrp.error)).toBe(
      "Cannot open the VRRP socket of lo (needs CAP_NET_RAW): Operation not permitted (EPERM)",
    );
    expect(!arp.ok && arp.error).toMatchObject({ errno: "EPERM" });
  });

  test("VRRP over IPv6: heard with source, destination and hop limit, the checksum filled in", async () => {
    command("ip", "-n", left, "addr", "add", "fe80::9/64", "dev", "eth0", "nodad");
    const group = ip("ff02::12");
    const captured = await capture(right, "eth1", "ip6 proto 112", 1);
    const inbox = listener((onReadable) => vrrpSocket(right, "eth1", [group], onReadable));
    const sender = vrrpSocket(left, "eth0", [group], () => undefined);
    // VRRPv3, VRID 51, priority 150, 1 s, one address, its checksum left to the kernel.
    const version3 = Uint8Array.of(0x31, 51, 150, 1, 0, 100, 0, 0, 0xfe, 0x80, ...new Uint8Array(13), 0x77);
    const sent = sender.send({
      source: ip("fe80::9"),
      destination: group,
      hopLimit: 255,
      identification: 0,
      message: version3,
    });
    expect(sent).toEqual({ ok: true, value: undefined });
    const [heard] = await inbox.count(1);
    expect(heard).toMatchObject({ source: "fe80::9", destination: "ff02::12", hopLimit: 255 });
    expect(heard?.message).toHaveLength(24);
    const fields = ["ipv6.hlim", "ipv6.tclass", "vrrp.ipv6_addr", "vrrp.checksum.status"];
    expect(await captured.decode(fields)).toEqual(["255 0x000000c0 fe80::77 1"]);
  });

  // A gratuitous request for 192.0.2.77 by 02:00:00:00:00:01, by hand from RFC 826.
  const garp = hex(
    "ff ff ff ff ff ff 02 00 00 00 00 01 08 06 | 00 01 08 00 06 04 00 01" +
      "02 00 00 00 00 01 c0 00 02 4d | 00 00 00 00 00 00 c0 00 02 4d",
  );

  test("ARP, a question and an announcement: only the announcement is heard", async () => {
    const inbox = listener((onReadable) => arpSocket(right, "eth1", true, onReadable));
    const sender = arpSocket(left, "eth0", false, () => undefined);
    const question = garp.slice();
    question[41] = 78;
    expect(sender.send([question, garp])).toEqual({ ok: true, value: undefined });
    const [heard] = await inbox.count(1);
    expect(heard?.slice(0, 42)).toEqual(garp);
  });

  test("ARP, 150 announcements at once: all on the wire, in order, heard by others alone", async () => {
    const captured = await capture(right, "eth1", "arp", 150);
    const inbox = listener((onReadable) => arpSocket(right, "eth1", true, onReadable));
    const own = listener((onReadable) => arpSocket(left, "eth0", true, onReadable));
    const sender = arpSocket(left, "eth0", false, () => undefined);
    const frames = Array.from({ length: 150 }, (_, index) => {
      const frame = garp.slice();
      frame[31] = index;
      frame[41] = index;
      return frame;
    });
    expect(sender.send(frames)).toEqual({ ok: true, value: undefined });
    const heard = await inbox.count(150);
    expect(heard.map((frame) => frame.slice(0, 42))).toEqual(frames);
    const decoded = await captured.decode(["eth.dst", "arp.isgratuitous", "arp.src.hw_mac", "arp.src.proto_ipv4"]);
    expect(decoded[149]).toBe("ff:ff:ff:ff:ff:ff 1 02:00:00:00:00:01 192.0.2.149");
    expect(own.items).toEqual([]);
    expect(sender.receive()).toEqual([]);
  });

  test("ARP, the interface went down and came back: sends at once and hears again", async () => {
    const inbox = listener((onReadable) => arpSocket(right, "eth1", true, onReadable));
    const sender = arpSocket(left, "eth0", false, () => undefined);
    const listening = arpSocket(left, "eth0", true, () => undefined);
    for (const [host, device] of [
      [left, "eth0"],
      [right, "eth1"],
    ] as const) {
      command("ip", "-n", host, "link", "set", device, "down");
      // Lets the watch meet the error that the kernel keeps for the socket.
      await new Promise((resolve) => setTimeout(resolve, 20));
      command("ip", "-n", host, "link", "set", device, "up");
    }
    expect(sender.send([garp])).toEqual({ ok: true, value: undefined });
    expect(listening.send([garp])).toEqual({ ok: true, value: undefined });
    expect(await inbox.count(2)).toHaveLength(2);
  });

  // keepalived's announcement of 2001:db8::66 with router and override set, by hand from RFC 4861 section 4.4.
  const advertisement = hex(
    "33 33 00 00 00 01 02 00 00 00 00 01 86 dd | 60 00 00 00 00 20 3a ff" +
      "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 66 | ff 02 00 00 00 00 00 00 00 00 00 00 00 00 00 01" +
      "88 00 78 60 a0 00 00 00 | 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 66 | 02 01 02 00 00 00 00 01",
  );

  test("neighbors, an announcement among questions, answers and other ICMPv6: only it is heard, and as it was sent", async () => {
    const captured = await capture(right, "eth1", "ip6 and src host 2001:db8::66", 5);
    const inbox = listener((onReadable) => neighborSocket(right, "eth1", true, onReadable));
    const own = listener((onReadable) => neighborSocket(left, "eth0", true, onReadable));
    const sender = neighborSocket(left, "eth0", false, () => undefined);
    // Type 135 is a question, the flag 0x40 makes it an answer, next header 43 hides it behind an extension header.
    const others = [
      [54, 135],
      [58, 0xe0],
      [20, 43],
      [54, 128],
    ].map(([at = 0, value = 0]) => advertisement.map((byte, index) => (index === at ? value : byte)));
    expect(sender.send([...others, advertisement])).toEqual({ ok: true, value: undefined });
    const heard = await inbox.count(1);
    expect(heard).toEqual([advertisement]);
    expect(own.items).toEqual([]);
    const fields = ["eth.dst", "ipv6.hlim", "ipv6.dst", "icmpv6.type", "icmpv6.nd.na.target_address"];
    const flags = ["icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.o", "icmpv6.checksum.status"];
    const decoded = await captured.decode([...fields, ...flags, "icmpv6.opt.linkaddr"]);
    expect(decoded.at(-1)).toBe("33:33:00:00:00:01 255 ff02::1 136 2001:db8::66 1 0 1 1 02:00:00:00:00:01");
  });

  test("VRRP over IPv6, a source that is not here, or still tentative: EINVAL", () => {
    const sender = vrrpSocket(left, "eth0", [ip("ff02::12")], () => undefined);
    const from = (source: string): unknown =>
      sender.send({ ...packet, source: ip(source), destination: ip("ff02::12"), message: new Uint8Array(24) });
    expect(from("fe80::99")).toMatchObject({ ok: false, error: { errno: "EINVAL" } });
    command("ip", "-n", left, "addr", "add", "fe80::99/64", "dev", "eth0");
    expect(from("fe80::99")).toMatchObject({ ok: false, error: { errno: "EINVAL" } });
    command("ip", "-n", left, "addr", "add", "fe80::98/64", "dev", "eth0", "nodad");
    expect(from("fe80::98")).toEqual({ ok: true, value: undefined });
  });

  test("ARP, the interface is down: ENETDOWN", () => {
    const sender = arpSocket(left, "eth0", false, () => undefined);
    command("ip", "-n", left, "link", "set", "eth0", "down");
    expect(sender.send([garp])).toMatchObject({ ok: false, error: { errno: "ENETDOWN" } });
  });
});

interface Inbox<Item> {
  readonly items: readonly Item[];
  /** Kept when at least so many have come. */
  count(wanted: number): Promise<readonly Item[]>;
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/[ |]/g, ""), "hex"));
}

const GROUP = ip("224.0.0.18");
