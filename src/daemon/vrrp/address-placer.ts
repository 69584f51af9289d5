import { familyOf, type IpAddress } from "../../base/address.ts";
import type { Result } from "../../base/result.ts";
import { after, seconds, type Instant } from "../../base/time.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { VirtualInterface } from "../../config/model/virtual-interfaces.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { FineLockKeeper, LockOwner } from "./fine-lock-keeper.ts";
import type { HeldAddress, HeldTerms, LeaseOwner } from "./held-lease.ts";
import type { HeldRecord } from "./held-record.ts";
import type { Holding, Holdings } from "./holdings.ts";
import { foreignAt, foreignVip, placeOf, waitsForSource } from "./host-addresses.ts";
import type { AddressKey, InterfaceTable } from "./interface-table.ts";
import type { Ipv6Switch } from "./ipv6-switch.ts";
import { firstTerms, type LeaseKeeper } from "./lease-keeper.ts";
import { renewAfter } from "./prefix-route.ts";
import { ipvlanOf } from "./virtual-device.ts";
import { formatVip, termsOf, type LeaseTerms } from "./vip.ts";

/** What of an instance's configuration decides how its addresses are added. */
export interface PlacerSettings extends LeaseTerms {
  readonly interface: string;
  readonly advertInterface: string;
  readonly virtualInterfaces: readonly VirtualInterface[];
  readonly transport: { readonly source: IpAddress | undefined };
}

export interface PlacerDependencies {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly leases: LeaseKeeper;
  readonly fineLock: FineLockKeeper;
  readonly record: HeldRecord;
  readonly ipv6: Pick<Ipv6Switch, "turnOn">;
}

/** Whoever the addresses are leased to, and guarded for. */
export interface PlacerOwner extends LeaseOwner, LockOwner {
  readonly name: string;
}

/**
 * Adds addresses to their interfaces and removes them, for one owner. Where each stands after an attempt to add it, it
 * writes into the owner's holdings: what could not be added is missing, and logged once for each reason.
 */
export class AddressPlacer {
  readonly #owner: PlacerOwner;
  readonly #holdings: Holdings;
  readonly #dependencies: PlacerDependencies;
  /** What will be asked for: the same object, so that the kernel's words for it are made before they are needed. */
  readonly #prepared = new WeakMap<VirtualAddress, Prepared>();

  constructor(owner: PlacerOwner, holdings: Holdings, dependencies: PlacerDependencies) {
    this.#owner = owner;
    this.#holdings = holdings;
    this.#dependencies = dependencies;
  }

  /** Makes now, while nobody waits, what `add` will ask the kernel for. */
  prepare(addresses: readonly VirtualAddress[], settings: PlacerSettings): void {
    const { interfaces, kernel } = this.#dependencies;
    const requests = addresses.flatMap((address) => {
      const key = placeOf(address, interfaces);
      return key === undefined ? [] : [this.#termsOf(address, key, settings).request];
    });
    kernel.prepareAddresses(requests);
  }

  /** All in one batch. `advertisedAt`: backups count from then, so the lifetime is what is left of the lease. */
  add(addresses: readonly VirtualAddress[], settings: PlacerSettings, advertisedAt: Instant): void {
    const times = { advertisedAt, renewedAt: this.#dependencies.clock.now() };
    const additions = addresses.flatMap((address) => this.#addition(address, settings, times) ?? []);
    if (additions.length === 0) return;
    this.expect(additions.map(({ address }) => address));
    const outcomes = this.#dependencies.kernel.addAddresses(additions.map(({ held }) => held.request));
    for (const [index, addition] of additions.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.#settle(addition, outcome);
    }
  }

  /** On kernels that do not remember who added an address, the record must know it before it is there. */
  expect(addresses: readonly VirtualAddress[]): void {
    const { interfaces, record } = this.#dependencies;
    if (interfaces.tellsOrigin) return;
    const own = addresses.filter((address) => foreignVip(address, this.#dependencies) === undefined);
    record.expect(own.flatMap((address) => placeOf(address, interfaces) ?? []));
  }

  /** Removes an address that stands so, unless it is another owner's by now. The holdings know of it no more. */
  remove(address: VirtualAddress, holding: Holding): void {
    const { kernel, leases, log, record, interfaces } = this.#dependencies;
    if (holding.kind !== "held") return;
    const { key } = holding;
    if (!leases.drop(key, this.#owner)) return;
    record.forget(key);
    const removed = kernel.removeAddress({ ...key, peer: address.peer });
    if (removed.ok) {
      // At once: who adds it again before the kernel has told must not take it for somebody else's.
      interfaces.forgetAddress(key);
      return leases.expectRemoval(key);
    }
    // By now the kernel may have removed it itself, with the lease or with its interface.
    if (removed.error.errno === "EADDRNOTAVAIL" || removed.error.errno === "ENODEV") return;
    log.write("error", `(${this.#owner.name}) ${describeFailure(removed.error)}`);
  }

  /** What to ask the kernel for; undefined: nothing, and where the address stands is noted. */
  #addition(address: VirtualAddress, settings: PlacerSettings, times: BatchTimes): Addition | undefined {
    const { leases, interfaces } = this.#dependencies;
    const key = placeOf(address, interfaces);
    if (key === undefined) return this.#postpone(address, `no interface ${address.device}`);
    const held = leases.find(key);
    if (held?.owner === this.#owner) {
      this.#holdings.set(address, { kind: "held", key });
      return undefined;
    }
    const foreign = held === undefined ? foreignAt(key, interfaces) : undefined;
    if (foreign !== undefined) return this.#leaveAlone(address, foreign);
    if (interfaces.waitsForPrimary(key) || this.#waitsForSource(address, key, settings))
      return this.#postpone(address, `${address.device} has lost the host's own address`);

    if (familyOf(address.address) === "ipv6") this.#dependencies.ipv6.turnOn(address.device);
    const terms = firstTerms(this.#termsOf(address, key, settings), times.advertisedAt, times.renewedAt);
    return { address, held: { owner: this.#owner, renewedAt: times.renewedAt, ...terms } };
  }

  #termsOf(address: VirtualAddress, key: AddressKey, settings: PlacerSettings): HeldTerms {
    const known = this.#prepared.get(address);
    if (known?.settings === settings && known.terms.request.interfaceIndex === key.interfaceIndex) return known.terms;
    const now = this.#dependencies.clock.now();
    const terms = firstTerms(termsOf(address, key, settings), now, now);
    this.#prepared.set(address, { settings, terms });
    return terms;
  }

  /** What the kernel has answered. */
  #settle({ address, held }: Addition, added: Result<void, SystemFailure>): void {
    if (added.ok) return this.#hold(address, held);
    if (added.error.errno !== "EEXIST") return this.#postpone(address, describeFailure(added.error));
    const { kernel, interfaces } = this.#dependencies;
    const key = held.request;
    if (interfaces.find(key) === undefined) {
      // Somebody added it a moment ago, and we have yet to hear of it.
      interfaces.reload(kernel);
      const foreign = foreignVip(address, this.#dependencies);
      if (foreign !== undefined) return this.#leaveAlone(address, foreign);
    }
    const clash = interfaces.findTwin(key);
    // Another instance has it. To renew it would keep the mask that it has.
    if (clash !== undefined) return this.#postpone(address, `it is on ${address.device} with /${clash.prefixLength}`);
    // Ours from before a crash, or another instance's of this process that gives it to us in a reload.
    const adopted = renewAfter(interfaces.find(key)?.validLifetime ?? "forever", held.request, kernel);
    if (!adopted.ok) return this.#postpone(address, describeFailure(adopted.error));
    this.#hold(address, held);
  }

  #hold(address: VirtualAddress, held: HeldAddress): void {
    this.#dependencies.leases.hold(held);
    this.#dependencies.record.remember(held.request);
    this.#holdings.set(address, { kind: "held", key: held.request });
  }

  #leaveAlone(address: VirtualAddress, foreign: AddressKey): undefined {
    const { fineLock, log } = this.#dependencies;
    this.#holdings.set(address, { kind: "foreign", key: foreign });
    fineLock.release(this.#owner, [address.address]);
    const where = `${formatVip(address)} is already on ${address.device} and was not added by Holdfast`;
    log.write("warn", `(${this.#owner.name}) ${where}: it is neither leased nor removed, and stays whoever is master`);
    return undefined;
  }

  #postpone(address: VirtualAddress, reason: string): undefined {
    const before = this.#holdings.of(address);
    if (before.kind !== "missing" || before.reason !== reason) {
      this.#dependencies.log.write("error", `(${this.#owner.name}) cannot hold ${formatVip(address)}: ${reason}`);
    }
    this.#holdings.miss(address, reason, after(this.#dependencies.clock.now(), RETRY));
    return undefined;
  }

  #waitsForSource({ device }: VirtualAddress, key: AddressKey, settings: PlacerSettings): boolean {
    // The address of an ipvlan interface is there and not on the interface itself.
    const isThere = ipvlanOf(settings) === undefined;
    const { source } = settings.transport;
    return isThere && device === settings.interface && waitsForSource(key, source, this.#dependencies.interfaces);
  }
}

/** As an address is asked for right after an advert. */
interface Prepared {
  readonly settings: PlacerSettings;
  readonly terms: HeldTerms;
}

/** Of all that is asked for in one batch. */
interface BatchTimes {
  readonly advertisedAt: Instant;
  /** Before anything of it was sent. */
  readonly renewedAt: Instant;
}

/** An address that the kernel is asked for, as it is held when the kernel agrees. */
interface Addition {
  readonly address: VirtualAddress;
  readonly held: HeldAddress;
}

const RETRY = seconds(1);
