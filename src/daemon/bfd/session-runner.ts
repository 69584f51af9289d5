import type { BfdSessionStatus } from "../../api/contract.ts";
import type { Random } from "../../base/random.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import { elapsed, micros, toMillis, type Instant, type Micros } from "../../base/time.ts";
import type { BfdInstanceSettings } from "../../config/model/bfd.ts";
import type { BfdEndpoint } from "../../core/bfd/demultiplex.ts";
import {
  detectionTime,
  farewell,
  initialSession,
  nextBfdDeadline,
  stepSession,
  transmitInterval,
  verdictOf,
  type BfdDeparture,
  type BfdEffect,
  type BfdEvent,
  type BfdSession,
  type BfdSettings,
  type BfdVerdict,
} from "../../core/bfd/session.ts";
import type { Alarm, Clock } from "../../ports/clock.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Udp, UdpSender } from "../../ports/udp.ts";
import { BFD_CONTROL_PORT, BFD_MULTIHOP_PORT, serializeBfdControl, type BfdControlPacket } from "../../wire/bfd.ts";
import type { BfdFacts } from "../dump/bfd.ts";
import { timeOfDay } from "../time-of-day.ts";
import { bfdStateName, describeBfdFailure, describeDiagnostic } from "./words.ts";

export interface SessionRunnerDependencies {
  readonly clock: Clock;
  readonly udp: Udp;
  readonly log: Log;
  readonly random: Random;
  /** Takes in what the network has told meanwhile, before anything is concluded from silence. */
  readonly catchUp: () => void;
  readonly onVerdict: () => void;
}

/** One session at work: its sending socket, its one alarm, its log lines. */
export class SessionRunner {
  readonly #dependencies: SessionRunnerDependencies;
  readonly #localDiscriminator: number;
  readonly #alarm: Alarm;
  readonly #counters = new Map<string, number>();
  #settings: BfdInstanceSettings;
  #session: BfdSession = initialSession();
  #sender: UdpSender | undefined;
  #since: number;
  #lastFailure: string | undefined;
  #closed = false;

  constructor(settings: BfdInstanceSettings, localDiscriminator: number, dependencies: SessionRunnerDependencies) {
    this.#settings = settings;
    this.#localDiscriminator = localDiscriminator;
    this.#dependencies = dependencies;
    this.#alarm = dependencies.clock.alarm(() => this.#wake());
    this.#since = dependencies.clock.wallClockMs();
  }

  get settings(): BfdInstanceSettings {
    return this.#settings;
  }

  get endpoint(): BfdEndpoint & { readonly runner: SessionRunner } {
    const { neighbor, source, multihop, leastHopLimit } = this.#settings;
    return { localDiscriminator: this.#localDiscriminator, neighbor, source, multihop, leastHopLimit, runner: this };
  }

  get verdict(): BfdVerdict {
    return verdictOf(this.#session);
  }

  /** What is known of it in words: `Up`, `Down (Control Detection Time Expired)`, `Down, and was never up`. */
  get detail(): string {
    const { state, diagnostic } = this.#session;
    const name = bfdStateName(state);
    if (this.#lastFailure !== undefined && state !== "up") return `${name} (${this.#lastFailure})`;
    if (state === "up") return name;
    return diagnostic === 0 ? `${name}, and was never up` : `${name} (${describeDiagnostic(diagnostic)})`;
  }

  start(): void {
    this.#feed({ kind: "startup" });
  }

  /** A packet that is for this session. */
  receive(packet: BfdControlPacket): void {
    this.#count("received");
    this.#feed({ kind: "received", packet });
  }

  /** Follows new settings between the same two addresses. */
  reconfigure(settings: BfdInstanceSettings): void {
    const former = this.#protocol();
    const isOther = settings.hopLimit !== this.#settings.hopLimit;
    this.#settings = settings;
    if (isOther) this.#closeSender();
    this.#feed({ kind: "reconfigured", former });
  }

  /** Tells the neighbour that the session is turned off, which is no failure of the way to it (RFC 5880 section 6.8.16). */
  stop(): void {
    if (this.#closed) return;
    if (this.#session.remote !== undefined) this.#send(farewell(this.#protocol(), this.#session));
    this.#closed = true;
    this.#alarm.close();
    this.#closeSender();
  }

  status(): BfdSessionStatus {
    const { name, neighbor, source, multihop } = this.#settings;
    const { state, diagnostic, remote } = this.#session;
    const protocol = this.#protocol();
    const now = this.#dependencies.clock.now();
    return {
      name,
      neighbor,
      source: source ?? null,
      multihop,
      state: bfdStateName(state),
      verdict: this.verdict,
      since: timeOfDay(this.#since),
      detail: this.detail,
      diagnostic: describeDiagnostic(diagnostic),
      localDiscriminator: this.#localDiscriminator,
      remote:
        remote === undefined
          ? null
          : {
              state: bfdStateName(remote.state),
              diagnostic: describeDiagnostic(remote.diagnostic),
              discriminator: remote.discriminator,
              multiplier: remote.multiplier,
              lastHeardMsAgo: toMillis(elapsed(remote.heardAt, now)),
            },
      transmitIntervalMs: inMillis(transmitInterval(protocol, this.#session)),
      detectionTimeMs: inMillis(detectionTime(protocol, this.#session)),
      counters: Object.fromEntries(this.#counters),
    };
  }

  /** For keepalived's dump. */
  facts(): BfdFacts {
    const { clock } = this.#dependencies;
    const protocol = this.#protocol();
    const session = this.#session;
    const { remote } = session;
    return {
      settings: this.#settings,
      session,
      localDiscriminator: this.#localDiscriminator,
      transmitInterval: transmitInterval(protocol, session),
      detectionTime: detectionTime(protocol, session),
      heardAtMs:
        remote === undefined ? undefined : clock.wallClockMs() - toMillis(elapsed(remote.heardAt, clock.now())),
    };
  }

  #wake(): void {
    this.#dependencies.catchUp();
    this.#feed({ kind: "deadline" });
  }

  #feed(event: BfdEvent): void {
    if (this.#closed) return;
    const { clock, random, onVerdict } = this.#dependencies;
    const now = clock.now();
    const before = this.#session;
    const { session, effects } = stepSession(this.#protocol(), before, event, now, random.next());
    this.#session = session;
    // First what the neighbour waits for, then the words about it.
    for (const effect of effects) if (effect.kind === "send") this.#send(effect.packet);
    const next = nextBfdDeadline(this.#protocol(), session);
    if (next === undefined) this.#alarm.clear();
    else this.#alarm.set(next);
    if (verdictOf(session) !== verdictOf(before)) onVerdict();
    for (const effect of effects) if (effect.kind === "changed") this.#tell(effect, before, now);
  }

  #send(packet: BfdDeparture): void {
    const opened = this.#open();
    if (!opened.ok) return this.#noteFailure(opened.error);
    const bytes = serializeBfdControl({
      ...packet,
      controlPlaneIndependent: false,
      demand: false,
      requiredMinEchoRxInterval: micros(0),
    });
    const sent = opened.value.send(bytes);
    if (!sent.ok) return this.#noteFailure(sent.error);
    this.#count("sent");
    this.#lastFailure = undefined;
  }

  /** The port is this session's own for as long as it lives (RFC 5881 section 4). */
  #open(): Result<UdpSender, SystemFailure> {
    if (this.#sender !== undefined) return succeed(this.#sender);
    const { neighbor, source, hopLimit, multihop } = this.#settings;
    const destinationPort = multihop ? BFD_MULTIHOP_PORT : BFD_CONTROL_PORT;
    const first = this.#dependencies.random.below(SOURCE_PORTS);
    let refusal: SystemFailure | undefined;
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const sourcePort = FIRST_SOURCE_PORT + ((first + attempt) % SOURCE_PORTS);
      const destination = neighbor;
      const opened = this.#dependencies.udp.openSender({ source, sourcePort, destination, destinationPort, hopLimit });
      if (opened.ok) {
        this.#sender = opened.value;
        return opened;
      }
      refusal = opened.error;
      if (refusal.errno !== "EADDRINUSE") break;
    }
    return fail(refusal ?? NO_PORT);
  }

  #closeSender(): void {
    this.#sender?.close();
    this.#sender = undefined;
  }

  /** Each reason is told once, until something has been sent again. */
  #noteFailure(failure: SystemFailure): void {
    this.#count("sendErrors");
    const words = describeBfdFailure(failure);
    if (words === this.#lastFailure) return;
    this.#lastFailure = words;
    this.#dependencies.log.write("error", `(${this.#settings.name}) ${words}`);
  }

  #tell(change: Extract<BfdEffect, { kind: "changed" }>, before: BfdSession, now: Instant): void {
    const { clock, log } = this.#dependencies;
    const { name } = this.#settings;
    this.#since = clock.wallClockMs();
    this.#count(`entered${bfdStateName(change.to)}`);
    if (change.to !== "down") return log.write("info", `(${name}) Entering ${bfdStateName(change.to)} state`);
    const time = detectionTime(this.#protocol(), before);
    if (change.diagnostic === EXPIRED && before.remote !== undefined && time !== undefined) {
      const overdue = elapsed(before.remote.heardAt, now) - time;
      log.write("info", `(${name}) Expired after ${Math.floor(toMillis(time))} ms (${overdue} usec overdue)`);
    }
    const local = describeDiagnostic(change.diagnostic);
    const remote = describeDiagnostic(change.remoteDiagnostic);
    log.write("warn", `(${name}) Entering Down state (Local diagnostic - ${local}, Remote diagnostic - ${remote})`);
  }

  #protocol(): BfdSettings {
    const { minTx, minRx, idleTx, multiplier, passive } = this.#settings;
    return { localDiscriminator: this.#localDiscriminator, minTx, minRx, idleTx, multiplier, passive };
  }

  #count(counter: string): void {
    this.#counters.set(counter, (this.#counters.get(counter) ?? 0) + 1);
  }
}

function inMillis(duration: Micros | undefined): number | null {
  return duration === undefined ? null : toMillis(duration);
}

/** RFC 5881 section 4: the source port is from 49152 to 65535. */
const FIRST_SOURCE_PORT = 49_152;
const SOURCE_PORTS = 65_536 - FIRST_SOURCE_PORT;
const PORT_ATTEMPTS = 64;
const NO_PORT: SystemFailure = {
  operation: "find a free port",
  errno: "EADDRINUSE",
  message: "Address already in use",
};
const EXPIRED = 1;
