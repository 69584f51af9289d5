import { familyOf } from "../../base/address.ts";
import { unreachable } from "../../base/assert.ts";
import { EVERY_INTERFACE } from "../../base/every-interface.ts";
import { elapsed, toMillis, toSeconds, type Instant } from "../../base/time.ts";
import type { Cause as CauseDocument, InstanceStateName } from "../../api/contract.ts";
import type { ReleaseAddresses } from "../../core/hand-over.ts";
import type { Cause, PauseKind } from "../../core/vrrp/event.ts";
import type { FaultCause, FaultCauses, Master, State } from "../../core/vrrp/state.ts";

/** Why addresses were let go at the end of a hand-over. */
export const RELEASE_WORDS: Readonly<Record<ReleaseAddresses["reason"], string>> = {
  "nothing-to-await": "there is nothing to hand over",
  "all-announced": "the successor has announced them",
  "announcements-missing": "the successor adverts, but has not announced all of them in time",
  "no-successor": "no successor was heard in time",
};

/** keepalived's word for a state. INIT is what it calls the time before the start. */
export function stateName(state: Pick<State, "kind">): Exclude<InstanceStateName, "STOP"> {
  switch (state.kind) {
    case "initialize":
      return "INIT";
    case "backup":
      return "BACKUP";
    case "active":
      return "MASTER";
    case "fault":
      return "FAULT";
    default:
      return unreachable(state.kind);
  }
}

/** Says a cause in one sentence for people and as fields for programs. */
export function describeCause(cause: Cause, now: Instant): CauseDocument {
  switch (cause.code) {
    case "STARTED":
      return document(cause.code, "started; listening for a master first");
    case "RESUMED":
      return document(cause.code, "the process was restarted while its lease on the addresses was still running");
    case "SHUTDOWN":
      return document(cause.code, `stopped: ${cause.reason}`, { reason: cause.reason });
    case "ADDRESS_OWNER":
      return document(cause.code, "priority 255: this node owns the addresses");
    case "MASTER_SILENT":
      return document(
        cause.code,
        `${describeMaster(cause.master, now)}; waited ${toSeconds(cause.waited).toFixed(2)} s`,
        {
          waitedMs: toMillis(cause.waited),
          ...masterEvidence(cause.master, now),
        },
      );
    case "MASTER_LEFT":
      return document(cause.code, `the master ${cause.source} said farewell (priority 0)`, { source: cause.source });
    case "MASTER_WEAKER": {
      const how = cause.delayed ? "and preempt_delay is over" : "and preemption is on";
      return document(cause.code, `the master ${cause.source} has only priority ${cause.priority}, ${how}`, {
        source: cause.source,
        priority: cause.priority,
      });
    }
    case "HIGHER_PRIORITY":
      return document(cause.code, `${cause.source} advertises priority ${cause.priority}, ours is ${cause.ours}`, {
        source: cause.source,
        priority: cause.priority,
        ours: cause.ours,
      });
    case "HIGHER_ADDRESS":
      return document(cause.code, `${cause.source} has our priority ${cause.priority} and the higher address`, {
        source: cause.source,
        priority: cause.priority,
      });
    case "FAULT":
      return document(cause.code, describeFaults(cause.causes), { causes: cause.causes.map(describeFault).join("; ") });
    case "FAULT_CLEARED":
      return document(cause.code, "everything it needs works again");
    case "PAUSED":
      return document(cause.code, `${PAUSES[cause.by]} for ${toSeconds(cause.length).toFixed(2)} s`, {
        by: cause.by,
        lengthMs: toMillis(cause.length),
      });
    case "SILENT":
      return document(
        cause.code,
        `sent no advert for ${toSeconds(cause.length).toFixed(2)} s, so a backup may have taken over${cause.unsent === undefined ? "" : `: ${cause.unsent}`}`,
        {
          lengthMs: toMillis(cause.length),
          ...(cause.unsent === undefined ? {} : { unsent: cause.unsent }),
        },
      );
    case "UNHEARD": {
      const { source, priority, unsent } = cause;
      const text = `${source} is master with priority ${priority} and cannot hear this node: ${unsent}`;
      return document(cause.code, text, { source, priority, unsent });
    }
    case "LEASE_EXPIRED":
      return document(
        cause.code,
        `the addresses were last renewed ${toSeconds(cause.age).toFixed(2)} s ago, longer than their lease`,
        {
          ageMs: toMillis(cause.age),
        },
      );
    case "ADDRESS_LOST":
      return document(cause.code, `somebody removed ${cause.address}`, { address: cause.address });
    case "OTHER_MASTER":
      return document(cause.code, `${cause.source} is master with priority ${cause.priority}`, {
        source: cause.source,
        priority: cause.priority,
      });
    case "SYNC_GROUP": {
      const { group, member, because } = cause;
      const { code, text } = describeCause(because, now);
      return document(cause.code, `sync group ${group}: ${member} is not MASTER any more: ${text}`, {
        group,
        member,
        memberCause: code,
      });
    }
    default:
      return unreachable(cause);
  }
}

function describeFaults(causes: FaultCauses): string {
  return causes.map(describeFault).join("; ");
}

function describeFault(cause: FaultCause): string {
  switch (cause.kind) {
    case "interface-down":
      return `interface ${cause.interface} is down`;
    case "interface-missing":
      return `interface ${cause.interface} does not exist`;
    case "no-source-address":
      if (cause.interface === EVERY_INTERFACE) return "no address to send from is named, and no interface that has one";
      return cause.family === "ipv4"
        ? `interface ${cause.interface} has no address to send from`
        : `interface ${cause.interface} has no IPv6 address to send from, or only tentative ones`;
    case "source-not-here":
      return `the source address ${cause.address} is not on this host${familyOf(cause.address) === "ipv6" ? ", or tentative" : ""}`;
    case "no-unicast-peer":
      return "there is no unicast peer to send to";
    case "no-socket":
      return `no socket on ${cause.interface === EVERY_INTERFACE ? "all interfaces" : `interface ${cause.interface}`}: ${cause.detail}`;
    case "script":
      return `script ${cause.name} ${cause.detail}`;
    case "tracked-interface":
      return `tracked interface ${cause.interface} ${cause.detail}`;
    case "tracked-file":
      return `tracked file ${cause.name} ${cause.detail}`;
    case "tracked-bfd":
      return `BFD session ${cause.name} is ${cause.detail}`;
    case "tracked-process":
      return `tracked process ${cause.name}: ${cause.detail}`;
    case "static-object":
      return `static ${cause.what} is missing`;
    case "sync-group":
      return `sync group ${cause.group}: ${cause.member} has a fault (${describeFaults(cause.causes)})`;
    default:
      return unreachable(cause);
  }
}

function describeMaster(master: Master, now: Instant): string {
  switch (master.kind) {
    case "unheard":
      return "no master was heard";
    case "left":
      return `the master ${master.source} said farewell`;
    case "heard":
      return `the master ${master.source} (priority ${master.priority}) was last heard ${toSeconds(elapsed(master.at, now)).toFixed(2)} s ago`;
    default:
      return unreachable(master);
  }
}

function masterEvidence(master: Master, now: Instant): CauseDocument["evidence"] {
  if (master.kind !== "heard") return { master: null };
  return {
    master: master.source,
    masterPriority: master.priority,
    masterHeardMsAgo: toMillis(elapsed(master.at, now)),
  };
}

function document(code: string, text: string, evidence: CauseDocument["evidence"] = {}): CauseDocument {
  return { code, text, evidence };
}

const PAUSES: Readonly<Record<PauseKind, string>> = {
  process: "this process was stopped or starved",
  suspend: "the machine was suspended",
  freeze: "the virtual machine was frozen",
};
