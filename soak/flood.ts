import type { Settings } from "./settings.ts";
import { VIP } from "./settings.ts";

interface Station {
  readonly mac: string;
  /** With prefix length. */
  readonly address: string;
}

/**
 * Frames with advertisements of the virtual router that would win every election, each with one fault for which a receiver
 * must throw it away: the TTL (only by multicast is it looked at), the checksum, the version, the type, the length.
 *
 * @see RFC 9568 section 7.1 and RFC 3768 section 7.1.
 */
export function invalidAdverts(stranger: Station, nodes: readonly Station[], settings: Settings): Uint8Array[] {
  const source = bytesOf(stranger.address);
  const { version, transport } = settings;
  const targets =
    transport === "multicast"
      ? [{ mac: "01:00:5e:00:00:12", address: "224.0.0.18" }]
      : nodes.map(({ mac, address }) => ({ mac, address }));
  return targets.flatMap((target) => {
    const destination = bytesOf(target.address);
    const frame = (message: Uint8Array, ttl = 255): Uint8Array => {
      const header = [0x45, 0xc0, 0, 20 + message.length, 0, 0, 0, 0, ttl, 112, 0, 0, ...source, ...destination];
      const ip = withChecksum(Uint8Array.from(header), 10, []);
      return Uint8Array.of(...macOf(target.mac), ...macOf(stranger.mac), 0x08, 0x00, ...ip, ...message);
    };
    const advert = (of: 2 | 3, first = (of << 4) | 1): Uint8Array => {
      const tail = of === 2 ? [...bytesOf(VIP), 0, 0, 0, 0, 0, 0, 0, 0] : bytesOf(VIP);
      const message = Uint8Array.of(first, 51, 254, 1, 0, of === 2 ? 1 : 100, 0, 0, ...tail);
      const pseudoHeader = of === 2 ? [] : [...source, ...destination, 0, 112, 0, message.length];
      return withChecksum(message, 6, pseudoHeader);
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
  return address.replace(/\/.*/, "").split(".").map(Number);
}

function macOf(mac: string): number[] {
  return mac.split(":").map((pair) => Number.parseInt(pair, 16));
}
