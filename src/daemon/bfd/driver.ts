import type { BfdSessionStatus } from "../../api/contract.ts";
import { familyOf, type AddressFamily } from "../../base/address.ts";
import type { Random } from "../../base/random.ts";
import { after, seconds } from "../../base/time.ts";
import type { BfdInstanceSettings } from "../../config/model/bfd.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import { findRecipient } from "../../core/bfd/demultiplex.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Udp, UdpDatagram, UdpReceiver } from "../../ports/udp.ts";
import { BFD_CONTROL_PORT, BFD_MULTIHOP_PORT, parseBfdControl } from "../../wire/bfd.ts";
import type { BfdNews } from "../bfd-news.ts";
import type { BfdFacts } from "../dump/bfd.ts";
import { LimitedLog } from "../vrrp/limited-log.ts";
import { SessionRunner } from "./session-runner.ts";
import { describeBfdFailure } from "./words.ts";

export interface BfdPorts {
  readonly clock: Clock;
  readonly udp: Udp;
  readonly log: Log;
  /** For discriminators, source ports and jitter. Two runs of one host should not be alike. */
  readonly random: Random;
  /** Hands over what is to be held of each session, whenever that changes; and of all of them at the start. */
  readonly tell: (news: readonly BfdNews[]) => void;
}

/** The part of a model that this driver obeys. */
export type BfdConfiguration = Pick<Configuration, "bfd">;

export interface BfdDriver {
  /** Applies a checked model: sessions between the same addresses go on, with a poll where their pace changes. */
  reload(configuration: BfdConfiguration): void;
  /** Plain data, true at this moment. */
  status(): readonly BfdSessionStatus[];
  /** The same for keepalived's dump. */
  facts(): readonly BfdFacts[];
  /** Tells the neighbours that the sessions are turned off, and calls back at once. */
  stop(done: () => void): void;
}

/**
 * Starts a session for each bfd_instance of a checked model. A socket that cannot be had is asked for again every second,
 * and its sessions are down meanwhile; each reason is told once.
 */
export function startBfdDriver(configuration: BfdConfiguration, ports: BfdPorts): BfdDriver {
  const driver = new Driver(ports);
  driver.reload(configuration);
  return driver;
}

class Driver implements BfdDriver {
  readonly #ports: BfdPorts;
  readonly #strangers: LimitedLog;
  readonly #retry: Alarm;
  #sessions: readonly SessionRunner[] = [];
  readonly #receivers = new Map<string, Listener>();
  /** Sessions told of so far, with what was told. */
  readonly #told = new Map<string, string>();

  constructor(ports: BfdPorts) {
    this.#ports = ports;
    this.#strangers = new LimitedLog(ports.log, ports.clock);
    this.#retry = ports.clock.alarm(() => this.#listen());
  }

  reload(configuration: BfdConfiguration): void {
    const known = new Map(this.#sessions.map((session) => [identityOf(session.settings), session]));
    const started: SessionRunner[] = [];
    this.#sessions = configuration.bfd.map((settings) => {
      const session = known.get(identityOf(settings));
      known.delete(identityOf(settings));
      if (session !== undefined) {
        session.reconfigure(settings);
        return session;
      }
      const created = this.#create(settings, [...this.#sessions, ...started]);
      started.push(created);
      return created;
    });
    for (const session of known.values()) session.stop();
    this.#listen();
    for (const session of started) session.start();
    this.#tell();
  }

  facts(): readonly BfdFacts[] {
    return this.#sessions.map((session) => session.facts());
  }

  status(): readonly BfdSessionStatus[] {
    return this.#sessions.map((session) => session.status());
  }

  stop(done: () => void): void {
    for (const session of this.#sessions) session.stop();
    this.#sessions = [];
    for (const listener of this.#receivers.values()) listener.receiver?.close();
    this.#receivers.clear();
    this.#retry.close();
    done();
  }

  #create(settings: BfdInstanceSettings, others: readonly SessionRunner[]): SessionRunner {
    const { clock, udp, log, random } = this.#ports;
    const taken = new Set(others.map(({ endpoint }) => endpoint.localDiscriminator));
    let discriminator = 0;
    while (discriminator === 0 || taken.has(discriminator)) discriminator = random.below(DISCRIMINATORS);
    const catchUp = (): void => this.#receive();
    return new SessionRunner(settings, discriminator, {
      clock,
      udp,
      log,
      random,
      catchUp,
      onVerdict: () => this.#tell(),
    });
  }

  /** Opens the sockets that sessions need and closes the others. */
  #listen(): void {
    const wanted = new Map(this.#sessions.map(({ settings }) => [listenerKey(settings), settings]));
    for (const [key, listener] of this.#receivers) {
      if (wanted.has(key)) continue;
      listener.receiver?.close();
      this.#receivers.delete(key);
    }
    let missing = false;
    for (const [key, settings] of wanted) missing = !this.#openReceiver(key, settings) || missing;
    if (missing) this.#retry.set(after(this.#ports.clock.now(), RETRY_INTERVAL));
    else this.#retry.clear();
  }

  #openReceiver(key: string, { neighbor, multihop }: BfdInstanceSettings): boolean {
    const known = this.#receivers.get(key);
    if (known?.receiver !== undefined) return true;
    const family = familyOf(neighbor);
    const port = multihop ? BFD_MULTIHOP_PORT : BFD_CONTROL_PORT;
    const opened = this.#ports.udp.openReceiver({ family, port }, () => this.#receive());
    if (opened.ok) {
      if (known !== undefined) this.#ports.log.write("info", `Listening on UDP port ${port} of ${nameOf(family)}`);
      this.#receivers.set(key, { receiver: opened.value, multihop, complaint: undefined });
      return true;
    }
    const complaint = describeBfdFailure(opened.error);
    if (known?.complaint !== complaint) {
      this.#ports.log.write("error", `${complaint}; trying again every second, its sessions stay down`);
    }
    this.#receivers.set(key, { receiver: undefined, multihop, complaint });
    return false;
  }

  #receive(): void {
    for (const { receiver, multihop } of this.#receivers.values()) {
      for (const datagram of receiver?.receive() ?? []) this.#deliver(datagram, multihop);
    }
  }

  #deliver(datagram: UdpDatagram, multihop: boolean): void {
    const { source, destination, hopLimit } = datagram;
    const parsed = parseBfdControl(datagram.payload);
    if (!parsed.ok) return this.#discard(datagram, parsed.error.code);
    const { yourDiscriminator } = parsed.value;
    const addressing = { yourDiscriminator, source, destination, multihop, hopLimit };
    const found = findRecipient(
      this.#sessions.map(({ endpoint }) => endpoint),
      addressing,
    );
    if (found.kind === "stray") return this.#discard(datagram, found.reason);
    found.session.runner.receive(parsed.value);
  }

  #discard({ source, hopLimit }: UdpDatagram, reason: string): void {
    this.#strangers.write("warn", `Discarding BFD packet from ${source}, TTL ${hopLimit}: ${reason}`);
  }

  #tell(): void {
    const news = this.#sessions.flatMap((session): BfdNews[] => {
      const { settings, verdict, detail } = session;
      if (this.#told.get(settings.name) === verdict) return [];
      this.#told.set(settings.name, verdict);
      return [{ name: settings.name, verdict, detail }];
    });
    const names = new Set(this.#sessions.map(({ settings }) => settings.name));
    for (const name of this.#told.keys()) if (!names.has(name)) this.#told.delete(name);
    if (news.length > 0) this.#ports.tell(news);
  }
}

interface Listener {
  /** Undefined: it could not be opened yet. */
  readonly receiver: UdpReceiver | undefined;
  readonly multihop: boolean;
  readonly complaint: string | undefined;
}

/** What makes a session another one. Its name is what is told about it, so it belongs to it. */
function identityOf({ name, neighbor, source, multihop }: BfdInstanceSettings): string {
  return JSON.stringify([name, neighbor, source ?? null, multihop]);
}

function listenerKey({ neighbor, multihop }: BfdInstanceSettings): string {
  return `${familyOf(neighbor)} ${multihop ? "multihop" : "single-hop"}`;
}

function nameOf(family: AddressFamily): string {
  return family === "ipv4" ? "IPv4" : "IPv6";
}

const DISCRIMINATORS = 0x1_0000_0000;
const RETRY_INTERVAL = seconds(1);
