import type { IpAddress, MacAddress } from "../../base/address.ts";
import { earliest, toSeconds, type Instant, type Micros } from "../../base/time.ts";
import { hearConflict, judgeConflict, QUIET, type Conflict } from "../../core/vrrp/conflict.ts";
import type { Log } from "../../ports/log.ts";

/** Who else announces the addresses that one master serves, and which of them are to be announced again. */
export class ConflictWatch {
  readonly #log: Log;
  readonly #conflicts = new Map<IpAddress, Conflict>();

  constructor(log: Log) {
    this.#log = log;
  }

  get deadline(): Instant | undefined {
    return earliest(...[...this.#conflicts.values()].map(({ dueAt }) => dueAt));
  }

  /** Somebody else has announced an address that is served here. */
  hear(address: IpAddress, owner: MacAddress, advertisementInterval: Micros, now: Instant): void {
    this.#conflicts.set(address, hearConflict(this.#conflicts.get(address), owner, advertisementInterval, now));
  }

  /**
   * To be called on time, while mastership lasts. `name` is the instance's.
   *
   * @returns the addresses that are to be announced again now.
   */
  takeDue(name: string, now: Instant): ReadonlySet<IpAddress> {
    const due = new Set<IpAddress>();
    for (const [address, before] of this.#conflicts) {
      const { conflict, verdict } = judgeConflict(before, now);
      this.#conflicts.set(address, conflict);
      if (verdict === undefined) continue;
      const what = `(${name}) ${address} is announced by ${verdict.owner}`;
      if (verdict.kind === "give-up") {
        const until = `until that has not been heard for ${toSeconds(QUIET)} s`;
        this.#log.write("warn", `${what} again and again: it is not announced against it any more ${until}`);
        continue;
      }
      if (verdict.isNews) this.#log.write("warn", `${what}, which is not this host: announcing it again`);
      due.add(address);
    }
    return due;
  }

  /** Mastership has ended, or begins: what was heard before is nothing to it. */
  forget(): void {
    this.#conflicts.clear();
  }
}
