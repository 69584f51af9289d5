import type { IpAddress } from "../../base/address.ts";
import { elapsed, millis, type Instant } from "../../base/time.ts";
import {
  beginHandOver,
  handOverDeadline,
  stepHandOver,
  type HandOverEvent,
  type HandOverState,
  type HandOverStep,
  type ReleaseAddresses,
} from "../../core/hand-over.ts";
import type { Clock } from "../../ports/clock.ts";

/** The time between mastership and its successor's, for one instance: who is still to be heard, and until when. */
export class Farewell {
  readonly #clock: Clock;
  readonly #onRelease: (reason: ReleaseAddresses["reason"]) => void;
  /** When somebody else last announced an address of ours. */
  readonly #announcements = new Map<IpAddress, Instant>();
  #state: HandOverState = { kind: "over" };

  /** `onRelease` comes once for each `begin` that is not called off, perhaps within it. */
  constructor(clock: Clock, onRelease: (reason: ReleaseAddresses["reason"]) => void) {
    this.#clock = clock;
    this.#onRelease = onRelease;
  }

  get underWay(): boolean {
    return this.#state.kind !== "over";
  }

  get deadline(): Instant | undefined {
    return handOverDeadline(this.#state);
  }

  begin(awaited: ReadonlySet<IpAddress>, until: Instant): void {
    this.#obey(beginHandOver([...awaited], until));
  }

  /** The addresses are ours, or nobody's: what was announced before is no successor's announcement. */
  callOff(): void {
    this.#announcements.clear();
    this.#state = { kind: "over" };
  }

  /** An advert of the one that takes over was heard. */
  noticeSuccessor(): void {
    if (this.#state.kind === "following") return;
    this.#step({ kind: "successor-advertised" });
    // It may have been quicker with its announcement than we with reading its advert.
    for (const [address, heardAt] of this.#announcements) {
      if (elapsed(heardAt, this.#clock.now()) <= MEMORY) this.#step({ kind: "announced", address });
    }
  }

  /** Somebody else announced an address of ours, be it before we know why. */
  noticeAnnouncement(address: IpAddress): void {
    this.#announcements.set(address, this.#clock.now());
    this.#step({ kind: "announced", address });
  }

  /** To be called on time. */
  wake(): void {
    this.#step({ kind: "deadline" });
  }

  #step(event: HandOverEvent): void {
    this.#obey(stepHandOver(this.#state, event, this.#clock.now()));
  }

  #obey(step: HandOverStep): void {
    this.#state = step.state;
    for (const { reason } of step.effects) this.#onRelease(reason);
  }
}

/** Both come within a turn. What is older was said by a master of before. */
const MEMORY = millis(100);
