import * as k from "../keyword.ts";
import type { BlockContent, KeywordSpec } from "../keyword.ts";

const { acted, parsed, integer, exactInteger, optional, seconds, word, NONE, SWITCH } = k;

/** The keywords of `vrrp_instance`. */
export const INSTANCE_KEYWORDS: readonly KeywordSpec[] = [
  acted("state", [k.choice("MASTER", "BACKUP")], "Where it would like to start; the priority decides", {
    default: "BACKUP",
    repeated: "every",
  }),
  acted("interface", [k.INTERFACE], "The interface that VRRP runs on"),
  acted("virtual_router_id", [exactInteger(1, 255, "VRID")], "Number of the virtual router, equal on all its nodes"),
  acted("priority", [exactInteger(1, 255)], "The highest one becomes master; 255 owns the addresses", {
    default: "100",
  }),
  acted(
    "advert_int",
    [{ kind: "seconds", minimum: 0.01, maximum: 255, name: "SECONDS", exact: true }],
    "Time between adverts",
    {
      default: "1",
      unit: "s",
    },
  ),
  acted("version", [integer(2, 3, "VERSION")], "Version of VRRP", { default: "2" }),
  acted("authentication", NONE, "Password of VRRP version 2", { block: k.keywords(authentication()) }),
  acted("auth_hmac", NONE, "Signs adverts of either version, and refuses others", {
    block: k.keywords(hmac()),
    since: "2.4",
  }),
  acted("virtual_ipaddress", NONE, "The addresses that the master holds", {
    block: k.lines("address"),
    repeated: "every",
  }),
  acted("virtual_ipaddress_excluded", NONE, "Further addresses, not in the advert", {
    block: k.lines("address"),
    repeated: "every",
  }),
  acted("no_virtual_ipaddress", NONE, "It is meant to have no addresses"),
  acted("virtual_routes", NONE, "Routes that the master has", { block: k.lines("route"), repeated: "every" }),
  acted("virtual_rules", NONE, "Routing rules that the master has", { block: k.lines("rule"), repeated: "every" }),
  acted("promote_secondaries", NONE, "Keeps secondary addresses when the first one goes", {
    default: "the kernel's setting",
  }),
  acted("nopreempt", NONE, "Does not take over from a master of lower priority"),
  acted("preempt", NONE, "Takes over from a master of lower priority"),
  acted("preempt_delay", [seconds(0, 1000)], "Waits before taking over from a lower master", {
    default: "0",
    unit: "s",
  }),
  acted(
    "timer_expired_backup",
    [optional(integer(1, 254))],
    "The highest priority of the other nodes, for judging own lateness; it steps down when late in any case",
    { default: "254" },
  ),
  acted("thread_timer_expired", [optional(integer(1, 254))], "Old name of timer_expired_backup", {
    replacedBy: "timer_expired_backup",
  }),
  acted("accept", NONE, "The addresses answer, as addresses do", { default: "on" }),
  acted("no_accept", NONE, "The addresses do not answer unless owned"),
  ...tracking(),
  ...transport(),
  ...announcing(),
  acted("down_timer_adverts", [integer(1, 100)], "Missed adverts until the master counts as down", {
    default: "3",
    unit: "count",
  }),
  acted("lower_prio_no_advert", SWITCH, "Does not answer adverts of lower priority", { default: "off" }),
  acted("higher_prio_send_advert", SWITCH, "Sends one more advert before yielding to a higher one", { default: "off" }),
  acted("owner_ignore_adverts", SWITCH, "An address owner ignores all adverts", { default: "off" }),
  acted("v3_checksum_as_v2", SWITCH, "Checksum of VRRPv3 over IPv4 without the pseudo-header", { default: "off" }),
  acted("skip_check_adv_addr", SWITCH, "Trusts the address list of a master that was right once", { default: "off" }),
  acted("strict_mode", SWITCH, "Keeps to the letter of the RFC", { default: "vrrp_strict" }),
  ...interfaces(),
  ...notifying(),
  ...extensions(),
];

/** Blocks of tracked things, which instances and groups have alike. */
export function trackBlocks(support: "acted" | "parsed"): readonly KeywordSpec[] {
  const block: BlockContent = k.lines("tracked");
  const idle = { block, repeated: "every", consequence: "it changes neither priority nor state" } as const;
  const wanted = support === "acted" ? acted : parsed;
  return [
    wanted("track_script", NONE, "Scripts that change the priority, or mean FAULT", idle),
    wanted("track_interface", NONE, "Interfaces that change the priority, or mean FAULT", idle),
    wanted("track_file", NONE, "Files whose number changes the priority", idle),
    wanted("track_process", NONE, "Processes that change the priority, or mean FAULT", idle),
    wanted("track_bfd", NONE, "BFD sessions that change the priority, or mean FAULT", idle),
  ];
}

function authentication(): readonly KeywordSpec[] {
  return [
    acted("auth_type", [k.choice("PASS", "AH")], "Kind of authentication"),
    acted("auth_pass", [word("PASSWORD")], "Password, at most eight characters, equal on all nodes"),
  ];
}

function hmac(): readonly KeywordSpec[] {
  return [
    acted("key", [exactInteger(1, 255, "ID"), word("hex:DIGITS|file:PATH|TEXT")], "A key of 32 to 64 bytes", {
      repeated: "every",
    }),
    acted("active_key", [exactInteger(1, 255, "ID")], "The key that signs"),
    acted("anti_replay", [k.choice("time", "monotonic")], "What is refused as a repetition", { default: "time" }),
    acted("time_window", [integer(1, 300)], "How far clocks may differ", { unit: "s", default: "3 x advert_int or 5" }),
    acted("mode", [k.choice("enforce", "permissive", "receive-only")], "What happens to unsigned adverts", {
      default: "enforce",
    }),
  ];
}

function tracking(): readonly KeywordSpec[] {
  return [
    ...trackBlocks("acted"),
    acted("dont_track_primary", NONE, "Its own interface going down is no fault"),
    acted("track_src_ip", NONE, "A configured source address that is not on the host is a fault"),
  ];
}

function transport(): readonly KeywordSpec[] {
  const veryOld = { obsolete: true } as const;
  return [
    acted("mcast_src_ip", [k.ADDRESS], "Source address of multicast adverts", { default: "the interface's first" }),
    acted("mcast_dst_ip", [k.ADDRESS], "Multicast group", { default: "224.0.0.18" }),
    acted("unicast_src_ip", [k.ADDRESS], "Source address of unicast adverts", {
      default: "the interface's first",
    }),
    acted("unicast_peer", NONE, "Sends to these hosts instead of multicast", {
      block: k.lines("peer"),
      repeated: "every",
    }),
    acted("unicast_ttl", [integer(0, 255)], "TTL of unicast adverts", { default: "255" }),
    acted("unicast_fault_no_peer", NONE, "No peer to send to is a fault, instead of multicast"),
    acted("check_unicast_src", NONE, "Drops unicast adverts of hosts that are not listed", { default: "off" }),
    acted(
      "old_unicast_checksum",
      [optional(k.choice("never"))],
      "VRRPv3 checksum of very old releases: use it, or never",
    ),
    acted("vrrp_unicast_bind", [k.ADDRESS], "Very old name of unicast_src_ip", {
      ...veryOld,
      replacedBy: "unicast_src_ip",
    }),
    acted("vrrp_unicast_peer", [k.ADDRESS], "Very old form of unicast_peer", {
      ...veryOld,
      replacedBy: "unicast_peer",
      repeated: "every",
    }),
  ];
}

function announcing(): readonly KeywordSpec[] {
  const inherited = { default: "as in global_defs" } as const;
  return [
    acted("garp_master_delay", [integer(0, 86_400)], "From becoming master to the second burst", {
      ...inherited,
      unit: "s",
    }),
    acted("garp_master_repeat", [integer(0, 2147483647)], "Frames per address and burst", {
      ...inherited,
      unit: "count",
    }),
    acted("garp_master_refresh", [integer(0, 86_400)], "Period of later bursts; 0: none", { ...inherited, unit: "s" }),
    acted("garp_master_refresh_repeat", [integer(0, 2147483647)], "Frames per address in those", {
      ...inherited,
      unit: "count",
    }),
    acted("garp_lower_prio_delay", [integer(0, 86_400)], "Second burst after an advert of lower priority", {
      ...inherited,
      unit: "s",
    }),
    acted("garp_lower_prio_repeat", [integer(0, 2147483647)], "Frames per address in that", {
      ...inherited,
      unit: "count",
    }),
    acted("garp_extra_if", [k.words("[all] SECONDS")], "Gratuitous ARP again and again where no adverts leave", {
      ...inherited,
      unit: "s",
    }),
    acted("vmac_garp_intvl", [k.words("[all] SECONDS")], "Old name of garp_extra_if", {
      replacedBy: "garp_extra_if",
    }),
  ];
}

function interfaces(): readonly KeywordSpec[] {
  return [
    acted("use_vmac", [k.REST], "Holds the addresses on an interface with the virtual MAC address"),
    acted("use_vmac_addr", NONE, "The same for addresses on other interfaces"),
    acted("vmac_xmit_base", NONE, "Sends adverts from the interface itself, and not with the virtual MAC address"),
    acted("use_ipvlan", [k.REST], "Sends adverts from an ipvlan interface with an address of its own", {
      repeated: "first",
    }),
    acted("vrf", [k.NAME], "The VRF of an instance with unicast peers that names no interface", {
      default: "it hears all interfaces",
    }),
    acted("native_ipv6", NONE, "The instance is of IPv6, which its first address says otherwise"),
    acted("kernel_rx_buf_size", [integer(1, 1073741823)], "Receive buffer", { unit: "bytes", default: "8 MiB" }),
    acted("linkbeat_use_polling", NONE, "Asks for the link state of its interface once a second"),
    parsed("lvs_sync_daemon_interface", [k.INTERFACE], "Old place of lvs_sync_daemon", {
      replacedBy: "lvs_sync_daemon",
      consequence: "no connections are copied",
    }),
    parsed("debug", [optional(integer(0, 4))], "Verbosity", {
      consequence: "verbosity is set on the command line",
      harmless: true,
    }),
  ];
}

function notifying(): readonly KeywordSpec[] {
  const command = [k.COMMAND];
  const once = { repeated: "first" } as const;
  return [
    acted("notify_master", command, "Runs on becoming master", once),
    acted("notify_backup", command, "Runs on becoming backup", once),
    acted("notify_fault", command, "Runs on a fault", once),
    acted("notify_stop", command, "Runs at the end", once),
    acted("notify", command, "Runs on every change, with TYPE NAME STATE PRIORITY appended", once),
    acted("notify_master_rx_lower_pri", command, "Runs when a master hears a lower one", once),
    acted(
      "notify_deleted",
      [{ ...k.COMMAND, optional: true }],
      "Runs when a reload removes the instance, which is then told as DELETED, and not as FAULT",
      once,
    ),
    acted("notify_priority_changes", SWITCH, "Writes changes of priority to the FIFOs too"),
    acted("smtp_alert", SWITCH, "Mails every change"),
  ];
}

/** How notify scripts run, of instances and groups. */
export function notifyExtensions(): readonly KeywordSpec[] {
  return [
    acted("notify_timeout", [seconds(0.1, 3600)], "A notify script is killed after this", {
      default: "10",
      unit: "s",
      extension: true,
    }),
    acted("notify_concurrent", SWITCH, "Starts notify scripts all at once, as keepalived does", {
      default: "off",
      extension: true,
    }),
  ];
}

function extensions(): readonly KeywordSpec[] {
  return [
    ...notifyExtensions(),
    acted("vip_lease", [word("off|SECONDS")], "Lifetime of the addresses in the kernel", {
      default: "from advert_int",
      extension: true,
    }),
    acted("fine_lock", [k.choice("auto", "on", "off")], "Ends in milliseconds what a crash leaves behind", {
      default: "auto",
      extension: true,
    }),
    acted("repair", SWITCH, "Puts back an address that somebody else deletes", { default: "on", extension: true }),
    acted("quick_preempt", SWITCH, "Takes over soon from its own master when that becomes the weaker one", {
      default: "off",
      extension: true,
    }),
  ];
}
