import type { IpAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import { after, micros, millis, type Instant } from "../base/time.ts";
import type { FilterChanges, PacketFilter, TimedAddress } from "../ports/packet-filter.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess } from "./sim-process.ts";

/** The packet filter of one machine. It outlives the processes that use it; what runs out does so by the machine's clock. */
export class SimPacketFilter {
  readonly #machine: Machine;
  readonly #exists: boolean;
  readonly #observers: (() => void)[] = [];
  #prepared = false;
  readonly #guarded = new Map<IpAddress, End>();
  readonly #alive = new Map<IpAddress, End>();
  readonly #refused = new Map<IpAddress, End>();

  /** `exists`: the kernel has one. */
  constructor(options: { readonly machine: Machine; readonly exists: boolean }) {
    this.#machine = options.machine;
    this.#exists = options.exists;
  }

  /** Calls back whenever an address may have begun or ceased to be blocked. */
  observe(onChange: () => void): void {
    this.#observers.push(onChange);
  }

  /** Whether the kernel keeps still about an address that may be on the host. */
  blocks(address: IpAddress): boolean {
    return this.#isIn(this.#guarded, address) && !this.#isIn(this.#alive, address);
  }

  /** Whether packets to an address are dropped for other reasons. */
  refuses(address: IpAddress): boolean {
    return this.#isIn(this.#refused, address);
  }

  /** Somebody on the host removes all that is in nf_tables. */
  flush(): void {
    this.#prepared = false;
    for (const set of [this.#guarded, this.#alive, this.#refused]) set.clear();
    this.#tell();
  }

  portFor(process: SimProcess): PacketFilter {
    return {
      prepare: () =>
        process.call(() => {
          if (!this.#exists) return fail(refusal("EOPNOTSUPP", "Operation not supported"));
          this.#prepared = true;
          return succeed(undefined);
        }),
      change: (changes) =>
        process.call(() => {
          if (!this.#prepared) return fail(refusal("ENOENT", "No such file or directory"));
          this.#change(changes);
          return succeed(undefined);
        }),
      remove: () =>
        process.call(() => {
          const inUse = [this.#guarded, this.#alive, this.#refused].some((set) =>
            [...set.keys()].some((address) => this.#isIn(set, address)),
          );
          if (!inUse) this.flush();
          return succeed(undefined);
        }),
    };
  }

  #change({ guard, keepAlive, refuse, forget }: FilterChanges): void {
    for (const address of forget) {
      for (const set of [this.#guarded, this.#alive, this.#refused]) set.delete(address);
    }
    this.#put(this.#guarded, guard);
    this.#put(this.#alive, keepAlive);
    this.#put(this.#refused, refuse);
    this.#tell();
  }

  #put(set: Map<IpAddress, End>, addresses: readonly TimedAddress[]): void {
    for (const { address, ms } of addresses) {
      if (ms === "forever" || ms === 0) {
        if (ms === 0) set.delete(address);
        else set.set(address, "never");
        continue;
      }
      // The kernel rounds times down to its ticks, and the tick that runs is the first of them.
      const early = this.#machine.random.below(TICK);
      const end = after(this.#machine.monotonic(), micros(Math.max(0, Math.floor(millis(ms) / TICK) * TICK - early)));
      set.set(address, end);
      this.#machine.at(end, () => this.#tell());
    }
  }

  #isIn(set: ReadonlyMap<IpAddress, End>, address: IpAddress): boolean {
    const end = set.get(address);
    return end !== undefined && (end === "never" || this.#machine.monotonic() < end);
  }

  #tell(): void {
    for (const observer of this.#observers) observer();
  }
}

type End = Instant | "never";

function refusal(errno: string, message: string): SystemFailure {
  return { operation: "use the packet filter", errno, message };
}

/** Of a kernel with 250 Hz. */
const TICK = millis(4);
