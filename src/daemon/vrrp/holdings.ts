import type { VirtualAddress } from "../../config/model/addresses.ts";
import { earlier, type Instant } from "../../base/time.ts";
import type { LeaseOwner } from "./held-lease.ts";
import type { AddressKey } from "./interface-table.ts";
import { vipKey } from "./vip.ts";

/** Where one virtual address stands. */
export type Holding =
  | { readonly kind: "absent" }
  /** `key`: where it was added. Its interface may have got another name since. */
  | { readonly kind: "held"; readonly key: AddressKey }
  /** On the host before us, perhaps with another mask: never leased, never removed. */
  | { readonly kind: "foreign"; readonly key: AddressKey }
  /** Wanted, but it could not be added; tried again. */
  | { readonly kind: "missing"; readonly reason: string; readonly retryAt: Instant };

/** Where the addresses of one holder stand, and which of them are to be tried again. Changes nothing on the host. */
export class Holdings {
  readonly #owner: LeaseOwner;
  readonly #leases: Leases;
  readonly #holdings = new Map<VirtualAddress, Holding>();
  /** Nothing was missing when the leases had changed so often. */
  #completeAt: number | undefined;

  constructor(owner: LeaseOwner, leases: Leases) {
    this.#owner = owner;
    this.#leases = leases;
  }

  of(address: VirtualAddress): Holding {
    return this.#holdings.get(address) ?? { kind: "absent" };
  }

  /** In the order in which they came. */
  entries(): readonly (readonly [VirtualAddress, Holding])[] {
    return [...this.#holdings];
  }

  set(address: VirtualAddress, holding: Exclude<Holding, { kind: "missing" }>): void {
    this.#holdings.set(address, holding);
  }

  miss(address: VirtualAddress, reason: string, retryAt: Instant): void {
    this.#holdings.set(address, { kind: "missing", reason, retryAt });
    this.#completeAt = undefined;
  }

  /** It is nobody's business any more. @returns where it stood. */
  take(address: VirtualAddress): Holding {
    const holding = this.of(address);
    this.#holdings.delete(address);
    return holding;
  }

  clear(): void {
    this.#holdings.clear();
    this.#completeAt = undefined;
  }

  /**
   * Goes over to the addresses of a new configuration. Those that stay the same, by `vipKey`, stand where they stood.
   *
   * @returns which of them are new, and where those stand that are not among them.
   */
  follow(addresses: readonly VirtualAddress[]): Turnover {
    const before = new Map(
      [...this.#holdings].map(([address, holding]) => [vipKey(address), { address, holding }] as const),
    );
    this.clear();
    const added: VirtualAddress[] = [];
    const kept = new Set<string>();
    for (const address of addresses) {
      const key = vipKey(address);
      const known = before.get(key);
      if (known === undefined) {
        added.push(address);
        continue;
      }
      kept.add(key);
      this.#holdings.set(address, known.holding);
    }
    return { added, gone: [...before].flatMap(([key, known]) => (kept.has(key) ? [] : [known])) };
  }

  /** Whether some address may be missing. It is not looked at again as long as nothing has changed. */
  isIncomplete(addresses: readonly VirtualAddress[]): boolean {
    const changes = this.#leases.changesOf(this.#owner);
    if (this.#completeAt === changes) return false;
    const isComplete = addresses.every((address) => {
      const holding = this.of(address);
      return holding.kind !== "missing" && !this.#isTaken(holding);
    });
    this.#completeAt = isComplete ? changes : undefined;
    return !isComplete;
  }

  /** What is to be tried again now. */
  due(addresses: readonly VirtualAddress[], now: Instant): readonly VirtualAddress[] {
    return addresses.filter((address) => {
      const holding = this.of(address);
      return holding.kind === "missing" ? holding.retryAt <= now : this.#isTaken(holding);
    });
  }

  /** When something is due; undefined: not before something is missed. */
  get deadline(): Instant | undefined {
    let deadline: Instant | undefined;
    for (const one of this.#holdings.values()) {
      if (one.kind === "missing") deadline = earlier(deadline, one.retryAt);
    }
    return deadline;
  }

  /** What is missing is due now. */
  hasten(now: Instant): void {
    for (const [address, holding] of this.#holdings) {
      if (holding.kind === "missing" && holding.retryAt > now)
        this.#holdings.set(address, { ...holding, retryAt: now });
    }
  }

  /** Another instance that was given the same address has taken it away. */
  #isTaken(holding: Holding): boolean {
    return holding.kind === "held" && this.#leases.find(holding.key) === undefined;
  }
}

/** Of the keeper of all leases: who is asked whether an address is still ours. */
interface Leases {
  /** Another number whenever an address of this owner has come or gone. */
  readonly changesOf: (owner: LeaseOwner) => number;
  readonly find: (key: AddressKey) => object | undefined;
}

/** What a new configuration changes. */
interface Turnover {
  readonly added: readonly VirtualAddress[];
  readonly gone: readonly { readonly address: VirtualAddress; readonly holding: Holding }[];
}
