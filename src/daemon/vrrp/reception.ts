import type { IpAddress } from "../../base/address.ts";
import { millis, type Instant } from "../../base/time.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import type { Clock } from "../../ports/clock.ts";
import type { VrrpPacket } from "../../ports/links.ts";
import type { Log } from "../../ports/log.ts";
import type { Authenticator } from "./authenticator.ts";
import { judgePacket, type Judgement } from "./judge-packet.ts";
import { LimitedLog } from "./limited-log.ts";
import { PeerTable } from "./peer-table.ts";

export interface ReceptionDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly authenticator: Authenticator;
  readonly count: (counter: string) => void;
}

/** The receiving half of an instance: judges packets, counts and tells what it finds, and keeps the table of peers. */
export class Reception {
  readonly peers = new PeerTable();
  /** For what strangers can make us say. */
  readonly log: Log;
  readonly #dependencies: ReceptionDependencies;
  #settings: InstanceSettings;
  #answers: Bucket;
  /** A master whose address list was ours. */
  #trusted: IpAddress | undefined;
  #last: Judged | undefined;

  constructor(settings: InstanceSettings, dependencies: ReceptionDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.log = new LimitedLog(dependencies.log, dependencies.clock);
    this.#answers = fullBucket(ANSWERS, dependencies.clock.now());
  }

  reconfigure(settings: InstanceSettings): void {
    this.#settings = settings;
    this.#trusted = undefined;
    this.#last = undefined;
  }

  judge(packet: VrrpPacket, own: IpAddress): Judgement {
    const { authenticator } = this.#dependencies;
    const trusted = this.#trusted;
    const last = this.#last;
    if (last !== undefined && last.packet === packet && last.own === own && last.trusted === trusted) {
      return last.judgement;
    }
    const judgement = judgePacket(packet, { settings: this.#settings, authenticator, own, trusted });
    // Adverts repeat themselves, and are judged as before. What has to prove that it is new is judged each time.
    this.#last = authenticator.refusesRepetition ? undefined : { packet, own, trusted, judgement };
    return judgement;
  }

  noteDiscarded({ sender, reason, words }: Extract<Judgement, { kind: "discard" }>, now: Instant): void {
    this.#dependencies.count(`discarded.${reason}`);
    if (this.peers.note(sender, reason, now) !== "discarded") return;
    this.log.write("warn", `(${this.#settings.name}) ${words}, from ${sender.source}: advert discarded`);
  }

  noteObeyed({ sender, remarks, addressesAgree }: Extract<Judgement, { kind: "obey" }>, now: Instant): void {
    const { count } = this.#dependencies;
    count("advertisementsReceived");
    if (sender.priority === 0) count("priorityZeroReceived");
    const news = this.peers.note(sender, undefined, now);
    if (news === "heard" || news === "obeyed-again") {
      const again = news === "heard" ? "" : " again";
      this.log.write("info", `(${this.#settings.name}) hearing ${sender.source}, priority ${sender.priority}${again}`);
    }
    if (addressesAgree) this.#trusted = sender.source;
    else if (remarks.some(({ note }) => note === "ADDRESS_LIST")) this.#trusted = undefined;
    for (const { note, words } of remarks) {
      count(`noted.${note}`);
      if (!this.peers.tellOnce(sender.source, note)) continue;
      this.log.write("warn", `(${this.#settings.name}) ${words}, from ${sender.source}`);
    }
  }

  /**
   * A weaker router's advert is answered with an advert and a burst of announcements. Whoever sends thousands must not keep
   * us so busy that our own adverts are late; the next of those answers them all.
   */
  mayAnswer(now: Instant): boolean {
    const permission = takePermission(ANSWERS, this.#answers, now);
    this.#answers = permission.bucket;
    return permission.kind === "granted";
  }
}

/** A judgement and all that it depends on, but for the settings. */
interface Judged {
  readonly packet: VrrpPacket;
  readonly own: IpAddress;
  readonly trusted: IpAddress | undefined;
  readonly judgement: Judgement;
}

/** Adverts of weaker routers that are answered. */
const ANSWERS: RateLimit = { burst: 20, period: millis(20) };
