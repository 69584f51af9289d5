import { advertsOf, HEADER_LENGTHS, latestMs } from "./adverts.ts";
import { configurationOf, VIP } from "./configuration.ts";
import type { Host } from "../src/lab/host.ts";
import { parsePcap } from "../src/lab/pcap.ts";
import { pass } from "./pair.ts";
import type { Work } from "./work.ts";

/**
 * A host on the link sends a hundred thousand adverts a second, each from another address, for ten seconds. `vrids`: of
 * other virtual routers, or of the one that is master here, which has a higher priority.
 */
export function flood(name: string, vrids: "others" | "own"): Work {
  const whose = vrids === "others" ? "other VRIDs" : "our VRID, weaker";
  return {
    name,
    rows: [
      {
        work: `100,000 adverts a second from strangers (${whose}) for 10 s: how late our latest was`,
        unit: "ms",
        target: { atMost: 20 },
      },
      {
        work: "the same: growth of memory (PSS) by such a flood, when one was before",
        unit: "MB",
        target: { atMost: 2 },
      },
      { work: "the same: growth of memory by the first", unit: "MB", target: undefined },
      { work: "the same: CPU of the master", unit: "ms/s", target: undefined },
    ],
    partner: "holdfast",
    withService: false,
    mostRuns: 5,
    width: 1,
    measured: "one-by-one",
    ready: async () => {},
    // Nobody else is to be flooded, so each is started when its turn has come.
    measure: async (pair) => {
      const { stronger, weaker, client } = pair;
      // keepalived has a line for each advert of its own VRID.
      await stronger.start(configurationOf({ priority: 100 }), "nothing");
      await stronger.host.vips.waitUntil(VIP, true);
      await pass(SETTLING_MS);
      const beforeMb = await stronger.memoryMb();
      const capture = await client.capture("vrrp and src host 10.77.0.1");
      await pass(LEAD_MS);
      const sent = await floodFrom(weaker.host, vrids);
      await pass(LEAD_MS);
      const betweenMb = await stronger.memoryMb();
      const cpuMs = await stronger.cpuMs();
      await floodFrom(weaker.host, vrids);
      const spent = (await stronger.cpuMs()) - cpuMs;
      await pass(LEAD_MS);
      const afterMb = await stronger.memoryMb();
      const adverts = advertsOf(parsePcap(await capture.stop()), HEADER_LENGTHS.ethernet);
      // A master that answers weaker ones sends more than one a second; what counts is that none is late.
      const lateness = latestMs(adverts, 1, 1000);
      const values = [lateness, afterMb - betweenMb, betweenMb - beforeMb, spent / (FLOOD_MS / 1000)];
      await pair.reset();
      const isFlood = sent > 0.95 * PER_SECOND * (FLOOD_MS / 1000);
      return isFlood ? { values } : { values, objection: `only ${sent} adverts were sent` };
    },
  };
}

/** @returns how many were sent. */
async function floodFrom(host: Host, vrids: "others" | "own"): Promise<number> {
  const program = await host.flood(framesOf(vrids), PER_SECOND);
  await program.waitForLine(/sending/);
  await pass(FLOOD_MS);
  await program.stop();
  return Number(/sent (\d+)/.exec(await program.waitForLine(/^sent/))?.[1]);
}

/** Adverts of version 2 that are right in themselves, from many addresses. */
function framesOf(vrids: "others" | "own"): Uint8Array[] {
  return Array.from({ length: FRAMES }, (_, index) => {
    const vrid = vrids === "own" ? OWN_VRID : OTHER_VRIDS + (index % 100);
    const message = Uint8Array.of(0x21, vrid, 1 + (index % 90), 1, 0, 1, 0, 0, 10, 77, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0);
    putChecksum(message, 6);
    const source = [10, 77, 1 + (index >> 8), index & 0xff];
    const ip = Uint8Array.of(0x45, 0xc0, 0, 40, 0, 0, 0, 0, 255, 112, 0, 0, ...source, 224, 0, 0, 18);
    putChecksum(ip, 10);
    return Uint8Array.of(...GROUP_MAC, 2, 0x68, 0x66, 1, index >> 8, index & 0xff, 0x08, 0x00, ...ip, ...message);
  });
}

/** RFC 1071, of an even number of bytes. */
function putChecksum(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer);
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += view.getUint16(index);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(at, ~sum & 0xffff);
}

const GROUP_MAC = [0x01, 0x00, 0x5e, 0x00, 0x00, 0x12];
/** As `configurationOf` gives it to the first instance. */
const OWN_VRID = 51;
const OTHER_VRIDS = 100;
const FRAMES = 1000;
const PER_SECOND = 100_000;
const FLOOD_MS = 10_000;
const SETTLING_MS = 6_000;
/** So that the time before and after the flood is in the capture. */
const LEAD_MS = 1_500;
