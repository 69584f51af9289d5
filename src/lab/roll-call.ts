import type { Capture, Host } from "./host.ts";
import { parsePcap } from "./pcap.ts";
import type { Program } from "./program.ts";

/** Somebody answered for the address: who has it on the link, or a ping. */
export interface Answer {
  /** Milliseconds since 1970, as the kernel of the asker stamped it. */
  readonly atMs: number;
  readonly kind: "arp" | "echo";
  /** The name of the host whose link-layer address it came from; undefined: none of those that were asked. */
  readonly by: string | undefined;
}

/**
 * Asks every host on the link for one IPv4 address, each millisecond: all at once by ARP, and each by an echo request that is
 * addressed to its own link-layer address, so that nobody's idea of where the address is stands in the way.
 */
export class RollCall {
  readonly #hosts: readonly Host[];
  readonly #program: Program;
  readonly #capture: Capture;
  readonly #address: string;

  private constructor(address: string, hosts: readonly Host[], program: Program, capture: Capture) {
    this.#address = address;
    this.#hosts = hosts;
    this.#program = program;
    this.#capture = capture;
  }

  static async open(asker: Host, address: string, hosts: readonly Host[]): Promise<RollCall> {
    const own = asker.address.replace(/\/.*/, "");
    const request = arpRequest({ mac: asker.mac, address: own }, address);
    const echoes = hosts.map((host) => echoRequest({ mac: asker.mac, address: own }, { mac: host.mac, address }));
    const capture = await asker.capture(`(arp[6:2] = 2) or (icmp[icmptype] = icmp-echoreply and src host ${address})`);
    const program = await asker.repeatFrames([request, ...echoes]);
    await program.waitForLine(/sending/);
    return new RollCall(address, hosts, program, capture);
  }

  /** Ends it and gives every answer, in the order they came. */
  async stop(): Promise<Answer[]> {
    await this.#program.stop();
    const packets = parsePcap(await this.#capture.stop());
    return packets.flatMap(({ atMs, frame }): Answer[] => {
      const mac = hexOf(frame.subarray(6, 12), ":");
      const by = this.#hosts.find((host) => host.mac === mac)?.name;
      const type = hexOf(frame.subarray(12, 14));
      // The sender's address of ARP, and the source of IP.
      const address = frame.subarray(type === "0806" ? 28 : 26).subarray(0, 4);
      if (address.join(".") !== this.#address) return [];
      return [{ atMs, kind: type === "0806" ? "arp" : "echo", by }];
    });
  }
}

/** For how long, in milliseconds, one host still answered when another already did, all since a time; 0: never. */
export function bothAnsweredMs(answers: readonly Answer[], leaving: string, coming: string, sinceMs: number): number {
  const later = answers.filter(({ atMs }) => atMs >= sinceMs);
  const first = later.find(({ by }) => by === coming);
  const last = later.findLast(({ by }) => by === leaving);
  return first === undefined || last === undefined ? 0 : Math.max(0, last.atMs - first.atMs);
}

export interface Station {
  readonly mac: string;
  readonly address: string;
}

/** Who has the address? RFC 826, for Ethernet and IPv4. */
export function arpRequest(asker: Station, address: string): Uint8Array {
  const frame = Uint8Array.of(...BROADCAST, ...macBytes(asker.mac), 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1);
  const [nobody, wanted] = [new Uint8Array(6), addressBytes(address)];
  return Uint8Array.of(...frame, ...macBytes(asker.mac), ...addressBytes(asker.address), ...nobody, ...wanted);
}

/** RFC 792 in RFC 791: an echo request without data. */
export function echoRequest(asker: Station, asked: Station): Uint8Array {
  const ip = Uint8Array.of(0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, ...addressBytes(asker.address));
  const packet = Uint8Array.of(...ip, ...addressBytes(asked.address));
  const echo = Uint8Array.of(8, 0, 0, 0, 0x68, 0x66, 0, 1);
  putChecksum(packet, 10);
  putChecksum(echo, 2);
  return Uint8Array.of(...macBytes(asked.mac), ...macBytes(asker.mac), 0x08, 0x00, ...packet, ...echo);
}

/** RFC 1071, of an even number of bytes. */
function putChecksum(bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer);
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) sum += view.getUint16(index);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(at, ~sum & 0xffff);
}

function addressBytes(address: string): number[] {
  return address.split(".").map(Number);
}

function macBytes(mac: string): number[] {
  return mac.split(":").map((pair) => Number.parseInt(pair, 16));
}

function hexOf(bytes: Uint8Array, separator = ""): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

const BROADCAST = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
