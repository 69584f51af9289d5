import type { Packet } from "../src/lab/pcap.ts";

/** An advert over IPv4, as it was captured. */
export interface CapturedAdvert {
  /** Milliseconds since 1970, as the kernel stamped it. */
  readonly atMs: number;
  readonly source: string;
  readonly vrid: number;
  readonly priority: number;
}

/**
 * The VRRP adverts among packets, in their order.
 *
 * @param headerLength Of what stands before the IP header: see `HEADER_LENGTHS`.
 */
export function advertsOf(packets: readonly Packet[], headerLength: number): CapturedAdvert[] {
  return packets.flatMap(({ atMs, frame }) => {
    const ip = frame.subarray(headerLength);
    const message = ip.subarray(((ip[0] ?? 0) & 0xf) * 4);
    const [, vrid, priority] = message;
    if (ip[9] !== IPPROTO_VRRP || vrid === undefined || priority === undefined) return [];
    return [{ atMs, source: ip.subarray(12, 16).join("."), vrid, priority }];
  });
}

/**
 * How late the latest advert was, in milliseconds: by how much the longest pause between two adverts of one virtual router
 * was longer than its interval.
 *
 * @throws Error where some virtual router was not heard at least twice, or one of them ever gave up.
 */
export function latestMs(adverts: readonly CapturedAdvert[], routers: number, intervalMs: number): number {
  const last = new Map<string, number>();
  const heardTwice = new Set<string>();
  let latest = 0;
  for (const { atMs, source, vrid, priority } of adverts) {
    const router = `${source} ${vrid}`;
    if (priority === 0) throw new Error(`${router} gave up`);
    const before = last.get(router);
    if (before !== undefined) {
      heardTwice.add(router);
      latest = Math.max(latest, atMs - before - intervalMs);
    }
    last.set(router, atMs);
  }
  if (heardTwice.size !== routers) throw new Error(`Of ${routers} virtual routers ${heardTwice.size} were heard twice`);
  return latest;
}

/** What tcpdump writes before the IP header: of one Ethernet interface, and of all ("any", LINUX_SLL2). */
export const HEADER_LENGTHS = { ethernet: 14, any: 20 } as const;

const IPPROTO_VRRP = 112;
