import type { VirtualAddress } from "../../config/model/addresses.ts";
import { seconds, type Instant } from "../../base/time.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AddressPlacer, PlacerSettings } from "./address-placer.ts";
import type { Holdings } from "./holdings.ts";

/** Adds again what one holder misses. Somebody who removes an address again and again is not fought faster. */
export class AddressRepair {
  readonly #clock: Clock;
  readonly #holdings: Holdings;
  readonly #placer: AddressPlacer;
  #bucket: Bucket;

  constructor(clock: Clock, holdings: Holdings, placer: AddressPlacer) {
    this.#clock = clock;
    this.#holdings = holdings;
    this.#placer = placer;
    this.#bucket = fullBucket(REPAIRS, clock.now());
  }

  /** To be called when something changed, and on time. @returns what is held again. */
  putBack(
    addresses: readonly VirtualAddress[],
    settings: PlacerSettings,
    advertisedAt: Instant,
  ): readonly VirtualAddress[] {
    if (!this.#holdings.isIncomplete(addresses)) return [];
    const now = this.#clock.now();
    const due = this.#holdings.due(addresses, now);
    if (due.length === 0) return [];
    const permission = takePermission(REPAIRS, this.#bucket, now);
    this.#bucket = permission.bucket;
    if (permission.kind === "refused") {
      for (const address of due) this.#holdings.miss(address, TOO_OFTEN, permission.availableAt);
      return [];
    }
    this.#placer.add(due, settings, advertisedAt);
    return due.filter((address) => this.#holdings.of(address).kind === "held");
  }
}

const REPAIRS: RateLimit = { burst: 10, period: seconds(1) };

const TOO_OFTEN = "removed by somebody again and again";
