import { elapsed, toMillis, type Instant } from "../../base/time.ts";
import type { InstanceStatus, TrackerStatus, VirtualAddressStatus } from "../../api/contract.ts";
import type { TrackedThings } from "../../config/model/trackers.ts";
import { standingOf } from "../../core/tracking/effective-priority.ts";
import type { State } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { timeOfDay } from "../time-of-day.ts";
import { stateName } from "./cause-words.ts";
import { filterStatus } from "./filter-view.ts";
import type { FineLockKeeper } from "./fine-lock-keeper.ts";
import { describeItem, trackedItems, type Surroundings } from "./fitness.ts";
import type { Instance } from "./instance.ts";
import type { HeldLease } from "./held-lease.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { formatVip, lockTermsOf } from "./vip.ts";

/** What an instance looks like from outside at this moment. */
export function statusOf(
  instance: Instance,
  surroundings: Surroundings,
  clock: Clock,
  { leases, fineLock }: { readonly leases: LeaseKeeper; readonly fineLock: FineLockKeeper },
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
    sendFailure: instance.sendFailure ?? null,
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
    ...filterStatus(lockTermsOf(settings), fineLock.health),
    trackers: trackersOf(settings, surroundings),
    peers: instance.peers.status(now),
    counters: Object.fromEntries(instance.counters),
  };
}

/** Everything that an instance or a group tracks, for its status. */
function trackersOf(tracked: TrackedThings, surroundings: Surroundings): readonly TrackerStatus[] {
  return trackedItems(tracked, surroundings).map((item) => {
    const standing = standingOf(item);
    return {
      kind: item.kind,
      name: item.name,
      state: item.kind === "file" ? (standing.kind === "fault" ? "down" : "up") : item.verdict,
      value:
        item.kind === "file"
          ? item.value
          : item.kind === "process"
            ? (surroundings.processes.get(item.name)?.count ?? null)
            : null,
      weight: item.weight,
      reverse: item.reverse,
      contribution: standing.kind === "amount" ? standing.amount : null,
      detail: describeItem(item, surroundings),
    };
  });
}

function masterOf(state: State, now: Instant): InstanceStatus["master"] {
  if (state.kind !== "backup" || state.master.kind !== "heard") return null;
  const { source, priority, at } = state.master;
  return { address: source, priority, heardMsAgo: Math.round(toMillis(elapsed(at, now))) };
}

function leaseUntil(held: HeldLease | undefined, now: Instant, wallClockMs: number): string | null {
  const end = held?.end;
  if (end === undefined) return null;
  return timeOfDay(wallClockMs + toMillis(elapsed(now, end)));
}
