import { configurationOf, VIP } from "./configuration.ts";
import { gratuitousArp, parsePcap, vrrpSource, type Packet } from "../src/lab/pcap.ts";
import { pass } from "./pair.ts";
import type { Work } from "./work.ts";

/**
 * One instance with a thousand addresses loses its master. Who takes over adverts, adds the addresses and announces them; the
 * last one is of use when its announcement is out.
 */
export const MANY_ADDRESSES: Work = {
  name: "1000-addresses",
  rows: [
    {
      work: "1,000 addresses taken over: from the first advert to the last address announced",
      unit: "ms",
      target: { timesPeer: 1 },
    },
    { work: "the same: from the first address announced to the last", unit: "ms", target: undefined },
  ],
  partner: "holdfast",
  withService: false,
  watched: false,
  width: 1,
  measured: "one-by-one",
  ready: async ({ stronger, weaker }) => {
    // Details would be a log line for each announcement.
    await stronger.start(configurationOf({ priority: 100, excluded: EXCLUDED }), "news");
    await stronger.program.waitForLine(/Entering MASTER STATE/);
    await weaker.start(configurationOf({ priority: 99, excluded: EXCLUDED }), "news");
    await pass(SETTLING_MS);
  },
  measure: async ({ stronger, weaker, client }) => {
    const capture = await client.capture("vrrp or arp");
    await stronger.signal("SIGKILL");
    await weaker.program.waitForLine(/Entering MASTER STATE/);
    await pass(AFTERMATH_MS);
    const packets = parsePcap(await capture.stop());
    const claimedAt = packets.find(({ frame }) => vrrpSource(frame) === "10.77.0.2")?.atMs;
    if (claimedAt === undefined) throw new Error("The capture lacks the first advert");
    const announced = firstAnnouncements(packets, weaker.host.mac);
    const first = Math.min(...announced);
    const last = Math.max(...announced);
    return { values: [last - claimedAt, last - first] };
  },
};

/** When each address was announced first, in milliseconds since 1970. */
function firstAnnouncements(packets: readonly Packet[], mac: string): number[] {
  const times = new Map<string, number>();
  for (const { atMs, frame } of packets) {
    const arp = gratuitousArp(frame);
    if (arp?.mac === mac && !times.has(arp.address)) times.set(arp.address, atMs);
  }
  const isOurs = (address: string): boolean => address === VIP || address.startsWith("10.78.");
  const own = [...times].filter(([address]) => isOurs(address)).map(([, atMs]) => atMs);
  if (own.length !== EXCLUDED + 1) throw new Error(`${own.length} of ${EXCLUDED + 1} addresses were announced`);
  return own;
}

/** An advert has room for 255; what is excluded is treated alike otherwise. */
const EXCLUDED = 999;
const SETTLING_MS = 2_500;
/** Longer than the burst of announcements, and shorter than the time to the next. */
const AFTERMATH_MS = 2_000;
