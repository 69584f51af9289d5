import { afterEach, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import type { Result } from "../../src/base/result.ts";
import { openLinuxUdp } from "../../src/linux/udp.ts";
import { describeFailure } from "../../src/ports/failure.ts";
import type { SystemFailure } from "../../src/ports/failure.ts";
import type { UdpDatagram, UdpReceiver } from "../../src/ports/udp.ts";
import { needs } from "../require.ts";
import { capture, command, makeNamespaces, within } from "./namespace.ts";
import type { Namespaces } from "./namespace.ts";

needs({ root: true, tools: ["ip", "tcpdump", "tshark"] })("UDP of a real kernel", () => {
  const udp = openLinuxUdp();
  let namespaces: Namespaces;
  let left: string;
  let right: string;
  let open: { close(): void }[];

  beforeEach(() => {
    namespaces = makeNamespaces();
    left = namespaces.create("left");
    right = namespaces.create("right");
    namespaces.join(left, "eth0", right, "eth1");
    for (const [host, device, last] of [
      [left, "eth0", 1],
      [right, "eth1", 2],
    ] as const) {
      command("ip", "-n", host, "address", "add", `192.0.2.${last}/24`, "dev", device);
      command("ip", "-n", host, "address", "add", `2001:db8::${last}/64`, "dev", device, "nodad");
    }
    open = [];
  });

  afterEach(() => {
    for (const socket of open) socket.close();
    namespaces.remove();
  });

  const opened = <Socket extends { close(): void }>(result: Result<Socket, SystemFailure>): Socket => {
    if (!result.ok) throw new Error(describeFailure(result.error));
    open.push(result.value);
    return result.value;
  };

  /** Opens a receiver on the right and gives the first datagram. */
  const listen = (family: "ipv4" | "ipv6"): Promise<UdpDatagram> =>
    new Promise((resolve) => {
      const receiver: UdpReceiver = opened(
        within(right, () =>
          udp.openReceiver({ family, port: 3784 }, () => {
            const [first] = receiver.receive();
            if (first !== undefined) resolve(first);
          }),
        ),
      );
    });

  test.each([
    ["ipv4", "192.0.2.1", "192.0.2.2", ["ip.ttl", "ip.dsfield"]],
    ["ipv6", "2001:db8::1", "2001:db8::2", ["ipv6.hlim", "ipv6.tclass"]],
  ] as const)("%s: source, port, TTL and class are those that were asked for", async (family, from, to, fields) => {
    const captured = await capture(right, "eth1", "udp port 3784", 1);
    const heard = listen(family);
    const options = { source: ip(from), sourcePort: 50_000, destination: ip(to), destinationPort: 3784, hopLimit: 77 };
    const sender = opened(within(left, () => udp.openSender(options)));
    expect(sender.send(Uint8Array.from([1, 2, 3])).ok).toBe(true);
    const [{ ifindex }] = JSON.parse(command("ip", "-n", right, "-j", "link", "show", "dev", "eth1"));
    expect(await heard).toEqual({
      source: from,
      destination: to,
      interfaceIndex: ifindex,
      hopLimit: 77,
      payload: Uint8Array.from([1, 2, 3]),
    });
    const [line = ""] = await captured.decode(["udp.srcport", "udp.dstport", ...fields]);
    expect(line.split(" ").map(Number)).toEqual([50_000, 3784, 77, 0xc0]);
  });

  test("a port that somebody has: EADDRINUSE; a source that the host lacks: EADDRNOTAVAIL", () => {
    within(right, () => {
      for (const family of ["ipv4", "ipv6"] as const) {
        opened(udp.openReceiver({ family, port: 3784 }, () => {}));
        const second = udp.openReceiver({ family, port: 3784 }, () => {});
        expect(second.ok ? "" : second.error.errno).toBe("EADDRINUSE");
      }
      const options = { sourcePort: 50_000, destination: ip("192.0.2.1"), destinationPort: 3784, hopLimit: 255 };
      opened(udp.openSender({ ...options, source: undefined }));
      const taken = udp.openSender({ ...options, source: ip("192.0.2.2") });
      expect(taken.ok ? "" : taken.error.errno).toBe("EADDRINUSE");
      const foreign = udp.openSender({ ...options, sourcePort: 50_001, source: ip("192.0.2.9") });
      expect(foreign.ok ? "" : foreign.error.errno).toBe("EADDRNOTAVAIL");
    });
  });
});
