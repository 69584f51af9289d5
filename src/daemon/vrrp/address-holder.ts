import { earlier, type Instant } from "../../base/time.ts";
import type { VirtualAddress } from "../../config/model/addresses.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import { describeFailure } from "../../ports/failure.ts";
import { AddressPlacer, type PlacerDependencies, type PlacerSettings } from "./address-placer.ts";
import { AddressRepair } from "./address-repair.ts";
import type { HeardOnDevice } from "./announcement-listeners.ts";
import type { Announcer } from "./announcer.ts";
import { RELEASE_WORDS } from "./cause-words.ts";
import { ConflictWatch } from "./conflict-watch.ts";
import { Farewell } from "./farewell.ts";
import type { LockOwner } from "./fine-lock-keeper.ts";
import type { LeaseOwner } from "./held-lease.ts";
import { Holdings, type Holding } from "./holdings.ts";
import { foreignVip, placeOf } from "./host-addresses.ts";
import { addressKey, type AddressKey } from "./interface-table.ts";
import type { Ipv6Switch } from "./ipv6-switch.ts";
import type { RouteKeeper, RoutingOwner } from "./route-keeper.ts";
import { firstOfEachDevice, formatVip, leaseOf, lockTermsOf, termsOf, type FilterTerms } from "./vip.ts";

export interface HolderSettings extends FilterTerms, PlacerSettings {
  readonly virtualAddresses: readonly VirtualAddress[];
  readonly excludedAddresses: readonly VirtualAddress[];
  readonly routing: readonly RoutingSettings[];
  readonly repair: boolean;
}

export interface HolderDependencies extends PlacerDependencies {
  readonly routes: RouteKeeper;
  readonly announcer: Announcer;
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
  readonly #holdings: Holdings;
  readonly #placer: AddressPlacer;
  readonly #repairs: AddressRepair;
  /** Not in the configuration any more, and still on the host. */
  readonly #gone = new Map<VirtualAddress, Holding>();
  #settings: HolderSettings;
  #wanted = false;
  #advertisedAt: Instant;
  readonly #farewell: Farewell;
  readonly #conflicts: ConflictWatch;

  constructor(name: string, settings: HolderSettings, dependencies: HolderDependencies, events: HolderEvents) {
    this.#name = name;
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#events = events;
    this.#holdings = new Holdings(this, dependencies.leases);
    this.#placer = new AddressPlacer(this, this.#holdings, dependencies);
    this.#repairs = new AddressRepair(dependencies.clock, this.#holdings, this.#placer);
    this.#conflicts = new ConflictWatch(dependencies.log);
    this.#advertisedAt = dependencies.clock.now();
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
    if (!this.#wanted) return;
    this.#dependencies.leases.noticeOwner(this);
    this.#dependencies.onChange();
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
    return this.#holdings.of(address);
  }

  /**
   * Whether every address is on the host by our hand with a lease that still runs, so that nobody else can have become
   * master. Asked at the start, after a crash.
   */
  stillLeased(): boolean {
    const lease = leaseOf(this.#settings);
    if (lease.kind !== "timed" || !lease.coversProtocol) return false;
    const own = this.addresses().filter((address) => !this.#isForeign(address));
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
    this.#placer.prepare(this.addresses(), this.#settings);
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
    this.#placer.expect(this.addresses());
    // The advert of this claim goes out in the same turn.
    this.#placer.add(this.addresses(), this.#settings, this.#now());
    this.#dependencies.leases.noticeOwner(this);
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
    for (const [address] of this.#holdings.entries().toReversed())
      this.#placer.remove(address, this.#holdings.take(address));
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
    this.#dependencies.leases.noticeOwner(this);
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
      this.#holdings.miss(address, REMOVED, this.#now());
      return undefined;
    }
    if (holding.kind !== "held" || !this.#dependencies.leases.drop(key, this)) return undefined;
    if (this.#settings.repair) this.#holdings.miss(address, REMOVED, this.#now());
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
    this.#holdings.hasten(this.#now());
    this.repair();
  }

  nextDeadline(): Instant | undefined {
    let deadline = this.#farewell.deadline;
    if (!this.#wanted) return deadline;
    deadline = earlier(deadline, this.#conflicts.deadline);
    return this.#holdings.isIncomplete(this.addresses()) ? earlier(deadline, this.#holdings.deadline) : deadline;
  }

  /**
   * Follows a new configuration: what is new is added while held, nothing else is touched. What is gone stays until
   * `removeGone`, so that another instance of this reload can take it over where it is.
   */
  reconfigure(name: string, settings: HolderSettings): void {
    this.#name = name;
    this.#settings = settings;
    const { added, gone } = this.#holdings.follow(this.addresses());
    for (const [address, holding] of this.#holdings.entries()) {
      if (holding.kind !== "held") continue;
      this.#dependencies.leases.change(holding.key, this, termsOf(address, holding.key, settings));
    }
    // The same address with other words, as another label, has to go before it comes.
    const coming = new Set(this.#keys().map(addressKey));
    for (const { address, holding } of gone) {
      this.#gone.set(address, holding);
      if (holding.kind === "held" && coming.has(addressKey(holding.key))) this.#removeGone(address, holding);
    }
    if (this.#wanted) {
      this.#cover(this.#advertisedAt);
      // They may be on other interfaces.
      if (added.length > 0) this.#listen();
      this.#placer.add(added, settings, this.#advertisedAt);
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
    const requests = this.#holdings.entries().flatMap(([address, holding]) => {
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
    const own = [...this.addresses(), ...this.#gone.keys()].filter((address) => !this.#isForeign(address));
    const list = own.map(({ address }) => address);
    this.#dependencies.fineLock.cover(this, list, lockTermsOf(this.#settings), since);
  }

  #removeGone(address: VirtualAddress, holding: Holding): void {
    this.#gone.delete(address);
    this.#placer.remove(address, holding);
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

  #putBack(): void {
    const back = this.#repairs.putBack(this.addresses(), this.#settings, this.#advertisedAt);
    if (back.length === 0) return;
    this.#dependencies.log.write("warn", `(${this.#name}) put back ${back.map(formatVip).join(", ")}`);
    this.#dependencies.announcer.announce(this.#name, back, REPAIR_ANNOUNCEMENTS);
    this.#dependencies.onChange();
  }

  #keys(): readonly AddressKey[] {
    return this.addresses().flatMap((address) => this.#key(address) ?? []);
  }

  #key(address: VirtualAddress): AddressKey | undefined {
    return placeOf(address, this.#dependencies.interfaces);
  }

  /** On the host by another's hand. */
  #isForeign(address: VirtualAddress): boolean {
    return foreignVip(address, this.#dependencies) !== undefined;
  }

  #now(): Instant {
    return this.#dependencies.clock.now();
  }
}

const REPAIR_ANNOUNCEMENTS = 5;

const REMOVED = "removed by somebody";
