import type { AddressFamily, IpPrefix } from "../base/address.ts";
import type { Result } from "../base/result.ts";
import type { Route, Rule } from "../base/route.ts";
import type { SystemFailure } from "./failure.ts";

/** A route or a rule, as the kernel is asked for it. */
export type RoutingItem =
  | { readonly kind: "route"; readonly route: Route<number> }
  | { readonly kind: "rule"; readonly rule: Rule };

/** What went from the kernel's routing, whoever removed it. What goes with an interface or a source address is not told. */
export type RoutingEvent =
  | {
      readonly kind: "route-removed";
      readonly family: AddressFamily;
      readonly destination: IpPrefix;
      readonly table: number;
      readonly protocol: number;
    }
  | {
      readonly kind: "rule-removed";
      readonly family: AddressFamily;
      readonly preference: number;
      readonly protocol: number | undefined;
    }
  /** ENOBUFS: events were lost. */
  | { readonly kind: "overrun" };

/** The multicast subscription to routes and rules. */
export interface RoutingMonitor {
  /** Takes what has arrived, without waiting. */
  receive(): readonly RoutingEvent[];
  close(): void;
}

/** Routes and rules, by rtnetlink. As with `Kernel`, every call is answered before it returns. */
export interface Routing {
  /**
   * Adds items in their order, each whatever becomes of the others. EEXIST: the same is there already, whoever added it.
   * ESRCH, ENETUNREACH, ENETDOWN, EINVAL: something it needs is missing, such as the way to its gateway.
   */
  add(items: readonly RoutingItem[]): readonly Result<void, SystemFailure>[];
  /** Removes items in their order. Refused with ESRCH (routes) or ENOENT (rules) where one is not there. */
  remove(items: readonly RoutingItem[]): readonly Result<void, SystemFailure>[];
  openMonitor(onReadable: () => void): Result<RoutingMonitor, SystemFailure>;
}
