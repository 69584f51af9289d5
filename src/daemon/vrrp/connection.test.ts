import { describe, expect, test } from "vitest";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import { seededRandom } from "../../base/random.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { loadConfiguration } from "../../config/load.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import { Connection } from "./connection.ts";

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

const REFUSED = fail<SystemFailure>({ operation: "open a socket", errno: "ENOBUFS", message: "No buffer space" });

describe("Connection", () => {
  test("a socket is opened: its key, told once", () => {
    const { connection, seen } = bench(() => succeed("3 ipv4"));
    connection.connect(SETTINGS, ETH0);
    connection.connect(SETTINGS, ETH0);
    expect([connection.socketKey, connection.fault, connection.retryAt]).toEqual(["3 ipv4", undefined, undefined]);
    expect(seen).toEqual(["connection"]);
  });

  test("it cannot be opened: a fault, logged once, and a second later the next attempt", () => {
    const { connection, clock, seen } = bench(() => REFUSED);
    connection.connect(SETTINGS, ETH0);
    clock.pass(1_000_000);
    connection.connect(SETTINGS, ETH0);
    expect(connection.fault).toEqual({
      kind: "no-socket",
      interface: "eth0",
      detail: "Cannot open a socket: No buffer space (ENOBUFS)",
    });
    expect(connection.retryAt).toBe(2_000_000);
    expect(seen).toEqual(["error (A) Cannot open a socket: No buffer space (ENOBUFS)"]);
  });

  test("without an interface: no fault of the socket, and nothing to try again", () => {
    const { connection } = bench(() => REFUSED);
    connection.connect(SETTINGS, ETH0);
    connection.connect(SETTINGS, undefined);
    expect([connection.fault, connection.retryAt]).toEqual([undefined, undefined]);
  });

  test("its interface goes: no socket any more, and a new one is told even where the key is the same", () => {
    const { connection, seen } = bench(() => succeed("3 ipv4"));
    connection.connect(SETTINGS, ETH0);
    connection.disconnect(4);
    expect(connection.socketKey).toBe("3 ipv4");
    connection.disconnect(3);
    expect(connection.socketKey).toBeUndefined();
    connection.connect(SETTINGS, ETH0);
    expect(seen).toEqual(["connection", "connection", "connection"]);
  });

  test("given up: nothing is tried again", () => {
    const { connection } = bench(() => REFUSED);
    connection.connect(SETTINGS, ETH0);
    connection.giveUp();
    expect(connection.retryAt).toBeUndefined();
  });
});

/** A connection whose socket is on interface 3, and what it logs and tells. */
function bench(connect: () => Result<string, SystemFailure>) {
  const clock = handClock();
  const seen: string[] = [];
  const connection = new Connection({
    clock,
    log: { write: (level, text) => void seen.push(`${level} ${text}`) },
    sender: { connect, disconnect: (index) => index === 3 },
    buffers: () => ({
      adverts: undefined,
      kernelRequests: undefined,
      kernelEvents: undefined,
      processNotices: undefined,
    }),
    onConnection: () => void seen.push("connection"),
  });
  return { connection, clock, seen };
}

const SETTINGS = settingsOf(
  "vrrp_instance A {\n interface eth0\n virtual_router_id 7\n virtual_ipaddress {\n 192.0.2.80\n }\n}\n",
);

function settingsOf(text: string): InstanceSettings {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  const { configuration } = loadConfiguration(
    "f",
    { read: () => succeed(new TextEncoder().encode(text)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  );
  const [settings] = configuration.instances;
  return settings ?? expect.fail("no instance");
}
