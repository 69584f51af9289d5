import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { fail, succeed } from "../../src/base/result.ts";
import { rehearse } from "../../src/daemon/vrrp/rehearsal.ts";
import type { Kernel, NetworkInterface } from "../../src/ports/kernel.ts";
import type { Links } from "../../src/ports/links.ts";
import { instance, virtualAddress } from "./settings.ts";

const LOOPBACK: NetworkInterface = {
  index: 1,
  name: "lo",
  up: true,
  running: true,
  multicast: false,
  loopback: true,
  noArp: true,
  mtu: 65_536,
  mac: undefined,
  forwardsIpv6: false,
};

test("a rehearsal: asks for nothing that there can be, and speaks to nobody but this host", () => {
  const done: string[] = [];
  const never = (): never => {
    throw new TypeError("nothing else of the real ports is touched");
  };
  const kernel: Kernel = {
    interfaces: () => succeed([{ ...LOOPBACK, index: 2, name: "eth0", loopback: false }, LOOPBACK]),
    addresses: never,
    addAddress: never,
    prepareAddresses: never,
    addAddresses: (requests) =>
      requests.map(({ interfaceIndex }) => {
        done.push(`add to interface ${interfaceIndex}`);
        return fail({ operation: "add", errno: "ENODEV", message: "No such device" });
      }),
    renewAddresses: never,
    removeAddress: never,
    openMonitor: never,
  };
  const links: Links = {
    openArpSocket: never,
    openNeighborSocket: never,
    openVrrpSocket: ({ interfaceName, groups }) => {
      done.push(`open on ${interfaceName}, ${groups.length} groups`);
      return succeed({
        send: ({ destination }) => {
          done.push(`send to ${destination}`);
          return succeed(undefined);
        },
        receive: () => [],
        setReceiveBuffer: () => succeed(undefined),
        hearOnly: () => succeed(undefined),
        close: () => void done.push("close"),
      });
    },
  };
  for (const version of [2, 3] as const) {
    done.length = 0;
    rehearse(instance({ version, virtualAddresses: [virtualAddress(ip("10.0.0.100"), 24)] }), { kernel, links });
    // The kernel counts interfaces from 1 and has never come near two thousand million.
    expect(done).toEqual(["add to interface 2147483646", "open on lo, 0 groups", "send to 127.0.0.1", "close"]);
  }
});
