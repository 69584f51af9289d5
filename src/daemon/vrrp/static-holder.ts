import { after, seconds, type Instant } from "../../base/time.ts";
import { RTPROT_KEEPALIVED } from "../../base/route.ts";
import type { StaticAddress, StaticSettings } from "../../config/model/statics.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { AddressRequest, Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { addressKey, type InterfaceTable } from "./interface-table.ts";
import type { RouteKeeper, RoutingOwner } from "./route-keeper.ts";
import { formatRouting } from "./routing-item.ts";
import { formatVip } from "./vip.ts";

export interface StaticDependencies {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly routes: RouteKeeper;
}

/** Where a static address stands. `held` is what the kernel was asked for. */
type Standing =
  | { readonly kind: "held"; readonly request: AddressRequest }
  /** There before us: never removed. */
  | { readonly kind: "foreign" }
  | { readonly kind: "missing"; readonly reason: string; readonly retryAt: Instant };

/**
 * The static addresses, routes and rules: there from the start to a clean stop, whoever is master. They are the host's own, so
 * they have no lease, and adverts may come from such an address.
 */
export class StaticHolder implements RoutingOwner {
  readonly name = "static";
  readonly repairsRouting = true;
  readonly #dependencies: StaticDependencies;
  readonly #addresses = new Map<string, { readonly settings: StaticAddress; standing: Standing }>();
  #settings: StaticSettings = { addresses: [], routing: [], groups: {} };

  constructor(dependencies: StaticDependencies) {
    this.#dependencies = dependencies;
  }

  /** Follows a configuration: what is new is added, what is gone is removed, nothing else is touched. */
  configure(settings: StaticSettings): void {
    const { clock, routes } = this.#dependencies;
    this.#settings = settings;
    const wanted = new Map(settings.addresses.map((address) => [staticKey(address), address]));
    // What needs an address goes before it.
    const { routing } = settings;
    if (routing.length === 0) routes.release(this);
    for (const [key, { standing }] of [...this.#addresses].toReversed()) {
      if (wanted.has(key)) continue;
      this.#addresses.delete(key);
      this.#remove(standing);
    }
    for (const [key, address] of wanted) {
      const known = this.#addresses.get(key);
      const standing = known?.standing ?? { kind: "missing", reason: "", retryAt: clock.now() };
      this.#addresses.set(key, { settings: address, standing });
    }
    this.look();
    if (routing.length > 0) routes.claim(this, routing);
  }

  /** Whether there is anything to look after. */
  get active(): boolean {
    return this.#addresses.size > 0 || this.#settings.routing.length > 0;
  }

  /** Puts back what is not there. To be called after changes, and on time. */
  look(): void {
    const { clock, interfaces } = this.#dependencies;
    const now = clock.now();
    for (const entry of this.#addresses.values()) {
      const { standing } = entry;
      if (standing.kind === "held" && interfaces.find(standing.request) === undefined) {
        // Our own addition may not have been told yet: the kernel knows, and refuses a second one.
        entry.standing = { kind: "missing", reason: "removed by somebody", retryAt: now };
      }
      if (entry.standing.kind === "missing" && entry.standing.retryAt <= now) this.#add(entry, now);
    }
  }

  /** Removes everything: the end of the process. */
  release(): void {
    this.configure({ addresses: [], routing: [], groups: {} });
  }

  /** What of the track groups that an instance is in could not be put back, in words. */
  missingFor(instance: string): readonly string[] {
    return this.#missing((group) => this.#settings.groups[group]?.includes(instance) === true);
  }

  /** The same for all track groups together. */
  allMissing(): readonly string[] {
    return this.#missing(() => true);
  }

  #missing(isMeant: (group: string) => boolean): readonly string[] {
    const { routes } = this.#dependencies;
    const concerns = (group: string | undefined): boolean => group !== undefined && isMeant(group);
    const addresses = [...this.#addresses.values()].filter(
      ({ settings, standing }) => concerns(settings.group) && standing.kind === "missing",
    );
    const routing = this.#settings.routing.filter(
      (settings) => concerns(settings.group) && routes.standing(settings)?.kind === "missing",
    );
    return [...addresses.map(({ settings }) => `address ${formatVip(settings)}`), ...routing.map(formatRouting)];
  }

  #add(entry: { readonly settings: StaticAddress; standing: Standing }, now: Instant): void {
    const { kernel, interfaces, log } = this.#dependencies;
    const { settings } = entry;
    const device = interfaces.byName(settings.device);
    const postpone = (reason: string): void => {
      const before = entry.standing;
      if (before.kind !== "missing" || before.reason !== reason) log.write("error", `(static) ${reason}`);
      entry.standing = { kind: "missing", reason, retryAt: after(now, RETRY) };
    };
    if (device === undefined)
      return postpone(`Cannot add ${formatVip(settings)}: there is no interface ${settings.device}`);
    const request = requestOf(settings, device.index);
    const added = kernel.addAddress(request);
    if (!added.ok && added.error.errno !== "EEXIST") return postpone(describeFailure(added.error));
    const known = interfaces.find(request);
    if (!added.ok && known !== undefined && known.protocol !== RTPROT_KEEPALIVED) {
      entry.standing = { kind: "foreign" };
      log.write("warn", `(static) ${formatVip(settings)} is already on ${settings.device}: it is never removed`);
      return;
    }
    const before = entry.standing;
    if (added.ok && before.kind === "missing" && before.reason !== "")
      log.write("warn", `(static) put back ${formatVip(settings)}`);
    entry.standing = { kind: "held", request };
  }

  #remove(standing: Standing): void {
    if (standing.kind !== "held") return;
    const removed = this.#dependencies.kernel.removeAddress(standing.request);
    if (removed.ok || removed.error.errno === "EADDRNOTAVAIL" || removed.error.errno === "ENODEV") return;
    this.#dependencies.log.write("error", `(static) ${describeFailure(removed.error)}`);
  }
}

function requestOf(settings: StaticAddress, interfaceIndex: number): AddressRequest {
  const { address, prefixLength, peer, broadcast, label, scope, flags, preferredLifetime } = settings;
  const key = { interfaceIndex, address, prefixLength };
  const lifetimes = { validLifetime: "forever", preferredLifetime } as const;
  return { ...key, peer, broadcast, label, scope, flags, ...lifetimes, protocol: RTPROT_KEEPALIVED };
}

function staticKey(address: StaticAddress): string {
  const { place: _place, group: _group, ...facts } = address;
  return `${addressKey({ ...address, interfaceIndex: 0 })} ${JSON.stringify(facts)}`;
}

const RETRY = seconds(1);
