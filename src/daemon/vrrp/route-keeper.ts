import { after, seconds, type Instant } from "../../base/time.ts";
import { RTPROT_KEEPALIVED } from "../../base/route.ts";
import type { RoutingSettings } from "../../config/model/routing.ts";
import { fullBucket, takePermission, type Bucket, type RateLimit } from "../../core/rate-limit.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Routing, RoutingEvent, RoutingItem } from "../../ports/routing.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { formatRouting, resolveItem, routingKey } from "./routing-item.ts";
import type { RoutingRecord } from "./routing-record.ts";

export interface RouteKeeperDependencies {
  readonly routing: Routing;
  readonly clock: Clock;
  readonly log: Log;
  readonly interfaces: InterfaceTable;
  readonly record: RoutingRecord;
}

/** Whoever wants routes and rules. Its identity is what counts. */
export interface RoutingOwner {
  readonly name: string;
  /** What somebody else removes is put back; otherwise the owner hears of it (`RoutingLoss`). */
  readonly repairsRouting: boolean;
}

/** Where a route or rule stands. */
export type RoutingStanding =
  | { readonly kind: "held"; readonly item: RoutingItem }
  /** The same was there before us: never removed. */
  | { readonly kind: "foreign" }
  /** Wanted, but it could not be added; tried again. */
  | { readonly kind: "missing"; readonly reason: string; readonly retryAt: Instant };

/** Somebody removed what an owner had, and it is not put back. */
export interface RoutingLoss {
  readonly owner: RoutingOwner;
  readonly settings: RoutingSettings;
}

interface Entry {
  readonly key: string;
  settings: RoutingSettings;
  readonly owners: Set<RoutingOwner>;
  standing: RoutingStanding;
}

/**
 * All routes and rules that this process has in the kernel.
 *
 * What two owners want is there once and goes with the last of them. The kernel cannot lend routes for a time as it lends
 * addresses; what a crash leaves behind is known by its record and by the protocol 18 that it carries, and removed at the next
 * start. Whether something is still there is asked by adding it again: the kernel refuses what it has.
 */
export class RouteKeeper {
  readonly #dependencies: RouteKeeperDependencies;
  /** In the order in which they are added. */
  readonly #entries = new Map<string, Entry>();
  #bucket: Bucket;
  /** Something may have gone: look at all of it, no earlier than then. */
  #checkAt: Instant | undefined;

  constructor(dependencies: RouteKeeperDependencies) {
    this.#dependencies = dependencies;
    this.#bucket = fullBucket(CHECKS, dependencies.clock.now());
  }

  /** Wants these and only these from now on: adds what is new, removes what the owner no longer wants. */
  claim(owner: RoutingOwner, wanted: readonly RoutingSettings[]): void {
    const keys = new Set(wanted.map(routingKey));
    this.#drop(owner, (entry) => !keys.has(entry.key));
    const now = this.#dependencies.clock.now();
    for (const settings of wanted) {
      const key = routingKey(settings);
      const known = this.#entries.get(key);
      if (known === undefined) {
        const standing = { kind: "missing", reason: "", retryAt: now } as const;
        this.#entries.set(key, { key, settings, owners: new Set([owner]), standing });
      } else {
        known.owners.add(owner);
        known.settings = settings;
      }
    }
    this.#addDue(now);
  }

  /** Removes what the owner has, the last added first. What others want, too, stays. */
  release(owner: RoutingOwner): void {
    this.#drop(owner, () => true);
  }

  /** Leaves what the owner has where it is, for ever (`-V`). */
  abandon(owner: RoutingOwner): void {
    const gone: string[] = [];
    for (const entry of this.#entries.values()) {
      if (!entry.owners.delete(owner) || entry.owners.size > 0) continue;
      this.#entries.delete(entry.key);
      gone.push(entry.key);
    }
    if (gone.length > 0) this.#dependencies.record.forget(gone);
  }

  standing(settings: RoutingSettings): RoutingStanding | undefined {
    return this.#entries.get(routingKey(settings))?.standing;
  }

  /** Whether anything is wanted, so that the kernel's telling matters. */
  get active(): boolean {
    return this.#entries.size > 0;
  }

  /** The kernel has told of removals. */
  notice(events: readonly RoutingEvent[]): void {
    if (events.some((event) => this.#concerns(event))) this.noticeChange();
  }

  /** An interface or an address has changed: the kernel removes routes with them and says nothing. */
  noticeChange(): void {
    this.#checkAt ??= this.#dependencies.clock.now();
    const now = this.#dependencies.clock.now();
    for (const entry of this.#entries.values()) {
      if (entry.standing.kind === "missing") entry.standing = { ...entry.standing, retryAt: now };
    }
  }

  /** Looks after what is missing or may have gone. To be called after changes, and on time. */
  look(): readonly RoutingLoss[] {
    const now = this.#dependencies.clock.now();
    const losses = this.#checkAt !== undefined && this.#checkAt <= now ? this.#check(now) : [];
    this.#addDue(now);
    return losses;
  }

  /** When `look` has something to do. */
  nextDeadline(): Instant | undefined {
    let next = this.#entries.size > 0 ? this.#checkAt : undefined;
    for (const { standing } of this.#entries.values()) {
      if (standing.kind === "missing" && (next === undefined || standing.retryAt < next)) next = standing.retryAt;
    }
    return next;
  }

  /**
   * Removes what a run before this one left behind: what its record names, and what is configured and carries our protocol.
   * What is in `kept` stays, for its instance resumes.
   */
  removeLeftOvers(configured: readonly RoutingSettings[], kept: ReadonlySet<string>): void {
    const { record, routing, interfaces, log } = this.#dependencies;
    record.load();
    const found = new Map(record.all());
    for (const settings of configured) {
      const protocol = settings.kind === "route" ? settings.route.protocol : settings.rule.protocol;
      const item = protocol === RTPROT_KEEPALIVED ? resolveItem(settings, interfaces) : undefined;
      if (item?.ok === true) found.set(routingKey(settings), item.value);
    }
    // The disk may have been full when they were added.
    record.remember([...found].filter(([key]) => kept.has(key)));
    const leftOvers = [...found].filter(([key]) => !kept.has(key)).toReversed();
    const outcomes = routing.remove(leftOvers.map(([, item]) => item));
    const removed = outcomes.filter(({ ok }) => ok).length;
    if (removed > 0) log.write("warn", `removed ${removed} routes and rules, left over from a run that crashed`);
    for (const outcome of outcomes)
      if (!outcome.ok && !isAbsence(outcome.error)) log.write("error", describeFailure(outcome.error));
    record.forget(leftOvers.map(([key]) => key));
  }

  #concerns(event: RoutingEvent): boolean {
    if (event.kind === "overrun") return true;
    for (const { standing } of this.#entries.values()) {
      if (standing.kind !== "held") continue;
      const { item } = standing;
      if (event.kind === "route-removed" && item.kind === "route") {
        const { family, destination, table, protocol } = item.route;
        const same =
          destination.address === event.destination.address && destination.length === event.destination.length;
        if (same && family === event.family && table === event.table && protocol === event.protocol) return true;
      } else if (event.kind === "rule-removed" && item.kind === "rule") {
        const { family, preference } = item.rule;
        if (family === event.family && (preference ?? event.preference) === event.preference) return true;
      }
    }
    return false;
  }

  /** Adds all that is held once more; what the kernel takes had gone. */
  #check(now: Instant): readonly RoutingLoss[] {
    const held = [...this.#entries.values()].flatMap((entry) =>
      entry.standing.kind === "held" ? [{ entry, item: entry.standing.item }] : [],
    );
    const permission = takePermission(CHECKS, this.#bucket, now);
    this.#bucket = permission.bucket;
    this.#checkAt = permission.kind === "refused" ? permission.availableAt : undefined;
    if (permission.kind === "refused" || held.length === 0) return [];
    const { routing, log } = this.#dependencies;
    const losses: RoutingLoss[] = [];
    const unwanted: RoutingItem[] = [];
    const outcomes = routing.add(held.map(({ item }) => item));
    for (const [index, { entry, item }] of held.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || (!outcome.ok && outcome.error.errno === "EEXIST")) continue;
      if (!outcome.ok) {
        this.#postpone(entry, describeFailure(outcome.error));
        continue;
      }
      const bearing = [...entry.owners].filter((owner) => !owner.repairsRouting && entry.settings.tracked);
      const names = [...entry.owners].map(({ name }) => name).join(", ");
      log.write("warn", `(${names}) ${formatRouting(entry.settings)} was removed by somebody else`);
      if (bearing.length === 0) {
        log.write("warn", `(${names}) put back ${formatRouting(entry.settings)}`);
        continue;
      }
      unwanted.push(item);
      losses.push(...bearing.map((owner) => ({ owner, settings: entry.settings })));
    }
    // keepalived's way: what somebody took away stays away, and its owner steps down.
    if (unwanted.length > 0) routing.remove(unwanted);
    return losses;
  }

  #addDue(now: Instant): void {
    const { interfaces, record, routing, log } = this.#dependencies;
    const due: { readonly entry: Entry; readonly item: RoutingItem }[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.standing.kind !== "missing" || entry.standing.retryAt > now) continue;
      const item = resolveItem(entry.settings, interfaces);
      if (item.ok) due.push({ entry, item: item.value });
      else this.#postpone(entry, `Cannot add ${formatRouting(entry.settings)}: there is no interface ${item.error}`);
    }
    if (due.length === 0) return;
    const before = new Set(due.flatMap(({ entry }) => (record.has(entry.key) ? [entry.key] : [])));
    // First: a crash between the two must not leave behind what nobody knows.
    record.remember(due.map(({ entry, item }) => [entry.key, item] as const));
    const outcomes = routing.add(due.map(({ item }) => item));
    const notOurs: string[] = [];
    for (const [index, { entry, item }] of due.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || outcome.ok || (outcome.error.errno === "EEXIST" && before.has(entry.key))) {
        entry.standing = { kind: "held", item };
        continue;
      }
      notOurs.push(entry.key);
      if (outcome.error.errno === "EEXIST") {
        entry.standing = { kind: "foreign" };
        const where = `${formatRouting(entry.settings)} is there already and was not added by Holdfast`;
        log.write("warn", `(${[...entry.owners].map(({ name }) => name).join(", ")}) ${where}: it is never removed`);
      } else this.#postpone(entry, describeFailure(outcome.error));
    }
    if (notOurs.length > 0) record.forget(notOurs);
  }

  #drop(owner: RoutingOwner, unwanted: (entry: Entry) => boolean): void {
    const gone: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (!entry.owners.has(owner) || !unwanted(entry)) continue;
      entry.owners.delete(owner);
      if (entry.owners.size > 0) continue;
      this.#entries.delete(entry.key);
      gone.push(entry);
    }
    if (gone.length === 0) return;
    const { routing, log, record } = this.#dependencies;
    const items = gone.toReversed().flatMap(({ standing }) => (standing.kind === "held" ? [standing.item] : []));
    for (const outcome of routing.remove(items)) {
      if (!outcome.ok && !isAbsence(outcome.error))
        log.write("error", `(${owner.name}) ${describeFailure(outcome.error)}`);
    }
    record.forget(gone.map(({ key }) => key));
  }

  #postpone(entry: Entry, reason: string): void {
    const before = entry.standing;
    if (before.kind !== "missing" || before.reason !== reason) {
      this.#dependencies.log.write("error", `(${[...entry.owners].map(({ name }) => name).join(", ")}) ${reason}`);
    }
    entry.standing = { kind: "missing", reason, retryAt: after(this.#dependencies.clock.now(), RETRY) };
  }
}

/** The kernel has removed it already, with its interface or a source address, or somebody else has. */
function isAbsence({ errno }: SystemFailure): boolean {
  return errno === "ESRCH" || errno === "ENOENT" || errno === "ENODEV";
}

/** Somebody who removes routes again and again is not fought faster, and a busy routing daemon does not keep us busy. */
const CHECKS: RateLimit = { burst: 10, period: seconds(1) };
const RETRY = seconds(1);
