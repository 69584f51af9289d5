import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { seededRandom } from "../../base/random.ts";
import { fail, succeed } from "../../base/result.ts";
import { loadConfiguration } from "../../config/load.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { OutgoingVrrpPacket } from "../../ports/links.ts";
import { AdvertisementSender } from "./advertisement-sender.ts";
import { SocketPool } from "./socket-pool.ts";

const ETH0: NetworkInterface = {
  index: 3,
  name: "eth0",
  up: true,
  running: true,
  multicast: true,
  loopback: false,
  noArp: false,
  mtu: 1500,
  mac: undefined,
};

/** A connected sender of an instance with these lines, and what it hands to the kernel. */
function connected(lines: string): { readonly sender: AdvertisementSender; readonly packets: OutgoingVrrpPacket[] } {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const text = `vrrp_instance A {
 interface eth0
 version 3
 virtual_router_id 7
 priority 90
 advert_int 1.5
 virtual_ipaddress {
  192.0.2.80
 }
 ${lines}
}
`;
  const { configuration } = loadConfiguration(
    "f",
    { read: () => succeed(new TextEncoder().encode(text)), list: () => missing, facts: () => missing },
    { configId: "node1", instanceName: undefined, environment: () => undefined, random: seededRandom(1) },
  );
  const [settings] = configuration.instances;
  if (settings === undefined) return expect.fail("no instance");
  const packets: OutgoingVrrpPacket[] = [];
  const send = (packet: OutgoingVrrpPacket) => {
    packets.push(packet);
    return succeed(undefined);
  };
  const links = {
    openVrrpSocket: () => succeed({ send, receive: () => [], close: () => undefined }),
    openArpSocket: () => fail({ operation: "open", errno: "EPERM", message: "not here" }),
  };
  const sender = new AdvertisementSender(settings, new SocketPool(links, () => undefined));
  sender.connect(ETH0);
  return { sender, packets };
}

describe("the checksum of version 3 that is sent", () => {
  // By hand: the words of the message without its checksum add up to 4def, the pseudo-header of 192.0.2.1 and 192.0.2.2 to
  // 1847f, that of 192.0.2.1 and 224.0.0.18 to 1a28f.
  const peer = "unicast_peer { 192.0.2.2 }";
  test.each([
    ["unicast: behind the pseudo-header of both ends", peer, 0x2d90],
    ["multicast: behind the pseudo-header of the group", "", 0x0f80],
    ["v3_checksum_as_v2: of the message alone (RFC 9568 section 5.2.8)", `${peer}\n v3_checksum_as_v2`, 0xb210],
    ["old_unicast_checksum: behind the pseudo-header of the group", `${peer}\n old_unicast_checksum`, 0x0f80],
  ])("%s", (_name, lines, checksum) => {
    const { sender, packets } = connected(lines);
    sender.send(90, ip("192.0.2.1"));
    expect(packets.map(checksumOf)).toEqual([checksum]);
  });

  test("unicast, a peer computes it as old keepalived does: answered in kind", () => {
    const { sender, packets } = connected(peer);
    sender.useOldUnicastChecksum();
    sender.send(90, ip("192.0.2.1"));
    expect(packets.map(checksumOf)).toEqual([0x0f80]);
  });
});

test("the identification counts up from 1 with each advert, and all peers get the same (keepalived)", () => {
  const { sender, packets } = connected("unicast_ttl 64\n unicast_peer {\n 192.0.2.2\n 192.0.2.3\n }");
  sender.send(90, ip("192.0.2.1"));
  sender.send(90, ip("192.0.2.1"));
  expect(packets.map(({ destination, identification, hopLimit }) => [destination, identification, hopLimit])).toEqual([
    ["192.0.2.2", 1, 64],
    ["192.0.2.3", 1, 64],
    ["192.0.2.2", 2, 64],
    ["192.0.2.3", 2, 64],
  ]);
});

function checksumOf({ message }: OutgoingVrrpPacket): number {
  return ((message[6] ?? 0) << 8) | (message[7] ?? 0);
}
