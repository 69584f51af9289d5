import { startBfdd, type Bfdd } from "../src/lab/frr.ts";
import { configurationOf, VIP } from "./configuration.ts";
import { pass, type Pair } from "./pair.ts";
import { gratuitousArp, parsePcap, type Packet } from "../src/lab/pcap.ts";
import type { Measurement, Work } from "./work.ts";

/**
 * The way between the master and its gateway breaks, and no interface tells. A BFD session between them, at 10 ms x 3, is
 * tracked with weight 0, so the master gives up and the other node, whose way still is there, takes over. The other end of
 * the session is FRR's bfdd on the client, for both daemons alike.
 */
export const BFD_CUT: Work = {
  name: "bfd-cut",
  rows: [
    {
      work: "link cut, BFD at 10 ms x 3: from the last packet to the take-over",
      unit: "ms",
      target: { atMost: 60 },
    },
  ],
  partner: "holdfast",
  withService: false,
  width: 1,
  measured: "one-by-one",
  ready: async (pair) => {
    const pace = ["detect-multiplier 3", "receive-interval 10", "transmit-interval 10"];
    gateways.set(pair, await startBfdd(pair.client, MASTER, ...pace));
    const common = { interval: 0.1 } as const;
    await pair.boot(
      withSession(configurationOf({ ...common, priority: 250, lines: ["track_bfd {", "    gateway", "}"] })),
      // After a farewell it waits for (256 - 240) / 256 of 100 ms.
      configurationOf({ ...common, priority: 240 }),
      [VIP],
    );
  },
  measure,
};

async function measure(pair: Pair): Promise<Measurement> {
  const { client, weaker } = pair;
  const gateway = gateways.get(pair);
  if (gateway === undefined) throw new Error("Nothing was set up");
  gateways.delete(pair);
  try {
    const capture = await client.capture("udp port 3784 or arp");
    await pass(SETTLING_MS);
    // What is thrown away on its way out is not seen by the capture either.
    const rule = `ip daddr ${MASTER} drop`;
    const chain = "chain leaving {\ntype filter hook output priority 0;";
    await client.runOrThrow(["nft", "-f", "-"], `table ip bench {\n${chain}\n${rule}\n}\n}\n`);
    await weaker.host.vips.waitUntil(VIP, true);
    await pass(SETTLING_MS);
    const packets = parsePcap(await capture.stop());
    return { values: [takeOverMs(packets, weaker.host.mac)] };
  } finally {
    await client.run(["nft", "delete", "table", "ip", "bench"]);
    await gateway.stop();
  }
}

/** From the gateway's last packet to the master until the first gratuitous ARP of its successor, both as the client had them. */
function takeOverMs(packets: readonly Packet[], successor: string): number {
  const announced = packets.find(({ frame }) => {
    const arp = gratuitousArp(frame);
    return arp?.mac === successor && arp.address === VIP;
  });
  const last = packets.findLast(({ frame }) => destinationOf(frame) === MASTER);
  if (last === undefined || announced === undefined) throw new Error("The capture lacks a packet or the announcement");
  return announced.atMs - last.atMs;
}

/** Of an IPv4 packet in an Ethernet frame without VLAN tag. */
function destinationOf(frame: Uint8Array): string | undefined {
  return frame[12] === 0x08 && frame[13] === 0x00 ? frame.subarray(30, 34).join(".") : undefined;
}

/** keepalived wants the block before the instance that tracks it. */
function withSession(configuration: string): string {
  const pace = ["    min_rx 10", "    min_tx 10", "    multiplier 3"];
  const block = ["bfd_instance gateway {", `    neighbor_ip ${GATEWAY}`, `    source_ip ${MASTER}`, ...pace, "}", ""];
  return configuration.replace("vrrp_instance", `${block.join("\n")}\nvrrp_instance`);
}

const gateways = new WeakMap<Pair, Bfdd>();
const MASTER = "10.77.0.1";
const GATEWAY = "10.77.0.9";
const SETTLING_MS = 500;
