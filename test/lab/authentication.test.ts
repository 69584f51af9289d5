import { expect, test } from "vitest";
import { needs } from "../require.ts";
import { configurationOf, LAB_NEEDS, VIP, withPair, type Daemon } from "./cluster.ts";

const AH = (password: string): readonly string[] => [`authentication {`, `auth_type AH`, `auth_pass ${password}`, `}`];
const signed = (key: string, mode = "enforce"): readonly string[] => [
  `auth_hmac {`,
  `key 1 ${key}`,
  `active_key 1`,
  `mode ${mode}`,
  `}`,
];
const KEY = "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const OTHER_KEY = "hex:ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const UNICAST = {
  a: { source: "10.77.0.1", peer: "10.77.0.2" },
  b: { source: "10.77.0.2", peer: "10.77.0.1" },
} as const;

needs(LAB_NEEDS)("adverts that prove where they come from", () => {
  test.concurrent.for([
    { stronger: "holdfast", weaker: "keepalived", transport: "multicast" },
    { stronger: "keepalived", weaker: "holdfast", transport: "multicast" },
    { stronger: "holdfast", weaker: "keepalived", transport: "unicast" },
    { stronger: "keepalived", weaker: "holdfast", transport: "unicast" },
    { stronger: "holdfast", weaker: "holdfast", transport: "unicast" },
  ] as const)(
    "AH, $stronger over $weaker, $transport: election, planned stop, return (RFC 2338 section 5.3.6)",
    ({ stronger, weaker, transport }) =>
      withPair(async ({ lab, a, b }) => {
        const shared = { version: 2, lines: AH("secret12") } as const;
        const start = (daemon: Daemon, node: "a" | "b", priority: number) => {
          const unicast = transport === "unicast" ? { unicast: UNICAST[node] } : {};
          return (node === "a" ? a : b).start(daemon, configurationOf({ priority, ...shared, ...unicast }));
        };
        await Promise.all([start(stronger, "a", 200), start(weaker, "b", 150)]);
        await a.host.vips.waitUntil(VIP, true);
        await lab.waitForOnlyHolder(VIP, a.host);
        await a.stop();
        await b.host.vips.waitUntil(VIP, true);
        await start(stronger, "a", 200);
        await a.host.vips.waitUntil(VIP, true);
        await lab.waitForOnlyHolder(VIP, a.host);
        for (const [node, daemon] of [
          [a, stronger],
          [b, weaker],
        ] as const) {
          expect(node.log().filter((line) => /IPSEC|invalid|mismatch|malformed/i.test(line))).toEqual([]);
          if (daemon !== "holdfast") continue;
          for (const { discarded } of (await node.instance()).peers) expect(discarded).toEqual({});
        }
      }),
  );

  test.concurrent("AH with another password: each side discards the other's, counts it and says so once", () =>
    withPair(async ({ lab, a, b }) => {
      const configuration = (priority: number, password: string): string =>
        configurationOf({ priority, version: 2, lines: AH(password) });
      await Promise.all([
        a.holdfast(configuration(200, "secret12")),
        b.start("keepalived", configuration(150, "other")),
      ]);
      await a.host.vips.waitUntil(VIP, true);
      await b.host.vips.waitUntil(VIP, true);
      expect(lab.holders(VIP)).toEqual(["a", "b"]);
      await a.daemon.waitForLine(/invalid IPSEC-AH header.*from 10\.77\.0\.2: advert discarded/);
      await b.daemon.waitForLine(/IPSEC-AH : invalid/);
      const [peer] = (await a.instance()).peers;
      expect(peer).toMatchObject({ address: "10.77.0.2", accepted: 0 });
      expect(peer?.discarded["AUTHENTICATION_HEADER"]).toBeGreaterThan(0);
    }));

  test.concurrent("AH, an advert captured and sent again: discarded as a repetition", () =>
    withPair(async ({ lab, a, b }) => {
      const configuration = (priority: number): string =>
        configurationOf({ priority, version: 2, lines: AH("secret12") });
      await Promise.all([a.holdfast(configuration(200)), b.holdfast(configuration(150))]);
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      // On the host whose advert it is, so that its source address and its MAC address are the real ones.
      await a.host.runOrThrow(["python3", "-c", REPLAY]);
      await b.daemon.waitForLine(/sequence number already processed/);
      const [peer] = (await b.instance()).peers;
      expect(peer?.discarded).toEqual({ AUTHENTICATION_HEADER_REPEATED: 1 });
    }));

  test.concurrent.for([
    { version: 2, transport: "multicast" },
    { version: 3, transport: "unicast" },
  ] as const)("auth_hmac, version $version, $transport: election, planned stop, return", ({ version, transport }) =>
    withPair(async ({ lab, a, b }) => {
      const configuration = (node: "a" | "b", priority: number): string => {
        const unicast = transport === "unicast" ? { unicast: UNICAST[node] } : {};
        return configurationOf({ priority, version, lines: signed(KEY), ...unicast });
      };
      await Promise.all([a.holdfast(configuration("a", 200)), b.holdfast(configuration("b", 150))]);
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      await a.stop();
      await b.host.vips.waitUntil(VIP, true);
      await a.holdfast(configuration("a", 200));
      await a.host.vips.waitUntil(VIP, true);
      await lab.waitForOnlyHolder(VIP, a.host);
      for (const node of [a, b]) {
        for (const { discarded } of (await node.instance()).peers) expect(discarded).toEqual({});
      }
    }),
  );

  test.concurrent("auth_hmac: a node with another key is discarded, and so is one that does not sign", () =>
    withPair(async ({ a, b }) => {
      await Promise.all([
        a.holdfast(configurationOf({ priority: 200, lines: signed(KEY) })),
        b.holdfast(configurationOf({ priority: 150, lines: signed(OTHER_KEY) })),
      ]);
      await a.host.vips.waitUntil(VIP, true);
      await b.host.vips.waitUntil(VIP, true);
      await b.daemon.waitForLine(/invalid HMAC.*from 10\.77\.0\.1: advert discarded/);
      await b.stop();
      await b.holdfast(configurationOf({ priority: 150 }));
      await b.host.vips.waitUntil(VIP, true);
      await a.daemon.waitForLine(/no signature, which auth_hmac demands, from 10\.77\.0\.2: advert discarded/);
      const [peer] = (await a.instance()).peers;
      expect(Object.keys(peer?.discarded ?? {}).toSorted()).toEqual(["SIGNATURE", "UNSIGNED"]);
    }));

  test.concurrent("auth_hmac, keys changed by reload in three steps: never two masters", () =>
    withPair(async ({ lab, a, b }) => {
      const both = (active: number): readonly string[] => [
        `auth_hmac {`,
        `key 1 ${KEY}`,
        `key 2 ${OTHER_KEY}`,
        `active_key ${active}`,
        `}`,
      ];
      await a.holdfast(configurationOf({ priority: 200, lines: signed(KEY) }));
      await a.host.vips.waitUntil(VIP, true);
      await b.holdfast(configurationOf({ priority: 150, lines: signed(KEY) }));
      await b.daemon.waitForLine(/master set to 10\.77\.0\.1/);
      const sinceMs = Date.now();
      const only2 = [`auth_hmac {`, `key 2 ${OTHER_KEY}`, `active_key 2`, `}`];
      for (const lines of [both(1), both(2), only2]) {
        for (const [node, priority] of [
          [a, 200],
          [b, 150],
        ] as const) {
          await node.host.writeFile("/etc/keepalived/keepalived.conf", configurationOf({ priority, lines }));
          const { end } = await node.command("reload");
          expect(end).toEqual({ kind: "exited", status: 0 });
        }
      }
      await b.host.runOrThrow(["sleep", "4"]);
      expect(lab.holders(VIP)).toEqual(["a"]);
      expect(lab.twoHoldersMs(VIP, sinceMs)).toBe(0);
      expect(b.host.vips.tenures(VIP)).toEqual([]);
    }));
});

/** Takes one of this host's own adverts from the wire and sends it once more. */
const REPLAY = `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
s.bind(("eth0", 0))
while True:
    frame, (_, _, kind, _, _) = s.recvfrom(2048)
    if kind == socket.PACKET_OUTGOING and frame[12:14] == b"\\x08\\x00" and frame[23] == 51:
        s.send(frame)
        break
`;
