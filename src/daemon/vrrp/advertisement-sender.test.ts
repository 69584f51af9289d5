import { describe, expect, test } from "vitest";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import { ip } from "../../base/address.ts";
import { seededRandom } from "../../base/random.ts";
import { fail, succeed } from "../../base/result.ts";
import { loadConfiguration } from "../../config/load.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { OutgoingVrrpPacket } from "../../ports/links.ts";
import { AdvertisementSender } from "./advertisement-sender.ts";
import { Authenticator } from "./authenticator.ts";
import { SocketPool } from "./socket-pool.ts";

/** 2026-01-01 00:00:00 UTC. */
const NOW_MS = 1_767_225_600_000;

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
  forwardsIpv6: false,
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
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
  const [settings] = configuration.instances;
  if (settings === undefined) return expect.fail("no instance");
  const packets: OutgoingVrrpPacket[] = [];
  const send = (packet: OutgoingVrrpPacket) => {
    packets.push(packet);
    return succeed(undefined);
  };
  const links = {
    openVrrpSocket: () =>
      succeed({
        send,
        receive: () => [],
        setReceiveBuffer: () => succeed(undefined),
        hearOnly: () => succeed(undefined),
        close: () => undefined,
      }),
    openArpSocket: () => fail({ operation: "open", errno: "EPERM", message: "not here" }),
    openNeighborSocket: () => fail({ operation: "open", errno: "EPERM", message: "not here" }),
  };
  const sender = new AdvertisementSender(settings, {
    sockets: new SocketPool({ links, clock: handClock(), log: { write: () => undefined } }, () => undefined),
    authenticator: new Authenticator(settings.authentication, { wallClockMs: () => NOW_MS }),
  });
  sender.connect(ETH0, undefined);
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

test("unicast_ttl without peers: multicast leaves with 255 all the same", () => {
  const { sender, packets } = connected("unicast_ttl 64");
  sender.send(90, ip("192.0.2.1"));
  expect(packets.map(({ destination, hopLimit }) => [destination, hopLimit])).toEqual([["224.0.0.18", 255]]);
});

describe("what proves an advert", () => {
  const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const signed = `unicast_peer {\n 192.0.2.2\n 192.0.2.3\n }\n auth_hmac {\n key 7 hex:${KEY}\n active_key 7\n`;

  test("auth_hmac: all peers get the same trailer, the next advert another one", () => {
    const { sender, packets } = connected(`${signed} }`);
    sender.send(90, ip("192.0.2.1"));
    sender.send(90, ip("192.0.2.1"));
    const trailers = packets.map(({ message }) => Buffer.from(message.subarray(12)).toString("hex"));
    // Type 1, key 7, 2026-01-01 00:00:00 UTC; of two in one millisecond the second counts.
    expect(trailers.map((trailer) => trailer.slice(0, 24))).toEqual([
      "010700006955b90000000000",
      "010700006955b90000000000",
      "010700006955b90000000001",
      "010700006955b90000000001",
    ]);
    expect(trailers[0]).toBe(trailers[1]);
    expect(trailers[0]?.slice(24)).not.toBe(trailers[2]?.slice(24));
  });

  test("auth_hmac, mode receive-only: nothing is signed", () => {
    const { sender, packets } = connected(`${signed} mode receive-only\n }`);
    sender.send(90, ip("192.0.2.1"));
    expect(packets.map(({ message }) => message.length)).toEqual([12, 12]);
  });
});

function checksumOf({ message }: OutgoingVrrpPacket): number {
  return ((message[6] ?? 0) << 8) | (message[7] ?? 0);
}
