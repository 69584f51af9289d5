// Over 400 lines: every way in which an address comes and goes, with the holdings that all of them change.
import { familyOf, type IpAddress } from "../../base/address.ts";
import type { Result } from "../../base/result.ts";
import { after, earlier, seconds, type Instant } from "../../base/time.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import type { VirtualInterface } from "../../config/model/virtual-interfaces.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { HeardOnDevice } from "./announcement-listeners.ts";
import type { Announcer } from "./announcer.ts";
import { RELEASE_WORDS } from "./cause-words.ts";
import { ConflictWatch } from "./conflict-watch.ts";
import { addressKey, type AddressKey, type InterfaceTable } from "./interface-table.ts";
import { Farewell } from "./farewell.ts";
import type { FineLockKeeper, LockOwner } from "./fine-lock-keeper.ts";
import { foreignAddress, waitsForSource } from "./host-addresses.ts";
import type { Ipv6Switch } from "./ipv6-switch.ts";
import type { HeldRecord } from "./held-record.ts";
import type { HeldAddress, LeaseOwner } from "./held-lease.ts";
import { firstTerms, type LeaseKeeper } from "./lease-keeper.ts";
import { renewAfter } from "./prefix-route.ts";
import type { RouteKeeper, RoutingOwner } from "./route-keeper.ts";
import { ipvlanOf } from "./virtual-device.ts";
import { firstOfEachDevice, formatVip, leaseOf, lockTermsOf, termsOf, vipKey, type FilterTerms } from "./vip.ts";

export interface HolderSettings extends FilterTerms {
  readonly virtualAddresses: readonly VirtualAddress[];
  readonly excludedAddresses: readonly VirtualAddress[];
  readonly routing: readonly RoutingSettings[];
  readonly interface: string;
  readonly advertInterface: string;
  readonly virtualInterfaces: readonly VirtualInterface[];
  readonly repair: boolean;
  readonly transport: { readonly source: IpAddress | undefined };
}

export interface HolderDependencies {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly leases: LeaseKeeper;
  readonly fineLock: FineLockKeeper;
  readonly routes: RouteKeeper;
  readonly announcer: Announcer;
  readonly record: HeldRecord;
  readonly ipv6: Pick<Ipv6Switch, "turnOn" | "turnOff">;
  /** What is held has changed. */
  readonly onChange: () => void;
}

/** What concerns one holder alone. */
export interface HolderEvents {
  /** The successor of a hand-over adverts, and has not announced all addresses in time. They have been removed. */
  readonly onUnannounced: () => void;
  /** `nextDeadline` gives another time by now. */
  readonly onDeadline: () => void;
  readonly count: (counter: string) => void;
}

/** Where one virtual address stands. */
export type Holding =
  | { readonly kind: "absent" }
  /** `key`: where it was added. Its interface may have got another name since. */
  | { readonly kind: "held"; readonly key: AddressKey }
  /** On the host before us, perhaps with another mask: never leased, never removed. */
  | { readonly kind: "foreign"; readonly key: AddressKey }
  /** Wanted, but it could not be added; tried again. */
  | { readonly kind: "missing"; readonly reason: string; readonly retryAt: Instant };

/**
 * Puts the virtual addresses of one instance on their interfaces and takes them away again.
 *
 * It removes only what Holdfast added. What it holds is leased from the kernel (see `LeaseKeeper`); what others remove is
 * put back while it is wanted.
 */
export class AddressHolder implements LeaseOwner, LockOwner, RoutingOwner {
  #name: string;
  readonly #dependencies: HolderDependencies;
  readonly #events: HolderEvents;
  readonly #holdings = new Map<VirtualAddress, Holding>();
  /** Not in the configuration any more, and still on the host. */
  readonly #gone = new Map<VirtualAddress, Holding>();
  #settings: HolderSettings;
  #wanted = false;
  /** Nothing was missing when the leases had changed so often. */
  #completeAt: number | undefined;
  #advertisedAt: Instant;
  readonly #farewell: Farewell;
  readonly #conflicts: ConflictWatch;
  #bucket: Bucket;

  constructor(name: string, settings: HolderSettings, dependencies: HolderDependencies, events: HolderEvents) {
    this.#name = name;
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#events = events;
    this.#conflicts = new ConflictWatch(dependencies.log);
    this.#advertisedAt = dependencies.clock.now();
    this.#bucket = fullBucket(REPAIRS, dependencies.clock.now());
    this.#farewell = new Farewell(dependencies.clock, (reason) => {
      dependencies.log.write("info", `(${this.#name}) removing VIPs: ${RELEASE_WORDS[reason]}`);
      this.release();
      if (reason === "announcements-missing") events.onUnannounced();
    });
  }

  get name(): string {
    return this.#name;
  }

  get repairsRouting(): boolean {
    return this.#settings.repair;
  }

  get advertisedAt(): Instant {
    return this.#advertisedAt;
  }

  /** Others have been told just now that this node is master. */
  noticeAdvertisement(now: Instant): void {
    this.#advertisedAt = now;
    if (this.#wanted) this.#dependencies.onChange();
  }

  /** Mastership has ended, and the addresses serve on until the successor is heard. */
  get handingOver(): boolean {
    return this.#farewell.underWay;
  }

  /** All addresses, those that are not advertised included. */
  addresses(): readonly VirtualAddress[] {
    return [...this.#settings.virtualAddresses, ...this.#settings.excludedAddresses];
  }

  routing(): readonly RoutingSettings[] {
    return this.#settings.routing;
  }

  /** Whether a route or rule of its own is set. */
  hasRouting(item: RoutingSettings): boolean {
    return this.#dependencies.routes.standing(item)?.kind === "held";
  }

  holding(address: VirtualAddress): Holding {
    return this.#holdings.get(address) ?? { kind: "absent" };
  }

  /**
   * Whether every address is on the host by our hand with a lease that still runs, so that nobody else can have become
   * master. Asked at the start, after a crash.
   */
  stillLeased(): boolean {
    const lease = leaseOf(this.#settings);
    if (lease.kind !== "timed" || !lease.coversProtocol) return false;
    const own = this.addresses().filter((address) => this.#foreign(address) === undefined);
    return (
      own.length > 0 &&
      !this.#keys().some((key) => this.#dependencies.record.isLeaving(key)) &&
      own.every((address) => {
        const key = this.#key(address);
        const record = key === undefined ? undefined : this.#dependencies.interfaces.find(key);
        if (record === undefined || record.validLifetime === "forever") return false;
        // One that lives longer was leased by another configuration, whose lease may not have covered the protocol.
        return record.validLifetime >= 1 && record.validLifetime <= lease.seconds;
      })
    );
  }

  /** Gets ready to claim. Nothing is changed on the host. */
  prepare(): void {
    this.#dependencies.announcer.prepare(this.addresses());
  }

  /** Adds every address, ours from before a crash included. Continues a hand-over as the holder. */
  claim(): void {
    this.#wanted = true;
    this.#farewell.callOff();
    this.#conflicts.forget();
    this.#listen();
    this.#dependencies.record.stay(this.#keys());
    this.#cover(this.#now());
    this.#expect(this.addresses());
    // The advert of this claim goes out in the same turn.
    this.#add(this.addresses(), this.#now());
    this.#dependencies.routes.claim(this, this.#settings.routing);
    this.#dependencies.onChange();
  }

  /** Removes every address at once. */
  release(): void {
    this.#wanted = false;
    this.removeGone();
    this.#farewell.callOff();
    this.#conflicts.forget();
    this.#dependencies.announcer.withdraw(this.addresses());
    // They may need the addresses, so they go before them.
    this.#dependencies.routes.release(this);
    for (const address of [...this.#holdings.keys()].toReversed()) this.#remove(address);
    for (const { device } of firstOfEachDevice(this.addresses())) this.#dependencies.ipv6.turnOff(device);
    this.#dependencies.fineLock.release(this);
    this.#dependencies.announcer.stopListening(this);
    this.#dependencies.onChange();
  }

  /** Keeps serving until the successor has announced every address, and no longer than `until`. */
  handOver(until: Instant): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.removeGone();
    this.#conflicts.forget();
    this.#dependencies.announcer.withdraw(this.addresses());
    const awaited = this.addresses().filter((address) => this.holding(address).kind === "held");
    // They are not renewed any more. Should this process die meanwhile, they go soon after they would have gone anyway.
    this.#dependencies.leases.lastUntil(this, until);
    this.#dependencies.fineLock.limit(this, until);
    // A process that is started while this goes on must not take it for mastership that still runs.
    this.#dependencies.record.leave(this.#keys());
    this.#farewell.begin(new Set(awaited.map((address) => address.address)), until);
  }

  /** An advert of the one that takes over was heard. */
  noticeSuccessor(): void {
    this.#farewell.noticeSuccessor();
  }

  /** Sends gratuitous ARP or neighbor advertisements for what is held or foreign. */
  announce(repeat: number): void {
    this.#dependencies.announcer.announce(this.#name, this.#served(), repeat);
  }

  /** Sends gratuitous ARP for one served address on each interface of these. */
  announceOnce(isMeant: (device: string) => boolean): void {
    const meant = this.#served().filter(({ device }) => isMeant(device));
    this.#dependencies.announcer.announce(this.#name, firstOfEachDevice(meant), 1);
  }

  #served(): readonly VirtualAddress[] {
    return this.addresses().filter((address) => ["held", "foreign"].includes(this.holding(address).kind));
  }

  /** An address went that this process did not remove. @returns whether it is one of ours that is wanted. */
  noticeRemoval(key: AddressKey): VirtualAddress | undefined {
    const id = addressKey(key);
    const address = this.addresses().find((candidate) => {
      const holding = this.holding(candidate);
      const own = "key" in holding ? holding.key : this.#key(candidate);
      return own !== undefined && addressKey(own) === id;
    });
    if (address === undefined) return undefined;
    const holding = this.holding(address);
    if (holding.kind === "foreign") {
      // The host's own address has gone. While we are master the VIP is still to be served.
      this.#miss(address, "removed by somebody", this.#now());
      return undefined;
    }
    if (holding.kind !== "held" || !this.#dependencies.leases.drop(key, this)) return undefined;
    if (this.#settings.repair) this.#miss(address, "removed by somebody", this.#now());
    else this.#holdings.set(address, { kind: "absent" });
    this.#dependencies.onChange();
    return address.tracked && this.#wanted ? address : undefined;
  }

  /**
   * Tries again what is missing, as often as repairs may be, and announces again what others announce. To be called when
   * something changed, and on time.
   */
  repair(): void {
    if (this.#wanted) this.#putBack();
    if (this.#wanted) this.#answerConflicts();
    this.#farewell.wake();
  }

  /** What is missing may have become possible: an interface came, the host's own address is back. */
  retryNow(): void {
    const now = this.#now();
    for (const [address, holding] of this.#holdings) {
      if (holding.kind === "missing" && holding.retryAt > now)
        this.#holdings.set(address, { ...holding, retryAt: now });
    }
    this.repair();
  }

  nextDeadline(): Instant | undefined {
    let deadline = this.#farewell.deadline;
    if (!this.#wanted) return deadline;
    deadline = earlier(deadline, this.#conflicts.deadline);
    if (!this.#isIncomplete()) return deadline;
    for (const one of this.#holdings.values()) {
      if (one.kind === "missing") deadline = earlier(deadline, one.retryAt);
    }
    return deadline;
  }

  /**
   * Follows a new configuration: what is new is added while held, nothing else is touched. What is gone stays until
   * `removeGone`, so that another instance of this reload can take it over where it is.
   */
  reconfigure(name: string, settings: HolderSettings): void {
    this.#name = name;
    const before = new Map([...this.#holdings].map(([address, holding]) => [vipKey(address), { address, holding }]));
    this.#settings = settings;
    this.#completeAt = undefined;
    this.#holdings.clear();
    const kept = new Set<string>();
    for (const address of this.addresses()) {
      const known = before.get(vipKey(address));
      if (known === undefined) continue;
      kept.add(vipKey(address));
      this.#holdings.set(address, known.holding);
      if (known.holding.kind === "held") {
        const { key } = known.holding;
        this.#dependencies.leases.change(key, this, termsOf(address, key, this.#settings));
      }
    }
    // The same address with other words, as another label, has to go before it comes.
    const coming = new Set(this.#keys().map(addressKey));
    for (const [id, { address, holding }] of before) {
      if (kept.has(id)) continue;
      this.#gone.set(address, holding);
      if (holding.kind === "held" && coming.has(addressKey(holding.key))) this.#removeGone(address, holding);
    }
    if (this.#wanted) {
      this.#cover(this.#advertisedAt);
      const added = this.addresses().filter((address) => !kept.has(vipKey(address)));
      // They may be on other interfaces.
      if (added.length > 0) this.#listen();
      this.#add(added, this.#advertisedAt);
      this.#dependencies.routes.claim(this, settings.routing);
      this.#dependencies.announcer.announce(this.#name, added, REPAIR_ANNOUNCEMENTS);
    }
    this.#dependencies.onChange();
  }

  /** Removes what the last configuration had and this one has not, unless another holder has it by now. */
  removeGone(): void {
    for (const [address, holding] of this.#gone) this.#removeGone(address, holding);
  }

  /** Makes the addresses stay when this process ends (`-V`). */
  makePermanent(): void {
    // What is being handed over is another's by now.
    if (!this.#wanted) return;
    const { kernel, leases, log } = this.#dependencies;
    const requests = [...this.#holdings].flatMap(([address, holding]) => {
      if (holding.kind !== "held" || leases.find(holding.key)?.owner !== this) return [];
      return [termsOf(address, holding.key, { ...this.#settings, lease: "off" }).request];
    });
    this.#dependencies.fineLock.release(this);
    for (const made of kernel.renewAddresses(requests)) {
      if (!made.ok) log.write("error", `(${this.#name}) ${describeFailure(made.error)}`);
    }
    for (const request of requests) leases.drop(request, this);
    this.#dependencies.routes.abandon(this);
    this.#holdings.clear();
    this.#wanted = false;
    this.#dependencies.onChange();
  }

  /** What is still on the host counts, too; what is the host's own is none of the lock's business. */
  #cover(since: Instant): void {
    const own = [...this.addresses(), ...this.#gone.keys()].filter((address) => this.#foreign(address) === undefined);
    const list = own.map(({ address }) => address);
    this.#dependencies.fineLock.cover(this, list, lockTermsOf(this.#settings), since);
  }

  #removeGone(address: VirtualAddress, holding: Holding): void {
    this.#gone.delete(address);
    this.#holdings.set(address, holding);
    this.#remove(address);
    this.#holdings.delete(address);
    // It may be there in other words.
    const isWanted = this.addresses().some((other) => other.address === address.address);
    if (!isWanted) this.#dependencies.fineLock.release(this, [address.address]);
  }

  /** From the claim on, since a successor's announcement may follow its first advert within a millisecond. */
  #listen(): void {
    this.#dependencies.announcer.listen(this, this.addresses(), (heard) => this.#noticeAnnouncement(heard));
  }

  /** Somebody else has announced something. */
  #noticeAnnouncement({ address, owner, device }: HeardOnDevice): void {
    if (!this.addresses().some((own) => own.address === address)) return;
    this.#farewell.noticeAnnouncement(address);
    if (!this.#wanted || !this.#served().some((own) => own.address === address && own.device === device)) return;
    // A frame of ours that the network brings back, or that another interface of this host has sent. A router with the
    // virtual MAC address in common with us takes nobody's packets that we would get.
    if (this.#dependencies.interfaces.interfaces().some(({ mac }) => mac === owner)) return;
    this.#events.count("announcedByOthers");
    this.#conflicts.hear(address, owner, this.#settings.advertisementInterval, this.#now());
    this.#events.onDeadline();
  }

  #answerConflicts(): void {
    const due = this.#conflicts.takeDue(this.#name, this.#now());
    if (due.size === 0) return;
    const again = this.#served().filter(({ address }) => due.has(address));
    this.#dependencies.announcer.announce(this.#name, again, REPAIR_ANNOUNCEMENTS);
  }

  /** Whether some address may be missing. It is not looked at again as long as nothing has changed. */
  #isIncomplete(): boolean {
    const { changes } = this.#dependencies.leases;
    if (this.#completeAt === changes) return false;
    const isComplete = this.addresses().every((address) => {
      const holding = this.holding(address);
      // Another instance that was given the same address may have taken it away.
      if (holding.kind === "held") return this.#dependencies.leases.find(holding.key) !== undefined;
      return holding.kind !== "missing";
    });
    this.#completeAt = isComplete ? changes : undefined;
    return !isComplete;
  }

  #putBack(): void {
    if (!this.#isIncomplete()) return;
    const now = this.#now();
    const due = this.addresses().filter((address) => {
      const holding = this.holding(address);
      // Another instance that was given the same address has taken it away.
      if (holding.kind === "held") return this.#dependencies.leases.find(holding.key) === undefined;
      return holding.kind === "missing" && holding.retryAt <= now;
    });
    if (due.length === 0) return;
    const permission = takePermission(REPAIRS, this.#bucket, now);
    this.#bucket = permission.bucket;
    if (permission.kind === "refused") {
      for (const address of due) {
        this.#miss(address, TOO_OFTEN, permission.availableAt);
      }
      return;
    }
    this.#add(due, this.#advertisedAt);
    const back = due.filter((address) => this.holding(address).kind === "held");
    if (back.length === 0) return;
    this.#dependencies.log.write("warn", `(${this.#name}) put back ${back.map(formatVip).join(", ")}`);
    this.#dependencies.announcer.announce(this.#name, back, REPAIR_ANNOUNCEMENTS);
    this.#dependencies.onChange();
  }

  /** All in one batch. `advertisedAt`: backups count from then, so the lifetime is what is left of the lease. */
  #add(addresses: readonly VirtualAddress[], advertisedAt: Instant): void {
    const additions = addresses.flatMap((address) => this.#addition(address, advertisedAt) ?? []);
    if (additions.length === 0) return;
    this.#expect(additions.map(({ address }) => address));
    const outcomes = this.#dependencies.kernel.addAddresses(additions.map(({ held }) => held.request));
    for (const [index, addition] of additions.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) this.#settle(addition, outcome, advertisedAt);
    }
  }

  /** What to ask the kernel for; undefined: nothing, and where the address stands is noted. */
  #addition(address: VirtualAddress, advertisedAt: Instant): Addition | undefined {
    const { leases, interfaces, log } = this.#dependencies;
    const key = this.#key(address);
    if (key === undefined) return this.#postpone(address, `no interface ${address.device}`);
    const held = leases.find(key);
    const foreign = this.#foreign(address);
    if (foreign !== undefined) {
      this.#holdings.set(address, { kind: "foreign", key: foreign });
      this.#dependencies.fineLock.release(this, [address.address]);
      const where = `${formatVip(address)} is already on ${address.device} and was not added by Holdfast`;
      log.write("warn", `(${this.#name}) ${where}: it is neither leased nor removed, and stays whoever is master`);
      return undefined;
    }
    if (held?.owner === this) {
      this.#holdings.set(address, { kind: "held", key });
      return undefined;
    }
    if (interfaces.waitsForPrimary(key) || this.#waitsForSource(address, key))
      return this.#postpone(address, `${address.device} has lost the host's own address`);

    if (familyOf(address.address) === "ipv6") this.#dependencies.ipv6.turnOn(address.device);
    const renewedAt = this.#now();
    const terms = firstTerms(termsOf(address, key, this.#settings), advertisedAt, renewedAt);
    return { address, held: { owner: this, renewedAt, ...terms } };
  }

  #settle({ address, held }: Addition, added: Result<void, SystemFailure>, advertisedAt: Instant): void {
    if (added.ok) return this.#hold(address, held);
    if (added.error.errno !== "EEXIST") return this.#postpone(address, describeFailure(added.error));
    const { kernel, interfaces } = this.#dependencies;
    const key = held.request;
    if (interfaces.find(key) === undefined) {
      // Somebody added it a moment ago, and we have yet to hear of it.
      interfaces.reload(kernel);
      if (this.#foreign(address) !== undefined) return this.#add([address], advertisedAt);
    }
    const clash = interfaces.findTwin(key);
    // Another instance has it. To renew it would keep the mask that it has.
    if (clash !== undefined) return this.#postpone(address, `it is on ${address.device} with /${clash.prefixLength}`);
    // Ours from before a crash, or another instance's of this process that gives it to us in a reload.
    const adopted = renewAfter(interfaces.find(key)?.validLifetime ?? "forever", held.request, kernel);
    if (!adopted.ok) return this.#postpone(address, describeFailure(adopted.error));
    this.#hold(address, held);
  }

  /** On kernels that do not remember who added an address, the record must know it before it is there. */
  #expect(addresses: readonly VirtualAddress[]): void {
    const { interfaces, record } = this.#dependencies;
    if (interfaces.tellsOrigin) return;
    record.expect(
      addresses.flatMap((address) => (this.#foreign(address) === undefined ? (this.#key(address) ?? []) : [])),
    );
  }

  #hold(address: VirtualAddress, held: HeldAddress): void {
    this.#dependencies.leases.hold(held);
    this.#dependencies.record.remember(held.request);
    this.#holdings.set(address, { kind: "held", key: held.request });
  }

  #remove(address: VirtualAddress): void {
    const { kernel, leases, log, record, interfaces } = this.#dependencies;
    const holding = this.holding(address);
    this.#holdings.delete(address);
    if (holding.kind !== "held") return;
    const { key } = holding;
    if (!leases.drop(key, this)) return;
    record.forget(key);
    const removed = kernel.removeAddress({ ...key, peer: address.peer });
    if (removed.ok) {
      // At once: who adds it again before the kernel has told must not take it for somebody else's.
      interfaces.forgetAddress(key);
      return leases.expectRemoval(key);
    }
    // By now the kernel may have removed it itself, with the lease or with its interface.
    if (removed.error.errno === "EADDRNOTAVAIL" || removed.error.errno === "ENODEV") return;
    log.write("error", `(${this.#name}) ${describeFailure(removed.error)}`);
  }

  #postpone(address: VirtualAddress, reason: string): undefined {
    const before = this.holding(address);
    if (before.kind !== "missing" || before.reason !== reason) {
      this.#dependencies.log.write("error", `(${this.#name}) cannot hold ${formatVip(address)}: ${reason}`);
    }
    this.#miss(address, reason, after(this.#now(), RETRY));
    return undefined;
  }

  #miss(address: VirtualAddress, reason: string, retryAt: Instant): void {
    this.#holdings.set(address, { kind: "missing", reason, retryAt });
    this.#completeAt = undefined;
  }

  #waitsForSource({ device }: VirtualAddress, key: AddressKey): boolean {
    const { interface: own, transport } = this.#settings;
    // The address of an ipvlan interface is there and not on the interface itself.
    const isThere = ipvlanOf(this.#settings) === undefined;
    return isThere && device === own && waitsForSource(key, transport.source, this.#dependencies.interfaces);
  }

  #keys(): readonly AddressKey[] {
    return this.addresses().flatMap((address) => this.#key(address) ?? []);
  }

  /** Where it is on the host, if it is not there by Holdfast's hand. */
  #foreign(address: VirtualAddress): AddressKey | undefined {
    const key = this.#key(address);
    return key === undefined ? undefined : foreignAddress(key, this.#dependencies);
  }

  #key(address: VirtualAddress): AddressKey | undefined {
    const device = this.#dependencies.interfaces.byName(address.device);
    if (device === undefined) return undefined;
    return { interfaceIndex: device.index, address: address.address, prefixLength: address.prefixLength };
  }

  #now(): Instant {
    return this.#dependencies.clock.now();
  }
}

/** An address that the kernel is asked for, as it is held when the kernel agrees. */
interface Addition {
  readonly address: VirtualAddress;
  readonly held: HeldAddress;
}

/** Somebody who removes an address again and again is not fought faster. */
const REPAIRS: RateLimit = { burst: 10, period: seconds(1) };
const RETRY = seconds(1);
const REPAIR_ANNOUNCEMENTS = 5;

const TOO_OFTEN = "removed by somebody again and again";
