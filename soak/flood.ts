import { ipv6Bytes } from "../src/lab/roll-call-ipv6.ts";
import { servicesOf, type Service } from "./services.ts";
import type { Settings } from "./settings.ts";

/** Who sends them. Addresses without prefix length. */
export interface Stranger {
  readonly mac: string;
  readonly address: string;
  readonly ipv6Address: string;
  /** Whom it sends to where adverts go by unicast. */
  readonly nodes: readonly Omit<Stranger, "nodes">[];
}

/**
 * Frames with advertisements of all virtual routers that would win every election, each with one fault for which a receiver
 * must throw it away: the TTL (over IPv4 only by multicast is it looked at), the checksum, the version, the type, the length.
 *
 * @see RFC 9568 section 7.1 and RFC 3768 section 7.1.
 */
export function invalidAdverts(stranger: Stranger, settings: Settings): Uint8Array[] {
  return servicesOf(settings).flatMap((service) => invalidAdvertsOf(service, stranger, settings));
}

function invalidAdvertsOf(service: Service, stranger: Stranger, { transport }: Settings): Uint8Array[] {
  const isIpv6 = service.family === "ipv6";
  const own = ({ address, ipv6Address }: Omit<Stranger, "nodes">): string => (isIpv6 ? ipv6Address : address);
  const group = isIpv6
    ? { mac: "33:33:00:00:00:12", address: "ff02::12" }
    : { mac: "01:00:5e:00:00:12", address: "224.0.0.18" };
  const targets =
    transport === "multicast" ? [group] : stranger.nodes.map((node) => ({ mac: node.mac, address: own(node) }));
  const source = bytesOf(own(stranger));
  const { version } = service;
  return targets.flatMap((target) => {
    const destination = bytesOf(target.address);
    const frame = (message: Uint8Array, ttl = 255): Uint8Array => {
      const addresses = [...source, ...destination];
      const packet = isIpv6
        ? Uint8Array.of(0x6c, 0, 0, 0, 0, message.length, IPPROTO_VRRP, ttl, ...addresses)
        : withChecksum(
            Uint8Array.of(0x45, 0xc0, 0, 20 + message.length, 0, 0, 0, 0, ttl, IPPROTO_VRRP, 0, 0, ...addresses),
            10,
            [],
          );
      const type = isIpv6 ? [0x86, 0xdd] : [0x08, 0x00];
      return Uint8Array.of(...macOf(target.mac), ...macOf(stranger.mac), ...type, ...packet, ...message);
    };
    const advert = (of: 2 | 3, first = (of << 4) | 1): Uint8Array => {
      const authentication = of === 2 ? new Uint8Array(8) : [];
      const interval = of === 2 ? 1 : service.advertIntervalMs / 10;
      const header = [first, service.virtualRouterId, 254, 1, 0, interval, 0, 0];
      const message = Uint8Array.of(...header, ...bytesOf(service.vip), ...authentication);
      const length = isIpv6 ? [0, 0, 0, message.length, 0, 0, 0, IPPROTO_VRRP] : [0, IPPROTO_VRRP, 0, message.length];
      return withChecksum(message, 6, of === 2 ? [] : [...source, ...destination, ...length]);
    };
    const sound = advert(version);
    return [
      ...(transport === "multicast" ? [frame(sound, 254)] : []),
      frame(sound.map((byte, index) => (index === 6 ? byte ^ 0x5a : byte))),
      frame(advert(version === 2 ? 3 : 2)),
      frame(advert(version, 0x41)),
      frame(advert(version, (version << 4) | 2)),
      frame(sound.subarray(0, 7)),
      frame(new Uint8Array(0)),
    ];
  });
}

/** RFC 1071, over an even number of bytes. */
function withChecksum(bytes: Uint8Array, at: number, pseudoHeader: readonly number[]): Uint8Array {
  const all = Uint8Array.of(...pseudoHeader, ...bytes);
  let sum = 0;
  for (let index = 0; index < all.length; index += 2) sum += ((all[index] ?? 0) << 8) | (all[index + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const checked = bytes.slice();
  new DataView(checked.buffer).setUint16(at, ~sum & 0xffff);
  return checked;
}

function bytesOf(address: string): number[] {
  return address.includes(":") ? [...ipv6Bytes(address)] : address.split(".").map(Number);
}

function macOf(mac: string): number[] {
  return mac.split(":").map((pair) => Number.parseInt(pair, 16));
}

const IPPROTO_VRRP = 112;
