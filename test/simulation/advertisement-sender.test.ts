import { expect, test } from "vitest";
import { handClock } from "../fixtures/hand-clock.ts";
import { ip } from "../../src/base/address.ts";
import { succeed } from "../../src/base/result.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import { AdvertisementSender } from "../../src/daemon/vrrp/advertisement-sender.ts";
import { Authenticator } from "../../src/daemon/vrrp/authenticator.ts";
import { SocketPool } from "../../src/daemon/vrrp/socket-pool.ts";
import type { OutgoingVrrpPacket } from "../../src/ports/links.ts";
import { checksumForm } from "../../src/wire/vrrp.ts";
import { instance, virtualAddress } from "./settings.ts";

test("old checksums were detected, and then `old_unicast_checksum never` is configured: never again", () => {
  const sent: OutgoingVrrpPacket[] = [];
  const socket = {
    send: (packet: OutgoingVrrpPacket) => succeed(void sent.push(packet)),
    receive: () => [],
    setReceiveBuffer: () => succeed(undefined),
    hearOnly: () => succeed(undefined),
    close: () => {},
  };
  const links = {
    openVrrpSocket: () => succeed(socket),
    openArpSocket: () => succeed({ ...socket, send: () => succeed(undefined) }),
    openNeighborSocket: () => succeed({ ...socket, send: () => succeed(undefined) }),
  };
  const sender = new AdvertisementSender(settings("detect"), {
    sockets: new SocketPool({ links, clock: handClock(), log: { write: () => {} } }, () => {}),
    authenticator: new Authenticator({ kind: "none" }, { wallClockMs: () => 0 }),
  });
  sender.connect(ETH0, undefined);
  sender.useOldUnicastChecksum();
  sender.send(100, ip("10.0.0.1"));
  sender.reconfigure(settings("never"));
  sender.send(100, ip("10.0.0.1"));
  expect(sent.map((packet) => checksumForm(packet.message, packet))).toEqual([
    "multicast-pseudo-header",
    "pseudo-header",
  ]);
});

function settings(oldChecksum: "detect" | "never"): InstanceSettings {
  const peers = [{ address: ip("10.0.0.2"), minTtl: 0, maxTtl: 255 }];
  return instance({
    version: 3,
    virtualAddresses: [virtualAddress(ip("10.0.0.100"), 24)],
    transport: { kind: "unicast", source: ip("10.0.0.1"), peers, ttl: 64, checkSource: false, oldChecksum },
  });
}

const ETH0 = {
  index: 2,
  name: "eth0",
  up: true,
  running: true,
  multicast: true,
  loopback: false,
  noArp: false,
  mtu: 1500,
  mac: undefined,
  forwardsIpv6: false,
} as const;
