import { spawn, type ChildProcess } from "node:child_process";
import type { Host } from "./host.ts";
import { PcapReader, type Packet } from "./pcap.ts";
import type { Program } from "./program.ts";
import { arpRequest, echoRequest, type Station } from "./roll-call.ts";
import { echoRequestIpv6, ipv6Bytes, neighborSolicitation } from "./roll-call-ipv6.ts";
import type { Tenure } from "./vip-watch.ts";
import { Listeners, waitFor } from "./wait.ts";

/**
 * Keeps asking every host on the link for one address, by ARP or neighbor discovery and by echo requests to each host's own
 * link-layer address, and keeps who answered when. Unlike a roll call it can go on for hours: what is kept is one entry per change.
 */
export class WireWatch {
  readonly #questions: Program;
  readonly #capture: ChildProcess;
  readonly #book: AnswerBook;
  readonly #listeners = new Listeners();
  #complaint = "";

  private constructor(book: AnswerBook, questions: Program, capture: ChildProcess) {
    this.#book = book;
    this.#questions = questions;
    this.#capture = capture;
    const reader = new PcapReader();
    capture.stdout?.on("data", (bytes: Uint8Array) => {
      for (const packet of reader.take(bytes)) book.take(packet);
      this.#listeners.notify();
    });
    capture.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#complaint += text));
  }

  /**
   * Comes back when the first questions have been seen.
   *
   * @param from The asker's own address, of the same family as the other one. Without prefix length.
   */
  static async open(
    asker: Host,
    address: string,
    hosts: readonly Host[],
    { everyMs = 10, from = asker.address.replace(/\/.*/, "") } = {},
  ): Promise<WireWatch> {
    const own = { mac: asker.mac, address: from };
    const isIpv6 = address.includes(":");
    const askOne = isIpv6 ? echoRequestIpv6 : echoRequest;
    const echoes = hosts.map((host) => askOne(own, { mac: host.mac, address }));
    const toAll = isIpv6 ? neighborSolicitation(own, address) : arpRequest(own, address);
    // Other addresses may be asked for on the same host.
    const filter = `${isIpv6 ? "icmp6" : "(arp or icmp)"} and host ${address}`;
    const argv = ["tcpdump", "-U", "--immediate-mode", "-Z", "root", "-i", "eth0", "-w", "-", filter];
    // Outside of the host's pid namespace, so that it is this process that is signalled; its pipe ends with us.
    const [command = "", ...rest] = [...asker.entrance, "--no-fork", ...argv];
    const capture = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const questions = await asker.repeatFrames([...echoes, toAll], everyMs);
    const stations = hosts.map(({ name, mac }) => ({ name, mac, address }));
    const watch = new WireWatch(new AnswerBook(own, stations), questions, capture);
    await watch.#waitFor("questions on the wire", () => watch.#book.asked > 1 || undefined);
    return watch;
  }

  /** When a host answered for the address: from its first answer to the last one before a question without an answer. */
  tenures(host: string): readonly Tenure[] {
    return this.#book.tenures(host);
  }

  /** Who answered the last questions. */
  get answering(): readonly string[] {
    return this.#book.answering;
  }

  /** Waits until one host answers alone, for so many questions on end. Gives when that began. */
  async waitForOnly(host: string, withinMs: number, questions = 20): Promise<number> {
    let since: { readonly asked: number; readonly atMs: number } | undefined;
    const look = (): number | undefined => {
      const { answering, asked, atMs } = this.#book;
      if (answering.length !== 1 || answering[0] !== host) since = undefined;
      else since ??= { asked, atMs };
      return since !== undefined && asked - since.asked >= questions ? since.atMs : undefined;
    };
    return this.#waitFor(`${host} to answer alone`, look, withinMs);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#capture.once("close", resolve));
    await this.#questions.stop();
    this.#capture.kill("SIGTERM");
    await ended;
  }

  #waitFor<Value>(awaited: string, look: () => Value | undefined, withinMs?: number): Promise<Value> {
    const evidence = (): string => `Answered last by: ${this.answering.join(", ") || "nobody"}. ${this.#complaint}`;
    return waitFor(awaited, look, this.#listeners.subscribe, evidence, withinMs);
  }
}

/** Makes tenures of questions and answers as they pass an interface. */
export class AnswerBook {
  readonly #asker: Station;
  readonly #hosts: readonly (Station & { readonly name: string })[];
  /** In hexadecimal digits. */
  readonly #address: string;
  readonly #tenures = new Map<string, { fromMs: number; untilMs: number | undefined }[]>();
  /** By whom the question under way has been answered, and when last. */
  #answered = new Map<string, number>();
  #answering: readonly string[] = [];
  readonly #lastAnswers = new Map<string, number>();
  #asked = 0;
  #atMs = 0;

  /** @param hosts Those that are asked, all for the same address. */
  constructor(asker: Station, hosts: readonly (Station & { readonly name: string })[]) {
    this.#asker = asker;
    this.#hosts = hosts;
    this.#address = digitsOf(hosts[0]?.address ?? "");
  }

  /** How many rounds of questions have begun. */
  get asked(): number {
    return this.#asked;
  }

  /** When the last of them began. */
  get atMs(): number {
    return this.#atMs;
  }

  /** Who answered in the last round that is over. */
  get answering(): readonly string[] {
    return this.#answering;
  }

  tenures(host: string): readonly Tenure[] {
    return this.#tenures.get(host) ?? [];
  }

  take({ atMs, frame }: Packet): void {
    const source = hexOf(frame.subarray(6, 12), ":");
    if (source === this.#asker.mac) {
      // Each round begins with the echo request to the first host. The asker's kernel asks who has the address, too.
      const target = hexOf(frame.subarray(0, 6), ":");
      if (target === this.#hosts[0]?.mac && askedAddress(frame) === this.#address) this.#endRound(atMs);
      return;
    }
    const host = this.#hosts.find(({ mac }) => mac === source);
    if (host === undefined || answeredAddress(frame) !== this.#address) return;
    this.#answered.set(host.name, atMs);
    this.#lastAnswers.set(host.name, atMs);
    const tenures = this.#tenures.get(host.name) ?? [];
    this.#tenures.set(host.name, tenures);
    if (tenures.length === 0 || tenures.at(-1)?.untilMs !== undefined) {
      tenures.push({ fromMs: atMs, untilMs: undefined });
    }
  }

  #endRound(atMs: number): void {
    if (this.#asked > 0) {
      for (const { name } of this.#hosts) {
        const last = this.#tenures.get(name)?.at(-1);
        if (last === undefined || last.untilMs !== undefined || this.#answered.has(name)) continue;
        last.untilMs = this.#lastAnswers.get(name) ?? atMs;
      }
      this.#answering = [...this.#answered.keys()];
    }
    this.#answered = new Map();
    this.#asked += 1;
    this.#atMs = atMs;
  }
}

/** The address that an ARP reply, an echo reply or a solicited neighbor advertisement comes from, in hexadecimal digits. */
function answeredAddress(frame: Uint8Array): string | undefined {
  switch (hexOf(frame.subarray(12, 14))) {
    case ETHERTYPE_ARP:
      return frame[21] === ARP_REPLY ? hexOf(frame.subarray(28, 32)) : undefined;
    case ETHERTYPE_IP:
      return frame[23] === IPPROTO_ICMP && frame[34] === ICMP_ECHOREPLY ? hexOf(frame.subarray(26, 30)) : undefined;
    case ETHERTYPE_IPV6:
      if (frame[20] !== IPPROTO_ICMPV6) return undefined;
      if (frame[54] === ICMPV6_ECHO_REPLY) return hexOf(frame.subarray(22, 38));
      return frame[54] === NEIGHBOR_ADVERTISEMENT && ((frame[58] ?? 0) & SOLICITED) !== 0
        ? hexOf(frame.subarray(62, 78))
        : undefined;
    default:
      return undefined;
  }
}

/** The address that an echo request goes to, in hexadecimal digits. */
function askedAddress(frame: Uint8Array): string | undefined {
  switch (hexOf(frame.subarray(12, 14))) {
    case ETHERTYPE_IP:
      return frame[23] === IPPROTO_ICMP && frame[34] === ICMP_ECHO ? hexOf(frame.subarray(30, 34)) : undefined;
    case ETHERTYPE_IPV6:
      return frame[20] === IPPROTO_ICMPV6 && frame[54] === ICMPV6_ECHO_REQUEST
        ? hexOf(frame.subarray(38, 54))
        : undefined;
    default:
      return undefined;
  }
}

function digitsOf(address: string): string {
  return hexOf(address.includes(":") ? ipv6Bytes(address) : Uint8Array.from(address.split(".").map(Number)));
}

function hexOf(bytes: Uint8Array, separator = ""): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

const ETHERTYPE_IP = "0800";
const ETHERTYPE_ARP = "0806";
const ETHERTYPE_IPV6 = "86dd";
const ARP_REPLY = 2;
const IPPROTO_ICMP = 1;
const ICMP_ECHOREPLY = 0;
const ICMP_ECHO = 8;
const IPPROTO_ICMPV6 = 58;
const ICMPV6_ECHO_REQUEST = 128;
const ICMPV6_ECHO_REPLY = 129;
const NEIGHBOR_ADVERTISEMENT = 136;
/** RFC 4861 section 4.4: it answers somebody, and is no announcement. */
const SOLICITED = 0x40;
