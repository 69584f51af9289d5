// Over 400 lines: all that a driver can rely on, in one piece; types alone.
import type { AddressFamily, IpAddress, MacAddress } from "../base/address.ts";
import type { Route, Rule } from "../base/route.ts";
import type { Micros } from "../base/time.ts";
import type { LinkPatience } from "../core/tracking/link-state.ts";
import type { ProcessPattern } from "../core/tracking/process-match.ts";
import type { QuorumPolicy } from "../core/tracking/process-quorum.ts";

/** Where something stands in the configuration: counted from 1, columns in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Behind the last character. */
  readonly endColumn?: number;
  /** The include lines that led to the file, outermost first; missing or empty in the first file. */
  readonly include?: readonly IncludeStep[];
}

/** A line that included another file. */
export interface IncludeStep {
  readonly file: string;
  readonly line: number;
}

/**
 * The checked model of a configuration: what the drivers obey. Only `config/check.ts` builds it, everything in it is within
 * its range, every reference is resolved, every default is filled in. It holds plain data, so two models compare by value.
 */
export interface Configuration {
  readonly global: GlobalSettings;
  /** Scripts that some instance tracks, by name. */
  readonly scripts: readonly ScriptSettings[];
  /** Files and processes that some instance tracks, by name. */
  readonly trackFiles: readonly TrackFileSettings[];
  readonly trackProcesses: readonly TrackProcessSettings[];
  /** Interfaces whose state is not simply what the kernel tells. */
  readonly links: readonly LinkSettings[];
  /** In the order of the file. Empty when nothing usable was configured. */
  readonly instances: readonly InstanceSettings[];
  /** In the order of the file, whether tracked or not: the other end may track its own. */
  readonly bfd: readonly BfdInstanceSettings[];
  /** In the order of the file. None is without a member, and no instance is in two. */
  readonly groups: readonly SyncGroupSettings[];
  /** Addresses, routes and rules that are there whoever is master. */
  readonly statics: StaticSettings;
}

export interface GlobalSettings {
  /** The host's name unless configured; undefined means: ask the host. */
  readonly routerId: string | undefined;
  readonly scriptSecurity: boolean;
  /** Account of scripts that name none: `script_user`, else keepalived_script if it exists, else root. */
  readonly scriptUser: ScriptUser | undefined;
  /** Nothing is claimed before this has passed since the start (`vrrp_startup_delay`). */
  readonly startupDelay: Micros;
  /** Nothing is claimed before this has passed since the host has booted (`vrrp_delay_after_boot`). */
  readonly delayAfterBoot: Micros;
  /** Adverts for virtual routers that are not configured are logged. */
  readonly logsUnknownVrids: boolean;
  readonly pacing: PacingSettings;
  readonly buffers: BufferSettings;
  /** An interface that is missing at the start is a fault until it comes, and no reason not to start. */
  readonly dynamicInterfaces: boolean;
  /** Where static addresses go that name no device (`default_interface`). */
  readonly defaultInterface: string;
  readonly processes: ProcessSettings;
  readonly dumps: DumpSettings;
  readonly daemon: DaemonSettings;
  /** `notify_fifo` and `vrrp_notify_fifo`, each of another path. */
  readonly fifos: readonly FifoSettings[];
  /** After a reload all states are written to the FIFOs again (`fifo_write_vrrp_states_on_reload`). */
  readonly tellsStatesOnReload: boolean;
  /** Undefined: nobody can be mailed, for want of a recipient or of a server. */
  readonly mail: MailSettings | undefined;
}

/** The surroundings of the processes. Namespace, name and start script do not follow a reload. */
export interface DaemonSettings {
  /** Where the vrrp process lives (`net_namespace`, or `-s`). */
  readonly networkNamespace: { readonly name: string; readonly place: Place } | undefined;
  /** Tells several daemons on one host apart (`instance`). Fit for a file name. */
  readonly instanceName: string | undefined;
  /** The bits of umask(2). */
  readonly umask: number | undefined;
  readonly startupScript: HookSettings | undefined;
  readonly shutdownScript: HookSettings | undefined;
  /** Processors of the vrrp process, 0-1023; empty: the kernel's choice. */
  readonly cpus: readonly number[];
  readonly reload: ReloadSettings;
}

/** What starts a reload besides signals, and what tells of one. Paths are absolute. */
export interface ReloadSettings {
  /** `reload_time_file`, and whether it stays when its time has come. */
  readonly timeFile: string | undefined;
  readonly repeats: boolean;
  /** `reload_file`: it is there while the configuration is being read; "default" lies with the pid files. */
  readonly file: { readonly path: string } | "default" | undefined;
}

/** A script that the supervisor runs once. */
export interface HookSettings {
  readonly command: ScriptCommand;
  readonly timeout: Micros;
}

/** Where and how keepalived's dumps are written. Undefined: keepalived's name in the folder for them. */
export interface DumpSettings {
  readonly stateFile: string | undefined;
  readonly statsFile: string | undefined;
  readonly jsonFile: string | undefined;
  readonly jsonVersion: 1 | 2;
  /** Put into the names of the files (`data_use_instance`); undefined: nothing. */
  readonly name: string | undefined;
}

/** A named pipe that is told every change. */
export interface FifoSettings {
  readonly keyword: "notify_fifo" | "vrrp_notify_fifo";
  readonly path: string;
  /** Who owns it where it is created; undefined: the account of scripts that name none. */
  readonly owner: ScriptUser | undefined;
  /** Reads it; its path is appended. */
  readonly script: ScriptCommand | undefined;
  readonly place: Place;
}

/** How mails are sent, and to whom. Addresses are as they were written. */
export interface MailSettings {
  /** Never empty. */
  readonly recipients: readonly string[];
  /** Undefined: the account of the daemon at this host. */
  readonly sender: string | undefined;
  /** A name or an address, looked up when a mail is sent. */
  readonly host: string;
  readonly port: number;
  /** Undefined: the name of this host. */
  readonly helloName: string | undefined;
  /** For connecting, and for each answer of the server. */
  readonly timeout: Micros;
  /** Off: as keepalived, in clear text. `starttls`: refused unless the server offers it. `smtps`: from the first byte. */
  readonly tls: "off" | "starttls" | "smtps";
  /** Its certificate must be valid and name the host. */
  readonly verifiesServer: boolean;
  /** A file with the certificates that are trusted; undefined: those of Node.js. */
  readonly authorities: string | undefined;
  readonly login: MailLogin | undefined;
  /** FAULT is not mailed (`no_email_faults`). */
  readonly omitsFaults: boolean;
}

export interface MailLogin {
  readonly user: string;
  /** Holds the password in its first line; read when a mail is sent. */
  readonly passwordFile: string;
  readonly place: Place;
}

/** How fast announcements may leave. */
export interface PacingSettings {
  /** From one gratuitous ARP to the next on an interface; 0: no pause. */
  readonly arpInterval: Micros;
  /** From one unsolicited neighbour advertisement to the next on an interface; 0: no pause. */
  readonly neighborInterval: Micros;
  /** Interfaces that share a pace of their own. */
  readonly groups: readonly PacingGroup[];
}

/** A garp_group block. */
export interface PacingGroup {
  readonly arpInterval: Micros;
  readonly neighborInterval: Micros;
  readonly interfaces: readonly string[];
}

/** How much may wait to be received, where a file says so. */
export interface BufferSettings {
  /** Of sockets for adverts, for each instance that uses one: so many times the measure. Undefined: Holdfast's own size. */
  readonly adverts:
    | { readonly measure: "mtu" | "advert" | { readonly bytes: number }; readonly times: number }
    | undefined;
  /** Of the sockets that talk with the kernel. */
  readonly kernelRequests: KernelBuffer | undefined;
  readonly kernelEvents: KernelBuffer | undefined;
}

export interface KernelBuffer {
  readonly bytes: number;
  /** Beyond the system's limit. */
  readonly force: boolean;
}

export interface ProcessSettings {
  /** SCHED_RR priority of the vrrp process, 1-99; undefined: Holdfast's own choice. */
  readonly vrrpRealtimePriority: number | undefined;
  /** Nice value of the vrrp process, -20..19. */
  readonly vrrpNice: number | undefined;
  /** Titles and comm of the processes. `process_names` gives keepalived's (keepalived, keepalived_vrrp). */
  readonly names: { readonly supervisor: string; readonly vrrp: string; readonly bfd: string } | undefined;
  /** SCHED_RR priority of the bfd process, 1-99; undefined: Holdfast's own choice. */
  readonly bfdRealtimePriority: number | undefined;
  /** Nice value of the bfd process, -20..19. */
  readonly bfdNice: number | undefined;
}

export interface ScriptUser {
  readonly user: string;
  readonly group: string | undefined;
}

/** A program to run without a shell. */
export interface ScriptCommand {
  readonly argv: readonly string[];
  readonly user: ScriptUser | undefined;
  readonly place: Place;
}

/** A vrrp_script block. */
export interface ScriptSettings {
  readonly name: string;
  /** `</path` in the file means: the check is whether that file can be opened. */
  readonly check: ScriptCommand | { readonly openFile: string; readonly place: Place };
  readonly interval: Micros;
  /** Longer counts as failure. Defaults to the interval. */
  readonly timeout: Micros;
  /** Consecutive successes until it is up, consecutive failures until it is down; at least 1. */
  readonly rise: number;
  readonly fall: number;
  /** Counts as failed until `rise` successes. */
  readonly initFail: boolean;
}

/** What a tracker does to the priority. Weight 0 means: failure is FAULT. */
export interface TrackWeight {
  /** -253..253; of files and processes -254..254. */
  readonly weight: number;
  /** Weight 0: success is FAULT. Any other weight: what it would add it takes away, and the reverse. */
  readonly reverse: boolean;
}

export interface TrackedScript extends TrackWeight {
  readonly script: string;
}

export interface TrackedInterface extends TrackWeight {
  readonly interface: string;
  readonly place?: Place;
}

/** A bfd_instance block. */
export interface BfdInstanceSettings {
  readonly name: string;
  readonly place: Place;
  readonly neighbor: IpAddress;
  /** Of the neighbour's family; undefined: the kernel chooses. */
  readonly source: IpAddress | undefined;
  readonly minTx: Micros;
  readonly minRx: Micros;
  /** At least a second. */
  readonly idleTx: Micros;
  /** 1-255. */
  readonly multiplier: number;
  readonly passive: boolean;
  /** TTL or hop limit of our packets, 1-255. */
  readonly hopLimit: number;
  /** The least that the neighbour's may arrive with; 0: any. */
  readonly leastHopLimit: number;
  /** By RFC 5883, over routers, to a port of its own. */
  readonly multihop: boolean;
}

/** The weight is the factor of the file's number, -254..254; with 0 any number but 0 is FAULT. */
export interface TrackedFile extends TrackWeight {
  readonly file: string;
}

export interface TrackedProcess extends TrackWeight {
  readonly process: string;
}

export interface TrackedBfd extends TrackWeight {
  readonly bfd: string;
}

/** All that an instance, or a group, tracks. */
export interface TrackedThings {
  readonly trackScripts: readonly TrackedScript[];
  readonly trackInterfaces: readonly TrackedInterface[];
  readonly trackFiles: readonly TrackedFile[];
  readonly trackProcesses: readonly TrackedProcess[];
  readonly trackBfd: readonly TrackedBfd[];
}

/** A track_file block. */
export interface TrackFileSettings {
  readonly name: string;
  /** As written; a relative one is relative to the folder that the daemon runs in. */
  readonly path: string;
  /** `init_file`: written at the start where there is no file yet, with `overwrite` over one that is there. */
  readonly initial: { readonly value: number; readonly overwrite: boolean } | undefined;
  readonly place: Place;
}

/** A vrrp_track_process block: the processes it means, how many there should be, and the patience with changes. */
export interface TrackProcessSettings extends ProcessPattern, QuorumPolicy {
  readonly name: string;
  readonly place: Place;
}

/** What interface_up_down_delays and linkbeat say of one interface. */
export interface LinkSettings extends LinkPatience {
  readonly interface: string;
  /** Asked for its link state once a second, by this way or the next that it knows; undefined: the kernel tells. */
  readonly polling: LinkPolling | undefined;
}

export type LinkPolling = "MII" | "ETHTOOL" | "IOCTL";

/** A line of virtual_ipaddress or virtual_ipaddress_excluded. */
export interface VirtualAddress {
  readonly address: IpAddress;
  /** 32 or 128 where the file gives none. */
  readonly prefixLength: number;
  readonly broadcast: IpAddress | undefined;
  readonly peer: IpAddress | undefined;
  /** Where it is added; the instance's interface unless `dev` says otherwise. */
  readonly device: string;
  readonly label: string | undefined;
  /** rt_scope_t number. */
  readonly scope: number;
  /** IFA_F_* flags. */
  readonly flags: number;
  /** In seconds. IPv6 defaults to 0 for /128, so that it never becomes a source address. */
  readonly preferredLifetime: number | "forever";
  /** Its loss by another's hand does not matter (`no_track`). */
  readonly tracked: boolean;
  /** It asks for an interface with the virtual MAC address; the device is that interface already. */
  readonly usesVmac: boolean;
  readonly place: Place;
}

/** An interface with a virtual MAC address, which the vrrp process makes (`use_vmac`). */
export interface VirtualInterface {
  readonly name: string;
  /** The interface it lies on. */
  readonly base: string;
  readonly mac: MacAddress;
  /** The group of interfaces it is in; undefined: the default one. */
  readonly group: number | undefined;
  readonly place: Place | undefined;
}

export interface AnnounceSettings {
  /** From becoming master to the second burst; 0: no second burst. */
  readonly delay: Micros;
  /** Frames per address and burst, at least 1. */
  readonly repeat: number;
  /** Period of later bursts; 0: none. */
  readonly refresh: Micros;
  readonly refreshRepeat: number;
  /** The same two after an advert of lower priority was heard while master. A repeat of 0 means: no burst. */
  readonly lowerPriorityDelay: Micros;
  readonly lowerPriorityRepeat: number;
  /**
   * One announcement in each period on every interface that carries addresses and no adverts, so that switches do not forget
   * it (`garp_extra_if`). Undefined: none.
   */
  readonly extra: ExtraAnnouncements | undefined;
}

export interface ExtraAnnouncements {
  readonly period: Micros;
  /** On the interface of the adverts, and on ordinary interfaces, too; without it only where a virtual MAC is used. */
  readonly everywhere: boolean;
}

/** Unicast or multicast, and the addresses for it. */
export type Transport =
  | { readonly kind: "multicast"; readonly group: IpAddress; readonly source: IpAddress | undefined }
  | {
      readonly kind: "unicast";
      readonly source: IpAddress | undefined;
      /** Empty only with `unicast_fault_no_peer`: then the instance is in FAULT. */
      readonly peers: readonly UnicastPeer[];
      readonly ttl: number;
      /** Adverts of senders that are not listed are refused; otherwise they are obeyed and reported. */
      readonly checkSource: boolean;
      /**
       * Version 3 checksums over the multicast group, as keepalived once computed them: detected and answered in kind, used
       * from the start (`old_unicast_checksum`), or refused (`never`).
       */
      readonly oldChecksum: "detect" | "always" | "never";
    };

export interface UnicastPeer {
  readonly address: IpAddress;
  readonly place?: Place;
  /** 0-255. */
  readonly minTtl: number;
  readonly maxTtl: number;
}

/** How adverts prove where they come from. */
export type AuthenticationSettings =
  | { readonly kind: "none" }
  /**
   * `PASS`: one character per byte (code points 0-255), at most eight, padded with zeros on the wire. `AH`: the same is the
   * key of an IP authentication header. Version 2 over IPv4 only.
   */
  | { readonly kind: "password" | "header"; readonly password: string }
  | SignatureSettings;

/** An auth_hmac block. */
export interface SignatureSettings {
  readonly kind: "signature";
  /** Whoever has one of them is believed. Never empty. */
  readonly keys: readonly SignatureKey[];
  /** Which of the keys signs. */
  readonly activeKey: number;
  /** What is refused as a repetition, and how far clocks may differ, in seconds. */
  readonly replay: { readonly kind: "time" | "monotonic"; readonly window: number };
  /** `receive-only` signs nothing; only `enforce` refuses what is not signed. */
  readonly mode: "enforce" | "permissive" | "receive-only";
}

export interface SignatureKey {
  /** 1-255. */
  readonly id: number;
  /** 32 to 64 bytes in hexadecimal digits. */
  readonly hex: string;
}

/** Which scripts run on which change. */
export interface NotifySettings {
  /** Runs on every change, with `INSTANCE NAME STATE PRIORITY` appended. */
  readonly any: ScriptCommand | undefined;
  readonly master: ScriptCommand | undefined;
  readonly backup: ScriptCommand | undefined;
  readonly fault: ScriptCommand | undefined;
  readonly stop: ScriptCommand | undefined;
  /** Runs when a reload removes the instance. */
  readonly deleted: ScriptCommand | undefined;
  /** A reload that removes the instance is told as DELETED and not as FAULT (`notify_deleted`, with a script or without). */
  readonly tellsDeleted: boolean;
  /** Runs when a master hears an advert of lower priority. */
  readonly lowerPriority: ScriptCommand | undefined;
  /** The FIFOs are told each change of the effective priority, too (`notify_priority_changes`). */
  readonly priorityChanges: boolean;
  /** Changes are mailed (`smtp_alert`). */
  readonly mail: boolean;
  /** Then its process group is killed (`@holdfast notify_timeout`, 10 s). */
  readonly timeout: Micros;
  /** Start all at once, as keepalived does (`@holdfast notify_concurrent`). */
  readonly concurrent: boolean;
}

/**
 * A vrrp_sync_group block. What it tracks is among what its members track, and weights that do not count in a group are
 * nowhere.
 */
export interface SyncGroupSettings {
  readonly name: string;
  readonly place: Place;
  /** Names of instances, each once, in the order of the block. */
  readonly members: readonly string[];
  readonly notify: NotifySettings;
  /** Weights of trackers count in this group (`sync_group_tracking_weight`). */
  readonly trackingWeight: boolean;
}

/** A vrrp_instance block. */
export interface InstanceSettings extends TrackedThings {
  readonly name: string;
  readonly place: Place;
  readonly family: AddressFamily;
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly interface: string;
  /** Where adverts leave and arrive: the interface, or the one with the virtual MAC address. */
  readonly advertInterface: string;
  /** What the process makes for it before it starts. */
  readonly virtualInterfaces: readonly VirtualInterface[];
  /** Where the interface is named. */
  readonly interfacePlace?: Place;
  /** 1-255 before trackers; 255 is the address owner. */
  readonly priority: number;
  readonly advertisementInterval: Micros;
  readonly preemptMode: boolean;
  readonly preemptDelay: Micros;
  readonly downTimerAdverts: number;
  readonly transport: Transport;
  readonly authentication: AuthenticationSettings;
  readonly virtualAddresses: readonly VirtualAddress[];
  readonly excludedAddresses: readonly VirtualAddress[];
  /** Routes, then rules, that the master has, in the order in which they are added. */
  readonly routing: readonly RoutingSettings[];
  readonly skipCheckAdvertisedAddresses: boolean;
  /** VRRPv3 over IPv4: checksum without the pseudo-header, and no received checksum is refused. */
  readonly checksumAsV2: boolean;
  /** The instance's own interface going down is FAULT, unless `dont_track_primary`. */
  readonly trackOwnInterface: boolean;
  /** A configured source address that is not on the host is FAULT (`track_src_ip`). */
  readonly trackSource: boolean;
  readonly announce: AnnounceSettings;
  readonly notify: NotifySettings;
  /** `@holdfast vip_lease off|SECONDS`; "auto" follows the advertisement interval. */
  readonly lease: "auto" | "off" | { readonly seconds: number };
  /**
   * `@holdfast fine_lock on|off`: packets pass only while this node adverts, to the millisecond; "auto" where the lease ends too
   * late for the protocol.
   */
  readonly fineLock: "auto" | "on" | "off";
  /** Hosts may talk to the virtual addresses, not only through this one (`accept`, `no_accept`). Always for an owner. */
  readonly accept: boolean;
  /** `@holdfast repair`: put back a VIP that somebody else deleted; off: keepalived's way, step down. */
  readonly repair: boolean;
  /** An advert of lower priority is answered at once with one of ours (`lower_prio_no_advert` turns it off). */
  readonly answersLowerPriority: boolean;
  /** One more advert before yielding to a higher one (`higher_prio_send_advert`). */
  readonly answersHigherPriority: boolean;
  /** An owner heeds no adverts (`owner_ignore_adverts`). */
  readonly ownerIgnoresAdverts: boolean;
  /** `@holdfast quick_preempt`: takes over soon from its own master when that becomes the weaker one. */
  readonly quickPreempt: boolean;
  /** The highest priority that a backup can have, 1-254 (`timer_expired_backup`); undefined: it is not known. */
  readonly strongestBackup: number | undefined;
  /** The kernel promotes secondary addresses of the interfaces meanwhile. */
  readonly promotesSecondaries: boolean;
  /** Of its socket, in bytes (`kernel_rx_buf_size`); undefined: by the global settings. */
  readonly receiveBuffer: number | undefined;
}

/** A line of virtual_routes or static_routes. Interfaces have their names. */
export interface RouteSettings {
  readonly kind: "route";
  readonly route: Route<string>;
  /** Its loss by another's hand does not matter (`no_track`). */
  readonly tracked: boolean;
  /** The track_group that depends on it; static ones only. */
  readonly group: string | undefined;
  readonly place: Place;
}

/** A line of virtual_rules or static_rules. */
export interface RuleSettings {
  readonly kind: "rule";
  readonly rule: Rule;
  readonly tracked: boolean;
  readonly group: string | undefined;
  readonly place: Place;
}

export type RoutingSettings = RouteSettings | RuleSettings;

/** A line of static_ipaddress. */
export interface StaticAddress extends VirtualAddress {
  readonly group: string | undefined;
}

/** What is always there while the daemon runs. */
export interface StaticSettings {
  readonly addresses: readonly StaticAddress[];
  /** Routes first, then rules. */
  readonly routing: readonly RoutingSettings[];
  /** The names of the instances in each track_group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}
