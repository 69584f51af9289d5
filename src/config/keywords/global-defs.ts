// Above 200 lines because global_defs has a hundred keywords and the table is worth reading in one piece.
import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";

const { acted, parsed, integer, optional, seconds, word, words, NONE, SWITCH } = k;

/** Being off is what this version does anyway. */
const OFF: readonly string[] = ["off", "no", "false"];

/** The keywords of `global_defs`. */
export const GLOBAL_KEYWORDS: readonly KeywordSpec[] = [
  acted("router_id", [word("NAME")], "Names this host in mails; never on the wire", { default: "the host's name" }),
  ...mail(),
  acted("script_user", k.USER, "Account of scripts that name none", { default: "keepalived_script, else root" }),
  acted("enable_script_security", NONE, "Refuses to run scripts as root whose path others may change"),
  parsed("use_symlink_paths", SWITCH, "Runs scripts under the path as written", {
    consequence: "scripts run under the path as written in any case",
    harmless: true,
  }),
  acted("set_supplementary_groups", NONE, "Gives all scripts their user's further groups", { default: "off" }),
  acted("umask", [words("MODE")], "File mode mask of what is created", { default: "the starter's" }),
  acted("vrrp_version", [integer(2, 3, "VERSION")], "Version of instances that name none", { default: "2" }),
  acted("vrrp_strict", NONE, "Keeps every instance to the letter of the RFC", { default: "off" }),
  acted("vrrp_mcast_group4", [k.ADDRESS], "Multicast group for IPv4", { default: "224.0.0.18" }),
  acted("vrrp_mcast_group6", [k.ADDRESS], "Multicast group for IPv6", { default: "ff02::12" }),
  ...announcing(),
  acted("vrrp_down_timer_adverts", [integer(1, 100)], "Missed adverts until the master counts as down", {
    default: "3",
    unit: "count",
  }),
  acted("vrrp_lower_prio_no_advert", SWITCH, "Does not answer adverts of lower priority", { default: "off" }),
  acted("vrrp_higher_prio_send_advert", SWITCH, "Sends one more advert before yielding to a higher one", {
    default: "off",
  }),
  acted("vrrp_owner_ignore_adverts", SWITCH, "An address owner ignores all adverts", { default: "off" }),
  acted("vrrp_check_unicast_src", NONE, "Drops unicast adverts of hosts that are not listed", { default: "off" }),
  acted("vrrp_skip_check_adv_addr", SWITCH, "Trusts the address list of a master that was right once", {
    default: "off",
  }),
  acted("v3_checksum_as_v2", SWITCH, "Checksum of VRRPv3 over IPv4 without the pseudo-header", { default: "off" }),
  acted("vrrp_startup_delay", [seconds(0, 3600)], "Changes no state before this has passed since the start", {
    default: "0",
    unit: "s",
  }),
  acted("vrrp_delay_after_boot", [seconds(0, 3600)], "As vrrp_startup_delay, counted from the boot of the host", {
    default: "0",
    unit: "s",
  }),
  acted("log_unknown_vrids", NONE, "Logs adverts of virtual routers that are not configured", { default: "off" }),
  acted("dynamic_interfaces", [optional(k.choice("allow_if_changes"))], "Accepts interfaces that do not exist yet", {
    default: "off",
  }),
  acted("default_interface", [k.INTERFACE], "Interface of static addresses without dev", { default: "eth0" }),
  acted("disable_local_igmp", NONE, "Sends no reports of groups of 224.0.0.0/24, which need none", { default: "off" }),
  ...filtering(),
  ...balancing(),
  ...processes(),
  ...events(),
  ...monitoring(),
  ...files(),
  ...extensions(),
];

function mail(): readonly KeywordSpec[] {
  const checkers = { consequence: "there are no checkers yet" } as const;
  return [
    acted("notification_email", NONE, "Who gets mails", { block: k.lines("email"), repeated: "every" }),
    acted("notification_email_from", [word("ADDRESS")], "Sender of mails", { default: "user@host" }),
    acted("smtp_server", [word("HOST"), optional(word("PORT"))], "Mail server", { default: "none: no mail is sent" }),
    acted("smtp_connect_timeout", [integer(0, 86_400)], "Patience with the mail server", { default: "30", unit: "s" }),
    acted("smtp_helo_name", [word("NAME")], "Name told to the mail server", { default: "the host's name" }),
    acted("smtp_alert", SWITCH, "Mails unless a block says otherwise", { default: "off" }),
    acted("smtp_alert_vrrp", SWITCH, "Mails of instances unless they say otherwise", { default: "as smtp_alert" }),
    parsed("smtp_alert_checker", SWITCH, "Mails of checkers unless they say otherwise", { ...checkers, harmless: OFF }),
    acted("no_email_faults", NONE, "No mail for FAULT"),
    parsed("no_checker_emails", NONE, "No mail of checkers", { ...checkers, harmless: true }),
    parsed("checker_log_all_failures", SWITCH, "Logs each failed check", { consequence: "checks do not run" }),
    parsed("lvs_id", [word("NAME")], "Old name of router_id", { obsolete: true, replacedBy: "router_id" }),
    acted("smtp_tls", [k.choice("off", "starttls", "smtps")], "Encrypts mails on their way", {
      default: "off",
      extension: true,
    }),
    acted("smtp_tls_verify", SWITCH, "The mail server must prove who it is", { default: "on", extension: true }),
    acted("smtp_tls_ca", [k.PATH], "Certificates that are trusted", { default: "Node's", extension: true }),
    acted("smtp_user", [word("NAME")], "Logs in to the mail server", { default: "no login", extension: true }),
    acted("smtp_password_file", [k.PATH], "File with the password for that", { extension: true }),
  ];
}

function announcing(): readonly KeywordSpec[] {
  const pacing = { default: "0", unit: "s" } as const;
  return [
    acted("vrrp_garp_master_delay", [integer(0, 86_400)], "From becoming master to the second burst", {
      default: "5",
      unit: "s",
    }),
    acted("vrrp_garp_master_repeat", [integer(0, 2147483647)], "Frames per address and burst", {
      default: "5",
      unit: "count",
    }),
    acted("vrrp_garp_master_refresh", [integer(0, 86_400)], "Period of later bursts; 0: none", {
      default: "0",
      unit: "s",
    }),
    acted("vrrp_garp_master_refresh_repeat", [integer(0, 2147483647)], "Frames per address in those", {
      default: "1",
      unit: "count",
    }),
    acted("vrrp_garp_lower_prio_delay", [integer(0, 86_400)], "Second burst after an advert of lower priority", {
      default: "as for master",
      unit: "s",
    }),
    acted("vrrp_garp_lower_prio_repeat", [integer(0, 2147483647)], "Frames per address in that", {
      default: "as for master",
      unit: "count",
    }),
    acted("vrrp_min_garp", SWITCH, "One frame per address, one burst", { default: "off" }),
    acted("vrrp_garp_interval", [seconds(0, 86_400)], "Pause between gratuitous ARP frames on an interface", pacing),
    acted("vrrp_gna_interval", [seconds(0, 86_400)], "Pause between neighbour advertisements on an interface", pacing),
    acted("vrrp_garp_extra_if", [words("[all] SECONDS")], "Gratuitous ARP again and again where no adverts leave", {
      default: "none",
      unit: "s",
    }),
    acted("vrrp_vmac_garp_intvl", [words("[all] SECONDS")], "Old name of vrrp_garp_extra_if", {
      replacedBy: "vrrp_garp_extra_if",
    }),
  ];
}

/** Holdfast has nf_tables of its own (ports/packet-filter.ts), wherever keepalived would put its rules. */
function filtering(): readonly KeywordSpec[] {
  const own = { consequence: "no_accept works by the table holdfast_vrrp of nf_tables", harmless: true } as const;
  return [
    parsed("vrrp_iptables", [optional(words("CHAINS"))], "Chains for no_accept", own),
    parsed("vrrp_ipsets", [optional(words("SETS"))], "Sets for no_accept", own),
    parsed("nftables", [optional(word("TABLE"))], "Table for no_accept", { ...own, default: "keepalived" }),
    parsed("nftables_priority", [integer(-2147483648, 2147483647)], "Priority of its chains", {
      ...own,
      default: "-1",
    }),
    parsed("nftables_ifindex", NONE, "Matches interfaces by number", own),
    parsed("nftables_counters", NONE, "Counts what is filtered", own),
  ];
}

function balancing(): readonly KeywordSpec[] {
  const consequence = "no connections are balanced";
  return [
    parsed("nftables_ipvs", [optional(word("TABLE"))], "Table for firewall marks", { consequence }),
    parsed("nftables_ipvs_priority", [integer(-2147483648, 2147483647)], "Priority of its chains", { consequence }),
    parsed("nftables_ipvs_start_fwmark", [integer(1, 4294967295)], "First firewall mark used", {
      default: "1000",
      consequence,
    }),
    parsed("lvs_timeouts", [words("tcp N tcpfin N udp N")], "Timeouts of IPVS", { consequence }),
    parsed("lvs_flush", NONE, "Clears IPVS at the start", { consequence }),
    parsed("lvs_flush_on_stop", [optional(word("VS"))], "Clears IPVS at the end", { consequence }),
    parsed("lvs_flush_onstop", [optional(word("VS"))], "Old name of lvs_flush_on_stop", {
      replacedBy: "lvs_flush_on_stop",
      consequence,
    }),
    parsed("lvs_sync_daemon", [words("INTERFACE [INSTANCE] ...")], "Copies connections to the other node", {
      consequence,
    }),
  ];
}

function processes(): readonly KeywordSpec[] {
  const checks = { consequence: "that process does not exist yet" } as const;
  const memory = {
    consequence: "locked memory ends Node.js; MemorySwapMax=0 in the systemd unit keeps it out of swap",
  } as const;
  const limit = {
    consequence:
      "no limit is set, since collecting garbage may take longer; a process that loops is replaced when its heartbeat stops",
    harmless: true,
    default: "10000",
    unit: "us",
  } as const;
  const nice = integer(-20, 19);
  const realtime = integer(1, 99);
  const rttime = integer(1, 2147483647, "MICROSECONDS");
  const cpus = words("CPU ...");
  return [
    acted("vrrp_priority", [nice], "Nice value of the vrrp process", { default: "0" }),
    parsed("checker_priority", [nice], "Nice value of the checker process", checks),
    acted("bfd_priority", [nice], "Nice value of the BFD process", { default: "0" }),
    acted("vrrp_rt_priority", [realtime], "Real-time priority of the vrrp process", { default: "chosen" }),
    parsed("checker_rt_priority", [realtime], "Real-time priority of the checker process", checks),
    acted("bfd_rt_priority", [realtime], "Real-time priority of the BFD process", { default: "chosen" }),
    parsed("vrrp_no_swap", NONE, "Locks the vrrp process in memory", memory),
    parsed("checker_no_swap", NONE, "Locks the checker process in memory", checks),
    parsed("bfd_no_swap", NONE, "Locks the BFD process in memory", memory),
    acted("vrrp_cpu_affinity", [cpus], "Processors of the vrrp process", { default: "the kernel's choice" }),
    parsed("checker_cpu_affinity", [cpus], "Processors of the checker process", checks),
    acted("bfd_cpu_affinity", [cpus], "Processors of the BFD process", { default: "the kernel's choice" }),
    ...["vrrp", "checker", "bfd"].flatMap((process) => [
      parsed(`${process}_rlimit_rttime`, [rttime], `Real-time limit of the ${process} process`, limit),
      parsed(`${process}_rlimit_rtime`, [rttime], `Old name of ${process}_rlimit_rttime`, {
        ...limit,
        replacedBy: `${process}_rlimit_rttime`,
      }),
    ]),
    parsed("max_auto_priority", [optional(integer(-1, 99))], "Highest real-time priority taken when late", {
      consequence: "the vrrp process is real-time from its start",
      harmless: true,
    }),
    parsed("min_auto_priority_delay", [integer(1, 2147483647)], "Lateness that raises the priority", {
      unit: "us",
      consequence: "the vrrp process is real-time from its start",
      harmless: true,
    }),
    acted("process_names", NONE, "Gives the processes keepalived's names", { default: "off" }),
    acted("process_name", [optional(k.NAME)], "Name of the supervising process"),
    acted("vrrp_process_name", [optional(k.NAME)], "Name of the vrrp process"),
    parsed("checker_process_name", [optional(k.NAME)], "Name of the checker process", checks),
    parsed("lvs_process_name", [optional(k.NAME)], "Old name of checker_process_name", {
      ...checks,
      replacedBy: "checker_process_name",
    }),
    acted("bfd_process_name", [optional(k.NAME)], "Name of the bfd process"),
  ];
}

function events(): readonly KeywordSpec[] {
  const fifo = { consequence: "nothing is written to it" } as const;
  const path = [k.PATH, optional(word("USER")), optional(word("GROUP"))];
  return [
    ...["notify_fifo", "vrrp_notify_fifo"].flatMap((name) => [
      acted(name, path, "Named pipe that is told every change", { repeated: "first" }),
      acted(`${name}_script`, [k.COMMAND], "Program that reads the pipe, whose path is appended", {
        repeated: "first",
      }),
    ]),
    parsed("lvs_notify_fifo", path, "Named pipe that is told every change of servers", fifo),
    parsed("lvs_notify_fifo_script", [k.COMMAND], "Program that reads the pipe", { consequence: "it is not started" }),
    acted("vrrp_notify_priority_changes", SWITCH, "Writes changes of priority to the FIFOs too", { default: "off" }),
    acted("fifo_write_vrrp_states_on_reload", NONE, "Writes all states to the FIFOs after a reload"),
    parsed("rs_init_notifies", NONE, "Tells the first state of real servers", fifo),
    acted("startup_script", [k.COMMAND], "Runs before the start, once"),
    acted("startup_script_timeout", [integer(1, 1000)], "It is killed after this", { default: "10", unit: "s" }),
    acted("shutdown_script", [k.COMMAND], "Runs after the end, once"),
    acted("shutdown_script_timeout", [integer(1, 1000)], "It is killed after this", { default: "10", unit: "s" }),
  ];
}

function monitoring(): readonly KeywordSpec[] {
  const snmp = { consequence: "SNMP is not answered for virtual servers" } as const;
  const dbus = { consequence: "DBus is not used" } as const;
  const buffers = { consequence: "buffers have the kernel's size", unit: "bytes", harmless: true } as const;
  return [
    acted("enable_snmp_vrrp", NONE, "Serves the VRRP part of KEEPALIVED-MIB to an SNMP master agent"),
    acted("enable_snmp_keepalived", NONE, "Old name of enable_snmp_vrrp", { replacedBy: "enable_snmp_vrrp" }),
    acted("enable_snmp_rfcv2", NONE, "Serves VRRP-MIB (RFC 2787)"),
    acted("enable_snmp_rfcv3", NONE, "Serves VRRPv3-MIB (RFC 6527)"),
    acted("enable_snmp_rfc", NONE, "Serves both of these"),
    acted("enable_traps", NONE, "Tells changes by SNMP traps"),
    acted("snmp_socket", [word("SOCKET")], "Where the SNMP master agent listens: /path, tcp:host:port", {
      default: "/var/agentx/master",
    }),
    parsed("enable_snmp_checker", NONE, "Serves the checkers' part of KEEPALIVED-MIB", snmp),
    parsed("snmp_vs_stats_update_interval", [seconds(0.001, 30)], "Age of SNMP counters", { ...snmp, default: "5" }),
    parsed("snmp_rs_stats_update_interval", [seconds(0.001, 30)], "Age of SNMP counters", { ...snmp, default: "5" }),
    parsed("enable_dbus", NONE, "Switches DBus on", dbus),
    parsed("dbus_service_name", [word("NAME")], "Name on DBus", dbus),
    parsed(
      "dbus_no_interface_name",
      [word("NAME")],
      "Name on DBus of an interface that an instance does not name",
      dbus,
    ),
    ...["vrrp_netlink_cmd", "vrrp_netlink_monitor", "process_monitor"].flatMap((name) => [
      acted(`${name}_rcv_bufs`, [integer(0, 1073741823)], "Receive buffer for what the kernel says", {
        unit: "bytes",
        default: name === "process_monitor" ? "1 MiB" : "8 MiB",
      }),
      acted(`${name}_rcv_bufs_force`, SWITCH, "Beyond the system's limit", { default: "off" }),
    ]),
    ...["lvs_netlink_cmd", "lvs_netlink_monitor"].flatMap((name) => [
      parsed(`${name}_rcv_bufs`, [integer(0, 4294967295)], "Receive buffer", buffers),
      parsed(`${name}_rcv_bufs_force`, SWITCH, "Beyond the system's limit", buffers),
    ]),
    acted("vrrp_rx_bufs_policy", [word("MTU|ADVERT|NUMBER")], "Receive buffer for adverts, by instance", {
      unit: "bytes",
      default: "8 MiB",
    }),
    acted("vrrp_rx_bufs_multiplier", [integer(1, 65_535)], "Times that", { default: "3" }),
    acted("vmac_prefix", [word("PREFIX")], "Names of virtual MAC interfaces", { default: "vrrp" }),
    acted("vmac_addr_prefix", [word("PREFIX")], "Names of those that are for single addresses", {
      default: "vmac_prefix",
    }),
  ];
}

function files(): readonly KeywordSpec[] {
  return [
    acted(
      "reload_check_config",
      [optional(k.PATH)],
      "Where to write what a reload finds; each is checked first in any case",
    ),
    acted("reload_time_file", [k.PATH], "File that says when to reload: HH:MM:SS, with a date before it or not"),
    acted("reload_repeat", NONE, "Keeps it, and reloads every day"),
    acted("reload_file", [optional(k.PATH)], "File that is there while the configuration is being read"),
    acted("config_save_dir", [k.PATH], "Where configurations are kept, and states before and after each reload"),
    parsed("tmp_config_directory", [k.PATH], "Where the configuration is copied to", {
      consequence: "it is never copied",
      harmless: true,
    }),
    acted("data_use_instance", SWITCH, "Dump files carry the namespace and the name of this daemon", {
      default: "off",
    }),
    acted("json_version", [integer(1, 2)], "Form of the JSON dump", { default: "1" }),
    acted("state_dump_file", [k.PATH], "Where the state is dumped (SIGUSR1)", { default: "/tmp/keepalived.data" }),
    acted("stats_dump_file", [k.PATH], "Where the counters are dumped (SIGUSR2)", {
      default: "/tmp/keepalived.stats",
    }),
    acted("json_dump_file", [k.PATH], "Where JSON is dumped (SIGRTMIN+2)", { default: "/tmp/keepalived.json" }),
    ...["state", "stats", "json"].map((what) =>
      acted(`${what}_file_location`, [k.PATH], `What keepalived.conf(5) calls ${what}_dump_file`, {
        obsolete: true,
        replacedBy: `${what}_dump_file`,
      }),
    ),
    acted("iproute_usr_dir", [k.PATH], "Where the system keeps names of routing tables", {
      default: "/usr/share/iproute2",
    }),
    acted("iproute_etc_dir", [k.PATH], "Where the administrator keeps them", { default: "/etc/iproute2" }),
    acted("random_seed", [integer(0, 4294967295)], "Makes ${_RANDOM} repeat itself from here on", {
      default: "another one each time",
    }),
  ];
}

function extensions(): readonly KeywordSpec[] {
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
