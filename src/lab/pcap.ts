/** One recorded packet. */
export interface Packet {
  /** Milliseconds since 1970, as the kernel stamped it. */
  readonly atMs: number;
  /** From the Ethernet header on. A view into the file. */
  readonly frame: Uint8Array;
}

/**
 * Lists the packets of a capture file, in the order of the file. A last packet that is cut off is left out.
 *
 * @throws Error where it is no pcap file with microseconds, written on a machine of either byte order.
 * @see pcap-savefile(5).
 */
export function parsePcap(file: Uint8Array): Packet[] {
  isLittleEndian(new DataView(file.buffer, file.byteOffset, file.byteLength));
  return new PcapReader().take(file);
}

/** Reads a capture file while it is written. */
export class PcapReader {
  #rest: Uint8Array = new Uint8Array(0);
  #littleEndian: boolean | undefined;

  /**
   * Takes the next bytes of the file and lists the packets that are whole by now; they are views of what was given.
   *
   * @throws Error as `parsePcap` does.
   */
  take(bytes: Uint8Array): Packet[] {
    const file = this.#rest.length === 0 ? bytes : joined(this.#rest, bytes);
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    let at = 0;
    if (this.#littleEndian === undefined && file.length >= FILE_HEADER) {
      this.#littleEndian = isLittleEndian(view);
      at = FILE_HEADER;
    }
    const packets: Packet[] = [];
    while (this.#littleEndian !== undefined && at + PACKET_HEADER <= file.length) {
      const seconds = view.getUint32(at, this.#littleEndian);
      const micros = view.getUint32(at + 4, this.#littleEndian);
      const end = at + PACKET_HEADER + view.getUint32(at + 8, this.#littleEndian);
      if (end > file.length) break;
      packets.push({ atMs: seconds * 1000 + micros / 1000, frame: file.subarray(at + PACKET_HEADER, end) });
      at = end;
    }
    this.#rest = file.slice(at);
    return packets;
  }
}

/** The IPv4 source of a VRRP packet in an Ethernet frame without VLAN tag; undefined: it is something else. */
export function vrrpSource(frame: Uint8Array): string | undefined {
  const isVrrp = etherType(frame) === ETHERTYPE_IP && frame[ETHERNET + 9] === IPPROTO_VRRP;
  return isVrrp ? dotted(frame, ETHERNET + 12) : undefined;
}

/** The priority in a VRRP packet in an Ethernet frame without VLAN tag; undefined: it is something else. */
export function vrrpPriority(frame: Uint8Array): number | undefined {
  const headerLength = ((frame[ETHERNET] ?? 0) & 0xf) * 4;
  return vrrpSource(frame) === undefined ? undefined : frame[ETHERNET + headerLength + 2];
}

/** Who announces which address by gratuitous ARP; undefined: the frame is something else. */
export function gratuitousArp(frame: Uint8Array): { readonly mac: string; readonly address: string } | undefined {
  if (etherType(frame) !== ETHERTYPE_ARP || frame.length < ETHERNET + 28) return undefined;
  const sender = dotted(frame, ETHERNET + 14);
  if (sender !== dotted(frame, ETHERNET + 24)) return undefined;
  const mac = [...frame.subarray(ETHERNET + 8, ETHERNET + 14)].map((byte) => byte.toString(16).padStart(2, "0"));
  return { mac: mac.join(":"), address: sender };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function isLittleEndian(view: DataView): boolean {
  if (view.byteLength >= FILE_HEADER) {
    if (view.getUint32(0, true) === MAGIC) return true;
    if (view.getUint32(0, false) === MAGIC) return false;
  }
  throw new Error("This is no pcap file with microseconds");
}

function etherType(frame: Uint8Array): number {
  return ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
}

function dotted(frame: Uint8Array, at: number): string {
  return frame.subarray(at, at + 4).join(".");
}

const MAGIC = 0xa1b2c3d4;
const FILE_HEADER = 24;
const PACKET_HEADER = 16;
const ETHERNET = 14;
const ETHERTYPE_IP = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const IPPROTO_VRRP = 112;
