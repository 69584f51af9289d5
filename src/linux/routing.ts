import { formatPrefix } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Routing, RoutingEvent, RoutingItem, RoutingMonitor } from "../ports/routing.ts";
import {
  NETLINK_ROUTE,
  RTMGRP_IPV4_ROUTE,
  RTMGRP_IPV4_RULE,
  RTMGRP_IPV6_ROUTE,
  RTMGRP_IPV6_RULE,
} from "../wire/netlink/constants.ts";
import type { NetlinkMessage, NetlinkRequest } from "../wire/netlink/message.ts";
import { addRoute, parseRemovedRoute, removeRoute } from "../wire/netlink/route.ts";
import { addRule, parseRemovedRule, removeRule } from "../wire/netlink/rule.ts";
import { openNetlinkSocket, subscribeToNetlink } from "./netlink-socket.ts";
import type { NetlinkSocket } from "./netlink-socket.ts";

export interface LinuxRouting extends Routing {
  /** Gives the socket for requests back; monitors are closed by whoever opened them. */
  close(): void;
}

/** Opens a conversation about routes and rules with the network namespace of this process. */
export function openLinuxRouting(): Result<LinuxRouting, SystemFailure> {
  const opened = openNetlinkSocket(NETLINK_ROUTE);
  if (!opened.ok) return opened;
  const socket = opened.value;
  return succeed({
    add: (items) =>
      send(socket, items, "add", (item) => (item.kind === "route" ? addRoute(item.route) : addRule(item.rule))),
    remove: (items) =>
      send(socket, items, "remove", (item) =>
        item.kind === "route" ? removeRoute(item.route) : removeRule(item.rule),
      ),
    openMonitor,
    close: () => socket.close(),
  });
}

function send(
  socket: NetlinkSocket,
  items: readonly RoutingItem[],
  deed: string,
  requestOf: (item: RoutingItem) => NetlinkRequest,
): readonly Result<void, SystemFailure>[] {
  const answers = socket.request(items.map(requestOf));
  return items.map((item, index): Result<void, SystemFailure> => {
    const answer = answers[index] ?? fail({ errno: "ENODATA", message: "The kernel gave no answer" });
    if (answer.ok) return succeed(undefined);
    const { errno, message } = answer.error;
    const remedy = errno === "EPERM" ? " (needs CAP_NET_ADMIN)" : "";
    return fail({ operation: `${deed} ${describe(item)}${remedy}`, errno, message });
  });
}

function describe(item: RoutingItem): string {
  if (item.kind === "rule") return `rule ${item.rule.preference ?? "without a preference"}`;
  return `route to ${formatPrefix(item.route.destination)}`;
}

function openMonitor(onReadable: () => void): Result<RoutingMonitor, SystemFailure> {
  const groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | RTMGRP_IPV6_RULE;
  const opened = subscribeToNetlink(NETLINK_ROUTE, groups, onReadable);
  if (!opened.ok) return opened;
  const subscription = opened.value;
  return succeed({
    receive: () => {
      const { messages, overrun } = subscription.receive();
      const removals = messages.flatMap((message) => eventOf(message) ?? []);
      return overrun ? [{ kind: "overrun" }, ...removals] : removals;
    },
    close: () => subscription.close(),
  });
}

function eventOf(message: NetlinkMessage): RoutingEvent | undefined {
  const route = parseRemovedRoute(message);
  if (route.ok && route.value !== undefined) return { kind: "route-removed", ...route.value };
  const rule = parseRemovedRule(message);
  if (rule.ok && rule.value !== undefined) return { kind: "rule-removed", ...rule.value };
  return undefined;
}
