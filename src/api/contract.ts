/**
 * The documents that Holdfast shows to programs. Times of day are ISO 8601 in UTC, durations carry their unit in the name,
 * and a field that does not apply is null. Fields are added without notice; one that changes its meaning raises `version`.
 */

export const CONTRACT_VERSION = 1;

/** keepalived's words: an operator reads them. */
export type InstanceStateName = "INIT" | "BACKUP" | "MASTER" | "FAULT" | "STOP";

/** The answer of `GET /v1/status` on the control socket, and of `holdfast status --json`. */
export interface StatusDocument {
  readonly version: typeof CONTRACT_VERSION;
  readonly daemon: DaemonStatus;
  /** What the vrrp process answered to this very request; empty when it does not answer. */
  readonly instances: readonly InstanceStatus[];
  /** What the bfd process answered to this very request; empty when there is none, or it does not answer. */
  readonly bfd: readonly BfdSessionStatus[];
  /** As `instances`. */
  readonly groups: readonly GroupStatus[];
  /** As `instances`. */
  readonly strangers: readonly StrangerStatus[];
  /** Its last answer, where it gives none now. It may be wrong by now. */
  readonly lastKnown: {
    readonly at: string;
    readonly instances: readonly InstanceStatus[];
    readonly groups: readonly GroupStatus[];
    readonly strangers: readonly StrangerStatus[];
  } | null;
}

/** The answer of `POST /v1/reload`: with HTTP status 200 when accepted, 409 when refused. */
export interface ReloadDocument {
  readonly version: typeof CONTRACT_VERSION;
  readonly accepted: boolean;
  /** Why it was refused. */
  readonly reasons: readonly string[];
}

/** The answer of `GET /v1/configuration`: the checked model in force, whose form is the daemon's own business. */
export interface ConfigurationDocument {
  readonly version: typeof CONTRACT_VERSION;
  readonly configurationFile: string;
  readonly configuration: unknown;
}

/** What `holdfast plan --json` prints. */
export interface PlanDocument {
  readonly version: typeof CONTRACT_VERSION;
  readonly file: string;
  /** The file that it was compared with; null: with what runs. */
  readonly from: string | null;
  /** Why a reload would be refused; empty: it would not. */
  readonly refusedBy: readonly string[];
  readonly changes: readonly PlannedChangeDocument[];
}

/** One difference. `effect`: `none`, `peers` (all nodes need it), `interrupts` (addresses move or go), `restart`. */
export interface PlannedChangeDocument {
  readonly kind: string;
  readonly subject: string | null;
  readonly keyword: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly effect: "none" | "peers" | "interrupts" | "restart";
  readonly consequence: string;
}

/** Any other answer of the control socket. */
export interface ErrorDocument {
  readonly version: typeof CONTRACT_VERSION;
  readonly code: "NOT_FOUND" | "WRONG_METHOD" | "STOPPING";
  readonly message: string;
}

export interface DaemonStatus {
  readonly pid: number;
  readonly holdfast: string;
  readonly startedAt: string;
  readonly configurationFile: string;
  /** When the configuration in force was read; a refused reload does not change it. */
  readonly configuredAt: string;
  /** The last reload that was refused and why; null after one that was accepted. */
  readonly refusedReload: { readonly at: string; readonly reasons: readonly string[] } | null;
  readonly processes: readonly ProcessStatus[];
  /** Null where nobody can be mailed. */
  readonly mail: MailStatus | null;
}

/** Mails on their way. */
export interface MailStatus {
  /** `HOST:PORT`. */
  readonly server: string;
  readonly waiting: number;
  /** Why the server could not be used last; null: it could. */
  readonly failure: string | null;
  /** When the server is tried again; null: nothing waits for that. */
  readonly nextAttemptAt: string | null;
}

export interface ProcessStatus {
  readonly name: "supervisor" | "vrrp" | "bfd" | "snmp";
  readonly pid: number | null;
  /** `silent`: it has not answered for `silentMs`. `restarting`: it died, and the next one waits its turn. */
  readonly state: "starting" | "running" | "silent" | "restarting" | "stopping" | "stopped";
  /** Since its last sign of life, where that is longer ago than it should be. */
  readonly silentMs: number | null;
  readonly restarts: number;
}

export interface InstanceStatus {
  readonly name: string;
  /** Empty: it names none, and hears all. */
  readonly interface: string;
  readonly vrid: number;
  readonly family: "ipv4" | "ipv6";
  readonly protocolVersion: 2 | 3;
  readonly state: InstanceStateName;
  readonly priority: number;
  readonly effectivePriority: number;
  /** When the state was entered. */
  readonly since: string;
  /** Why it was entered. */
  readonly cause: Cause;
  readonly advertisementIntervalMs: number;
  /** Why the latest advert could not be sent; null: it was, or none was tried. */
  readonly sendFailure: string | null;
  /** Who is master as far as this node knows; null when nobody is heard. */
  readonly master: { readonly address: string; readonly priority: number; readonly heardMsAgo: number } | null;
  readonly virtualAddresses: readonly VirtualAddressStatus[];
  readonly fineLock: FineLockStatus;
  /** Hosts may talk to the virtual addresses: false where `no_accept` is in force. */
  readonly accept: boolean;
  readonly trackers: readonly TrackerStatus[];
  readonly peers: readonly PeerStatus[];
  readonly counters: Readonly<Record<string, number>>;
}

/** A BFD session of this node. */
export interface BfdSessionStatus {
  readonly name: string;
  readonly neighbor: string;
  /** Null: the kernel chooses. */
  readonly source: string | null;
  readonly multihop: boolean;
  readonly state: BfdStateName;
  /** What those that track it go by; unknown until it has come up or has had time for that. */
  readonly verdict: "unknown" | "up" | "down";
  /** When the state was entered. */
  readonly since: string;
  readonly detail: string;
  /** bfd.LocalDiag in words: why it left Up the last time. */
  readonly diagnostic: string;
  readonly localDiscriminator: number;
  /** What the neighbour said last; null while it is not heard. */
  readonly remote: {
    readonly state: BfdStateName;
    readonly diagnostic: string;
    readonly discriminator: number;
    readonly multiplier: number;
    readonly lastHeardMsAgo: number;
  } | null;
  /** The agreed period of our packets; null: none are wanted. */
  readonly transmitIntervalMs: number | null;
  /** How long the neighbour may be silent; null while it is not heard. */
  readonly detectionTimeMs: number | null;
  readonly counters: Readonly<Record<string, number>>;
}

export type BfdStateName = "AdminDown" | "Down" | "Init" | "Up";

/** Instances that are MASTER together or not at all. */
export interface GroupStatus {
  readonly name: string;
  readonly state: InstanceStateName;
  /** When the state was entered. */
  readonly since: string;
  /** Why it was entered; `member` in the evidence is the instance that led the group there. */
  readonly cause: Cause;
  /** Names of instances. */
  readonly members: readonly string[];
}

/** A transition's reason: a stable code, the same in words, and what was seen. */
export interface Cause {
  readonly code: string;
  readonly text: string;
  readonly evidence: Readonly<Record<string, string | number | boolean | null>>;
}

export interface VirtualAddressStatus {
  /** With prefix length: `192.0.2.1/32`. */
  readonly address: string;
  readonly device: string;
  /** It is on the interface and ours to serve. */
  readonly held: boolean;
  /** It was there before us, so it is neither leased nor removed. */
  readonly foreign: boolean;
  readonly excluded: boolean;
  /** When the kernel removes it unless it is renewed; null when it is not leased. */
  readonly leaseUntil: string | null;
}

/** What stops the addresses from being served, to the millisecond, when this node falls silent. */
export interface FineLockStatus {
  /** `missing`: this host has no nf_tables that Holdfast may use. `failing`: it refuses, and is tried again. */
  readonly state: "off" | "on" | "missing" | "failing";
  /** From the last advert; null where it is not on. */
  readonly windowMs: number | null;
  /** Why it is off, or what is wrong: for people. */
  readonly detail: string;
}

export interface TrackerStatus {
  readonly kind: "script" | "interface" | "file" | "process" | "bfd";
  readonly name: string;
  /** A file is down where its number means FAULT. */
  readonly state: "unknown" | "up" | "down";
  /** The number in a file, or how many processes match; null where there is none, or none yet. */
  readonly value: number | null;
  readonly weight: number;
  readonly reverse: boolean;
  /** What it adds to the priority at present; null: it holds the instance back, or in FAULT. */
  readonly contribution: number | null;
  /** What is known of it in words: `exited with status 1`, `timed out after 2 s`, `contains -20`. */
  readonly detail: string;
}

/** Somebody whose adverts for this virtual router arrived. */
export interface PeerStatus {
  readonly address: string;
  readonly priority: number;
  readonly protocolVersion: 2 | 3;
  readonly lastHeardMsAgo: number;
  /** The smoothed time between its adverts and the smoothed distance from it; null after the first one. */
  readonly intervalMs: number | null;
  readonly jitterMs: number | null;
  readonly accepted: number;
  /** Why its adverts were discarded, and how often. */
  readonly discarded: Readonly<Record<string, number>>;
  /** Why its last advert was discarded; null: it was obeyed. */
  readonly refusedBecause: string | null;
}

/** A virtual router that is heard on one of our interfaces and is none of ours. */
export interface StrangerStatus {
  readonly interface: string;
  readonly vrid: number;
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly priority: number;
  readonly adverts: number;
  readonly lastHeardMsAgo: number;
  readonly intervalMs: number | null;
}

/** One line of the journal, and of `holdfast events --json`. */
export interface JournalEntry {
  readonly version: typeof CONTRACT_VERSION;
  readonly at: string;
  /** Ascends by one within a journal, over restarts too. Numbers that are missing were lost, as on a full disk. */
  readonly sequence: number;
  readonly instance: string | null;
  /** The sync group that an entry is about, which then has no instance. */
  readonly group: string | null;
  readonly from: InstanceStateName | null;
  readonly to: InstanceStateName | null;
  readonly cause: Cause;
}
