import type { VrrpPacket } from "../ports/links.ts";

/**
 * Recognizes an IPv4 packet with a VRRP message that says what its predecessor said: adverts repeat themselves for days, and
 * to read one costs more than to compare it. The Identification and the checksum of the IP header do not matter.
 */
export class PacketMemory {
  readonly #known = new Map<number, Known>();

  /** The packet that the same sender last sent for the same virtual router, if these bytes say the same. */
  recall(bytes: Uint8Array): VrrpPacket | undefined {
    const known = this.#known.get(keyOf(bytes));
    return known !== undefined && saysTheSame(known.bytes, bytes) ? known.packet : undefined;
  }

  /** `packet` is what these bytes say; they are copied. */
  keep(bytes: Uint8Array, packet: VrrpPacket): void {
    // Senders can be forged, so their number is bounded.
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(keyOf(bytes), { bytes: bytes.slice(), packet });
  }
}

interface Known {
  readonly bytes: Uint8Array;
  readonly packet: VrrpPacket;
}

/** Source and, in a packet without IP options, VRID. Where there are options it is some other byte, which does not matter. */
function keyOf(bytes: Uint8Array): number {
  let key = 0;
  for (let at = AT_SOURCE; at < AT_SOURCE + 4; at++) key = key * 256 + (bytes[at] ?? 0);
  return key * 256 + (bytes[AT_VRID] ?? 0);
}

function saysTheSame(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) {
    if (left[at] !== right[at] && !(at >> 1 === IDENTIFICATION || at >> 1 === CHECKSUM)) return false;
  }
  return true;
}

// In an IPv4 header of 20 bytes, and in the message behind it; these two are counted in 16-bit words.
const IDENTIFICATION = 2;
const CHECKSUM = 5;
const AT_SOURCE = 12;
const AT_VRID = 21;

/** An interface full of virtual routers with two nodes each, and strangers. */
const MOST_KNOWN = 1024;
