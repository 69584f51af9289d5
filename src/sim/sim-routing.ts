import { contains, formatPrefix } from "../base/address.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import type { Route } from "../base/route.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Routing, RoutingEvent, RoutingItem, RoutingMonitor } from "../ports/routing.ts";
import type { SimKernel } from "./sim-kernel.ts";
import type { SimProcess, Source } from "./sim-process.ts";

/**
 * The routes and rules that somebody added to one machine, with the kernel's rules for what they need and when they go. The
 * routes that the kernel makes itself, for the networks of its addresses, are left out.
 *
 * @see net/ipv4/fib_semantics.c: fib_check_nh, fib_sync_down_addr, fib_sync_down_dev.
 */
export class SimRouting {
  readonly #kernel: SimKernel;
  readonly #items = new Map<string, RoutingItem>();
  readonly #monitors = new Set<Monitor>();

  constructor(kernel: SimKernel) {
    this.#kernel = kernel;
    kernel.observe((change) => {
      // Routes from an address go with it, and nobody is told.
      if (change.kind === "removed") this.#sweep((route) => route.preferredSource === change.record.address);
    });
  }

  items(): readonly RoutingItem[] {
    this.#forgetInterfaces();
    return [...this.#items.values()];
  }

  /** `ip route add` or `ip rule add` by an administrator. */
  addByHand(item: RoutingItem): void {
    this.#add(item);
  }

  /** `ip route delete` or `ip rule delete` by an administrator. */
  removeByHand(unwanted: (item: RoutingItem) => boolean): void {
    for (const [key, item] of this.#items) if (unwanted(item)) this.#delete(key, item);
  }

  portFor(process: SimProcess): Routing {
    return {
      add: (items) => process.call(() => items.map((item) => this.#add(item))),
      remove: (items) => process.call(() => items.map((item) => this.#remove(item))),
      openMonitor: (onReadable) => process.call(() => succeed(this.#openMonitor(process, onReadable))),
    };
  }

  #add(item: RoutingItem): Result<void, SystemFailure> {
    this.#forgetInterfaces();
    const refused = item.kind === "route" ? this.#refusal(item.route) : undefined;
    if (refused !== undefined) return fail(failure("add", item, ...refused));
    const key = keyOf(item);
    if (this.#items.has(key)) return fail(failure("add", item, "EEXIST", "File exists"));
    this.#items.set(key, item);
    return succeed(undefined);
  }

  #remove(item: RoutingItem): Result<void, SystemFailure> {
    this.#forgetInterfaces();
    const key = keyOf(item);
    if (this.#items.has(key)) {
      this.#delete(key, item);
      return succeed(undefined);
    }
    if (item.kind === "rule") return fail(failure("remove", item, "ENOENT", "No such file or directory"));
    return fail(failure("remove", item, "ESRCH", "No such process"));
  }

  #delete(key: string, item: RoutingItem): void {
    this.#items.delete(key);
    const event = eventOf(item);
    for (const monitor of this.#monitors) {
      monitor.events.push(event);
      monitor.source.notify();
    }
  }

  #refusal(route: Route<number>): readonly [errno: string, message: string] | undefined {
    if (route.preferredSource !== undefined && !this.#kernel.addresses.has(route.preferredSource))
      return ["EINVAL", "Invalid prefsrc address"];
    for (const { gateway, device, onlink } of route.hops) {
      const entry = device === undefined ? undefined : this.#kernel.interfaceAt(device);
      if (device !== undefined && entry === undefined) return ["ENODEV", "No such device"];
      if (entry?.up === false) return ["ENETDOWN", "Network is down"];
      const reachable = this.#kernel.addresses
        .records()
        .some(
          ({ address, prefixLength }) => gateway !== undefined && contains({ address, length: prefixLength }, gateway),
        );
      if (gateway !== undefined && !onlink && !reachable) return ["ENETUNREACH", "Nexthop has invalid gateway"];
    }
    return undefined;
  }

  #forgetInterfaces(): void {
    this.#sweep((route) =>
      route.hops.some(({ device }) => device !== undefined && this.#kernel.interfaceAt(device)?.up !== true),
    );
  }

  #sweep(goes: (route: Route<number>) => boolean): void {
    for (const [key, item] of this.#items) if (item.kind === "route" && goes(item.route)) this.#items.delete(key);
  }

  #openMonitor(process: SimProcess, onReadable: () => void): RoutingMonitor {
    const source = process.source(() => monitor.events.length > 0, onReadable);
    const monitor: Monitor = { events: [], source };
    this.#monitors.add(monitor);
    const close = (): void => {
      this.#monitors.delete(monitor);
      source.close();
    };
    process.onEnd(close);
    return {
      receive: () =>
        process.call(() => {
          const { events } = monitor;
          monitor.events = [];
          return events;
        }),
      close,
    };
  }
}

interface Monitor {
  events: RoutingEvent[];
  readonly source: Source;
}

/** What tells one from another. */
function keyOf(item: RoutingItem): string {
  if (item.kind === "rule") return JSON.stringify(item.rule);
  const { family, type, destination, tos, table, protocol, scope, metric, preferredSource } = item.route;
  const hops = item.route.hops.map(({ gateway, device, weight }) => ({ gateway, device, weight }));
  return JSON.stringify({ family, type, destination, tos, table, protocol, scope, metric, preferredSource, hops });
}

function eventOf(item: RoutingItem): RoutingEvent {
  if (item.kind === "rule") {
    const { family, preference, protocol } = item.rule;
    return { kind: "rule-removed", family, preference: preference ?? 0, protocol };
  }
  const { family, destination, table, protocol } = item.route;
  return { kind: "route-removed", family, destination, table, protocol };
}

function failure(deed: string, item: RoutingItem, errno: string, message: string): SystemFailure {
  const what = item.kind === "route" ? `route to ${formatPrefix(item.route.destination)}` : "rule";
  return { operation: `${deed} ${what}`, errno, message };
}
