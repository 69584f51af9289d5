import { beforeEach, describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { instant } from "../../base/time.ts";
import { instance } from "../../../test/simulation/settings.ts";
import type { PooledPacket } from "./socket-pool.ts";
import { StrangerTable } from "./stranger-table.ts";

let now: number;
let told: string[];
let table: StrangerTable;

beforeEach(() => {
  now = 0;
  told = [];
  table = new StrangerTable({
    log: { write: (_level, text) => void told.push(text) },
    clock: {
      now: () => instant(now),
      boottime: () => instant(now),
      outside: () => undefined,
      wallClockMs: () => now / 1_000,
      alarm: () => ({ set: () => {}, clear: () => {}, close: () => {} }),
    },
  });
});

describe("virtual routers of others", () => {
  test("told once for each network, VRID and sender; shown with its rhythm", () => {
    table.note(heard("eth0", "10.0.0.7"), [], true);
    now = 1_000_000;
    table.note(heard("eth0", "10.0.0.7"), [], true);
    table.note(heard("eth1", "10.0.0.7"), [], true);
    expect(told).toEqual([
      "Unknown VRID 9 received on eth0 from 10.0.0.7, ignoring it",
      "Unknown VRID 9 received on eth1 from 10.0.0.7, ignoring it",
    ]);
    now = 1_500_000;
    expect(table.status()[0]).toEqual({
      interface: "eth0",
      vrid: 9,
      family: "ipv4",
      address: "10.0.0.7",
      priority: 100,
      adverts: 2,
      lastHeardMsAgo: 500,
      intervalMs: 1_000,
    });
  });

  test.each([
    ["an instance on eth0, heard by the socket of one that names no interface", "eth0", ""],
    ["an instance that names no interface, heard by the socket of one on eth0", "", "eth0"],
  ])("%s: no stranger", (_, home, socket) => {
    const unicast = { destination: "10.0.0.1", group: undefined };
    const own = instance({ interface: home, vrid: 9 });
    table.note(heard(socket, "10.0.0.7", unicast), [own], true);
    expect([told, table.status()]).toEqual([[], []]);
    table.note(heard(socket, "10.0.0.7", unicast), [{ ...own, vrid: 8 }], true);
    expect(told).toEqual([
      `Unknown VRID 9 received on ${socket === "" ? "all interfaces" : socket} from 10.0.0.7, ignoring it`,
    ]);
  });

  test("log_unknown_vrids is off: shown, and told when it is switched on", () => {
    table.note(heard("eth0", "10.0.0.7"), [], false);
    expect([told, table.status().length]).toEqual([[], 1]);
    table.note(heard("eth0", "10.0.0.7"), [], true);
    expect(told).toHaveLength(1);
  });

  test("a flood of forged senders: no more than 64 are kept, and the log is spared", () => {
    for (let count = 0; count < 500; count++) table.note(heard("eth0", `10.1.${count >> 8}.${count & 255}`), [], true);
    expect(table.status()).toHaveLength(64);
    expect(told.length).toBeLessThanOrEqual(20);
  });

  test.each([
    ["multicast, the socket of the group", "224.0.0.18", "224.0.0.18", 1],
    ["multicast, a socket for unicast", "224.0.0.18", undefined, 0],
    ["unicast, the socket for unicast", "10.0.0.1", undefined, 1],
    ["unicast, a socket of a group", "10.0.0.1", "224.0.0.18", 0],
  ])("%s: counted %s", (_name, destination, group, expected) => {
    table.note(heard("eth0", "10.0.0.7", { destination, group }), [], true);
    expect(table.status()).toHaveLength(expected);
  });

  test("bytes that are too few for an advert: nothing", () => {
    const { need, packet } = heard("eth0", "10.0.0.7");
    table.note({ key: "k", need, packet: { ...packet, message: Uint8Array.of(0x21) } }, [], true);
    expect(table.status()).toEqual([]);
  });
});

/** The head of an advert of version 2: VRID 9, priority 100, no address. */
function heard(
  interfaceName: string,
  source: string,
  { destination, group }: { destination: string; group: string | undefined } = {
    destination: "224.0.0.18",
    group: "224.0.0.18",
  },
): PooledPacket {
  return {
    key: "k",
    need: {
      vrid: 51,
      interfaceIndex: 2,
      interfaceName,
      family: "ipv4",
      group: group === undefined ? undefined : ip(group),
      authenticationHeader: false,
      receiveBuffer: 0,
    },
    packet: {
      source: ip(source),
      destination: ip(destination),
      hopLimit: 255,
      message: Uint8Array.of(0x21, 9, 100, 0, 0, 1, 0, 0),
    },
  };
}
