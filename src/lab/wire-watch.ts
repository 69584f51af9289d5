import { spawn, type ChildProcess } from "node:child_process";
import type { Host } from "./host.ts";
import { PcapReader, type Packet } from "./pcap.ts";
import type { Program } from "./program.ts";
import { arpRequest, echoRequest, type Station } from "./roll-call.ts";
import type { Tenure } from "./vip-watch.ts";
import { Listeners, waitFor } from "./wait.ts";

/**
 * Keeps asking every host on the link for one IPv4 address, by ARP and by echo requests to each host's own link-layer address,
 * and keeps who answered when. Unlike a roll call it can go on for hours: what is kept is one entry per change.
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

  /** Comes back when the first questions have been seen. */
  static async open(asker: Host, address: string, hosts: readonly Host[], everyMs = 10): Promise<WireWatch> {
    const own = { mac: asker.mac, address: asker.address.replace(/\/.*/, "") };
    const echoes = hosts.map((host) => echoRequest(own, { mac: host.mac, address }));
    const argv = ["tcpdump", "-U", "--immediate-mode", "-Z", "root", "-i", "eth0", "-w", "-", FILTER];
    // Outside of the host's pid namespace, so that it is this process that is signalled; its pipe ends with us.
    const [command = "", ...rest] = [...asker.entrance, "--no-fork", ...argv];
    const capture = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    const questions = await asker.repeatFrames([...echoes, arpRequest(own, address)], everyMs);
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
  readonly #tenures = new Map<string, { fromMs: number; untilMs: number | undefined }[]>();
  /** By whom the question under way has been answered, and when last. */
  #answered = new Map<string, number>();
  #answering: readonly string[] = [];
  readonly #lastAnswers = new Map<string, number>();
  #asked = 0;
  #atMs = 0;

  constructor(asker: Station, hosts: readonly (Station & { readonly name: string })[]) {
    this.#asker = asker;
    this.#hosts = hosts;
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
      // Each round begins with the echo request to the first host. By ARP the asker's kernel asks, too.
      const target = hexOf(frame.subarray(0, 6), ":");
      if (target === this.#hosts[0]?.mac && isEcho(frame, ICMP_ECHO)) this.#endRound(atMs);
      return;
    }
    const host = this.#hosts.find(({ mac }) => mac === source);
    if (host === undefined || answeredAddress(frame) !== host.address) return;
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

/** The address that an ARP reply or an echo reply comes from; undefined: the frame is something else. */
function answeredAddress(frame: Uint8Array): string | undefined {
  const type = hexOf(frame.subarray(12, 14));
  if (type === ETHERTYPE_ARP) return frame[21] === ARP_REPLY ? frame.subarray(28, 32).join(".") : undefined;
  return isEcho(frame, ICMP_ECHOREPLY) ? frame.subarray(26, 30).join(".") : undefined;
}

function isEcho(frame: Uint8Array, icmpType: number): boolean {
  return hexOf(frame.subarray(12, 14)) === ETHERTYPE_IP && frame[23] === IPPROTO_ICMP && frame[34] === icmpType;
}

function hexOf(bytes: Uint8Array, separator = ""): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(separator);
}

const FILTER = "arp or icmp";
const ETHERTYPE_IP = "0800";
const ETHERTYPE_ARP = "0806";
const ARP_REPLY = 2;
const IPPROTO_ICMP = 1;
const ICMP_ECHOREPLY = 0;
const ICMP_ECHO = 8;
