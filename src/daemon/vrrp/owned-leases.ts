import { earlier, elapsed, type Instant, type Micros } from "../../base/time.ts";
import type { HeldLease } from "./held-lease.ts";

/** The held addresses of one owner. */
export class OwnedLeases {
  readonly #addresses = new Map<string, HeldLease>();
  /** No lease of these has run out before; perhaps none has then. Undefined: none ever will. */
  #soonestEnd: Instant | undefined;

  get size(): number {
    return this.#addresses.size;
  }

  add(id: string, held: HeldLease): void {
    this.#addresses.set(id, held);
    this.noticeEnd(held);
  }

  remove(id: string): void {
    this.#addresses.delete(id);
  }

  all(): Iterable<HeldLease> {
    return this.#addresses.values();
  }

  /** The end of a lease is another. Where it is later, the time that is noted is too early, and is found anew when it comes. */
  noticeEnd({ end }: HeldLease): void {
    this.#soonestEnd = earlier(this.#soonestEnd, end);
  }

  /** How old the oldest lease is if it has run out. */
  expiredAge(now: Instant): Micros | undefined {
    if (this.#soonestEnd === undefined || now < this.#soonestEnd) return undefined;
    this.#soonestEnd = undefined;
    let age: Micros | undefined;
    for (const held of this.#addresses.values()) {
      this.noticeEnd(held);
      if (held.end === undefined || now < held.end) continue;
      const candidate = elapsed(held.renewedAt, now);
      if (age === undefined || candidate > age) age = candidate;
    }
    return age;
  }

  renewalDueAt(now: Instant): Instant | undefined {
    let due: Instant | undefined;
    for (const held of this.#addresses.values()) due = earlier(due, held.renewalDueAt(now));
    return due;
  }
}
