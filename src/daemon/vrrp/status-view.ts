import { elapsed, toMillis, type Instant } from "../../base/time.ts";
import type { InstanceStatus, TrackerStatus, VirtualAddressStatus } from "../../api/contract.ts";
import { leaseEnd } from "../../core/lease.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { timeOfDay } from "../time-of-day.ts";
import { stateName } from "./cause-words.ts";
import { trackedItems, type Surroundings } from "./fitness.ts";
import type { Instance } from "./instance.ts";
import { leaseInForce, type HeldAddress, type LeaseKeeper } from "./lease-keeper.ts";
import { formatVip } from "./vip.ts";

/** What an instance looks like from outside at this moment. */
export function statusOf(
  instance: Instance,
  surroundings: Surroundings,
  clock: Clock,
  leases: LeaseKeeper,
): InstanceStatus {
  const { settings, router, since } = instance;
  const now = clock.now();
  const wallClockMs = clock.wallClockMs();
  const held = new Map(leases.heldBy(instance.holder).map((address) => [address.request.address, address]));
  const excluded = new Set(settings.excludedAddresses);
  return {
    name: settings.name,
    interface: settings.interface,
    vrid: settings.vrid,
    family: settings.family,
    protocolVersion: settings.version,
    state: stateName(instance.state),
    priority: settings.priority,
    effectivePriority: router.priority,
    since: timeOfDay(since.at),
    cause: since.cause,
    advertisementIntervalMs: toMillis(settings.advertisementInterval),
    master: masterOf(instance.state, now),
    virtualAddresses: instance.holder.addresses().map((address): VirtualAddressStatus => {
      const { kind } = instance.holder.holding(address);
      return {
        address: formatVip(address),
        device: address.device,
        held: kind === "held",
        foreign: kind === "foreign",
        excluded: excluded.has(address),
        leaseUntil: leaseUntil(held.get(address.address), now, wallClockMs),
      };
    }),
    trackers: trackedItems(settings, surroundings).map((item): TrackerStatus => ({
      kind: item.kind,
      name: item.name,
      state: item.verdict,
      weight: item.weight,
      reverse: item.reverse,
      detail:
        item.kind === "script"
          ? (surroundings.scripts.get(item.name)?.detail ?? "not running")
          : `interface is ${item.verdict}`,
    })),
    peers: instance.peers.status(now),
    counters: Object.fromEntries(instance.counters),
  };
}

function masterOf(state: State, now: Instant): InstanceStatus["master"] {
  if (state.kind !== "backup" || state.master.kind !== "heard") return null;
  const { source, priority, at } = state.master;
  return { address: source, priority, heardMsAgo: Math.round(toMillis(elapsed(at, now))) };
}

function leaseUntil(held: HeldAddress | undefined, now: Instant, wallClockMs: number): string | null {
  const lease = held === undefined ? undefined : leaseInForce(held);
  if (held === undefined || lease?.kind !== "timed") return null;
  const end = leaseEnd(lease, held.renewedAt);
  return timeOfDay(wallClockMs + toMillis(elapsed(now, end)));
}
