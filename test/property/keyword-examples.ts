// Over 400 lines: one table.
/** How a keyword is shown at work. */
export interface Example {
  /** The keyword with its words, and its block. */
  readonly line: string;
  /** What must stand before it for it to matter, and stands there without it, too. */
  readonly beside: string;
  /** The same, behind it. */
  readonly below: string;
  /** What stands in the block instead of what usually does. */
  readonly body: string | undefined;
  /** It changes no model, and this is what it adds to the findings, or takes away: severity and code. */
  readonly tells: string | undefined;
}

const COMMAND = '"/bin/echo y"';
const KEY = "abcdefghijklmnopqrstuvwxyzabcdefgh";
const GROUP = "group {\n V2\n V3\n}";
const PEERS = "unicast_peer {\n 10.0.0.66\n}";

/** Keywords, by block and name, that words made from the table alone do not show at work. */
export const EXAMPLES: Readonly<Record<string, string | Partial<Example>>> = {
  ...blocks(),
  ...globalKeywords(),
  ...trackerKeywords(),
  ...instanceKeywords(),
  ...groupKeywords(),
};

function blocks(): Readonly<Record<string, string | Partial<Example>>> {
  return {
    include_check: { line: "include_check match", below: "include none*.conf", tells: "error INCLUDE_NO_MATCH" },
    vrrp_script: { line: `vrrp_script once {\n script ${COMMAND}\n}`, below: user("track_script {\n once\n}") },
    vrrp_track_process: { line: "vrrp_track_process more {\n process x\n}", below: user("track_process {\n more\n}") },
    track_file: { line: "track_file once {\n file /run/once\n}", below: user("track_file {\n once\n}") },
    vrrp_track_file: { line: "vrrp_track_file once {\n file /run/once\n}", below: user("track_file {\n once\n}") },
    track_group: "track_group once {\n group {\n  V3\n }\n}",
    vrrp_instance: user("track_interface {\n eth7\n}"),
    vrrp_sync_group: "vrrp_sync_group H {\n group {\n  V\n  V4\n }\n}",
    global_defs: "global_defs {\n router_id other\n}",
    instance: "instance blue",
    bfd_instance: "bfd_instance more {\n neighbor_ip 10.0.0.8\n}",
    garp_group: "garp_group {\n garp_interval 0.2\n interface eth9\n}",
    interface_up_down_delays: "interface_up_down_delays {\n eth0 5 6\n}",
    linkbeat_interfaces: "linkbeat_interfaces {\n eth0 MII\n}",
  };
}

function globalKeywords(): Readonly<Record<string, string | Partial<Example>>> {
  return {
    "global_defs/random_seed": { line: "random_seed 5", below: "router_id r${_RANDOM}" },
    "global_defs/smtp_user": { line: "@holdfast smtp_user me", beside: "@holdfast smtp_password_file /run/pw" },
    "global_defs/smtp_password_file": {
      line: "@holdfast smtp_password_file /run/pw",
      beside: "@holdfast smtp_user me",
    },
    "global_defs/umask": "umask 027",
    "global_defs/snmp_socket": "snmp_socket tcp:localhost:705",
    "global_defs/vrrp_mcast_group4": "vrrp_mcast_group4 224.0.0.99",
    "global_defs/vrrp_mcast_group6": {
      line: "vrrp_mcast_group6 ff02::99",
      below: behind(user("virtual_ipaddress {\n fe80::9\n}", "")),
    },
    "global_defs/notify_fifo_script": { line: `notify_fifo_script ${COMMAND}`, beside: "notify_fifo /run/fifo" },
    "global_defs/vrrp_notify_fifo_script": {
      line: `vrrp_notify_fifo_script ${COMMAND}`,
      beside: "vrrp_notify_fifo /run/fifo",
    },
    "global_defs/vrrp_rx_bufs_policy": "vrrp_rx_bufs_policy MTU",
    "global_defs/vrrp_rx_bufs_multiplier": { beside: "vrrp_rx_bufs_policy MTU" },
    "global_defs/startup_script_timeout": { beside: `startup_script ${COMMAND}` },
    "global_defs/shutdown_script_timeout": { beside: `shutdown_script ${COMMAND}` },
    "global_defs/vrrp_netlink_cmd_rcv_bufs_force": { beside: "vrrp_netlink_cmd_rcv_bufs 9000" },
    "global_defs/vrrp_netlink_monitor_rcv_bufs_force": { beside: "vrrp_netlink_monitor_rcv_bufs 9000" },
    "global_defs/process_monitor_rcv_bufs_force": { beside: "process_monitor_rcv_bufs 9000" },
    "global_defs/iproute_usr_dir": {
      line: "iproute_usr_dir /names",
      below: behind("static_rules {\n from 10.0.0.1 table blue\n}"),
    },
    "global_defs/iproute_etc_dir": {
      line: "iproute_etc_dir /names",
      below: behind("static_rules {\n from 10.0.0.1 table blue\n}"),
    },
    "global_defs/vmac_prefix": { line: "vmac_prefix mac", below: behind(user("use_vmac")) },
    "global_defs/vmac_addr_prefix": {
      line: "vmac_addr_prefix mac",
      below: behind(user("virtual_ipaddress_excluded {\n 10.0.5.1 dev eth5 use_vmac\n}")),
    },
    "global_defs/data_use_instance": { below: behind("instance blue") },
    "global_defs/vrrp_check_unicast_src": { below: behind(user(PEERS)) },
    "global_defs/vrrp_owner_ignore_adverts": { below: behind(user("priority 255")) },
    "global_defs/vrrp_startup_delay": "vrrp_startup_delay 7",
  };
}

function trackerKeywords(): Readonly<Record<string, string | Partial<Example>>> {
  return {
    "vrrp_script/weight": "weight 9",
    "vrrp_script/script": `script ${COMMAND}`,
    "vrrp_track_process/param_match": { line: "param_match initial", body: "process nginx worker" },
    "track_file/init_file": "init_file 7 overwrite",
    "vrrp_track_file/init_file": "init_file 7 overwrite",
    "garp_group/interfaces": "interfaces {\n eth8\n}",
    "track_group/group": "group {\n V3\n V4\n}",
    "bfd_instance/neighbour_ip": { line: "neighbour_ip 10.0.0.12", body: "" },
    "bfd_instance/hoplimit": { body: "neighbor_ip fd00::9" },
    "bfd_instance/vrrp": { beside: "checker" },
  };
}

function instanceKeywords(): Readonly<Record<string, string | Partial<Example>>> {
  return {
    "vrrp_instance/vrf": {
      body: `virtual_router_id 7\nunicast_src_ip 10.0.0.3\n${PEERS}\nvirtual_ipaddress {\n 10.0.8.1 dev eth8\n}`,
    },
    "vrrp_instance/priority": "priority 37",
    "vrrp_instance/authentication": "authentication {\n auth_type PASS\n auth_pass abc\n}",
    "vrrp_instance/auth_hmac": `auth_hmac {\n key 1 ${KEY}\n active_key 1\n}`,
    "vrrp_instance/authentication/auth_type": "auth_type AH",
    "vrrp_instance/auth_hmac/key": `key 3 ${KEY}`,
    "vrrp_instance/auth_hmac/active_key": "active_key 2",
    "vrrp_instance/preempt": { beside: "nopreempt" },
    "vrrp_instance/accept": { beside: "no_accept" },
    "vrrp_instance/timer_expired_backup": { line: "timer_expired_backup 90", beside: "nopreempt" },
    "vrrp_instance/thread_timer_expired": { line: "thread_timer_expired 90", beside: "nopreempt" },
    "vrrp_instance/track_script": "track_script {\n s2\n}",
    "vrrp_instance/track_file": "track_file {\n f2\n}",
    "vrrp_instance/track_process": "track_process {\n p2\n}",
    "vrrp_instance/track_bfd": "track_bfd {\n b2\n}",
    "vrrp_instance/mcast_dst_ip": "mcast_dst_ip 224.0.0.99",
    "vrrp_instance/no_virtual_ipaddress": {
      body: "interface eth1\nvirtual_router_id 1",
      tells: "warning NO_VIRTUAL_ADDRESS",
    },
    "vrrp_instance/native_ipv6": { body: "interface eth1\nvirtual_router_id 1\nno_virtual_ipaddress" },
    "vrrp_instance/owner_ignore_adverts": { beside: "priority 255" },
    "vrrp_instance/use_vmac_addr": { beside: "virtual_ipaddress_excluded {\n 10.0.5.1 dev eth5\n}" },
    "vrrp_instance/vmac_xmit_base": { beside: "use_vmac" },
    "vrrp_instance/vip_lease": "@holdfast vip_lease 2",
    "vrrp_instance/unicast_ttl": { beside: PEERS },
    "vrrp_instance/check_unicast_src": { beside: PEERS },
    "vrrp_instance/old_unicast_checksum": { line: "old_unicast_checksum never", beside: PEERS },
  };
}

function groupKeywords(): Readonly<Record<string, string | Partial<Example>>> {
  return {
    "vrrp_sync_group/group": { line: "group {\n V2\n V4\n}", body: "" },
    "vrrp_sync_group/track_script": "track_script {\n s2 weight 5\n}",
    "vrrp_sync_group/track_file": "track_file {\n f2\n}",
    "vrrp_sync_group/track_process": "track_process {\n p2 weight 5\n}",
    "vrrp_sync_group/track_bfd": "track_bfd {\n b2 weight 5\n}",
    "vrrp_sync_group/sync_group_tracking_weight": { body: GROUP },
    "vrrp_sync_group/global_tracking": { body: GROUP },
  };
}

/** Closes the block, and leaves one open for the brace that is to come. */
function behind(text: string): string {
  return `}\n${text}\nglobal_defs {`;
}

/** A further instance with these words in it. */
function user(words: string, addresses = "virtual_ipaddress {\n 10.0.9.1\n}"): string {
  return `vrrp_instance W {\ninterface eth9\nvirtual_router_id 9\n${addresses}\n${words}\n}`;
}

/** What stands between the braces of a list. */
export const LINES = {
  address: "10.0.0.55/24",
  route: "10.50.0.0/16 via 10.0.0.3 dev eth0",
  rule: "from 10.0.0.1 table 100 preference 100",
  peer: "10.0.0.66",
  tracked: "eth5 weight 5",
  members: "V3",
  email: "second@example.org",
  server: "192.0.2.1 80",
  other: "eth0 5 6",
} as const;

interface Surrounding {
  /** The keyword of the block. */
  readonly name: string;
  /** As it is written. */
  readonly head: string;
  readonly body: string;
  /** Otherwise only where a keyword in it is shown. */
  readonly always: boolean;
  /** In an instance of its own. */
  readonly nested?: true;
}

/** Blocks that others refer to, and those that keywords are put into. What ends in 2 nobody refers to. */
export const SURROUNDINGS: readonly Surrounding[] = [
  block("global_defs", "global_defs", "notification_email {\n first@example.org\n}\nsmtp_server 127.0.0.1"),
  block("vrrp_script", "vrrp_script s", "script /bin/true"),
  block("", "vrrp_script s2", "script /bin/true"),
  block("track_file", "track_file f", "file /run/f"),
  block("", "track_file f2", "file /run/f2"),
  block("vrrp_track_file", "vrrp_track_file g", "file /run/g"),
  block("vrrp_track_process", "vrrp_track_process p", "process nginx"),
  block("", "vrrp_track_process p2", "process haproxy"),
  block("bfd_instance", "bfd_instance b", "neighbor_ip 10.0.0.9"),
  block("", "bfd_instance b2", "neighbor_ip 10.0.0.10"),
  { ...block("garp_group", "garp_group", "garp_interval 0.2\ninterface eth0"), always: false },
  block("track_group", "track_group tg", "group {\n V1\n}"),
  block("", "static_routes", "10.7.0.0/16 via 10.0.0.3 dev eth0 track_group tg"),
  block("vrrp_instance", "vrrp_instance V1", `${router(1)}\n${tracking()}`),
  block("", "vrrp_instance V2", router(2)),
  block("", "vrrp_instance V3", router(3)),
  block("", "vrrp_instance V4", router(4)),
  block("vrrp_sync_group", "vrrp_sync_group G", "group {\n V2\n V3\n}\nsync_group_tracking_weight"),
  { ...block("authentication", "authentication", "auth_type PASS\nauth_pass abc"), always: false, nested: true },
  { ...block("auth_hmac", "auth_hmac", `key 1 ${KEY}\nkey 2 ${KEY}x\nactive_key 1`), always: false, nested: true },
];

function block(name: string, head: string, body: string): Surrounding {
  return { name, head, body, always: true };
}

function router(number: number): string {
  return `interface eth${number}\nvirtual_router_id ${number}\nvirtual_ipaddress {\n 10.0.${number}.1\n}`;
}

function tracking(): string {
  return "track_script {\n s\n}\ntrack_file {\n f\n g\n}\ntrack_process {\n p\n}\ntrack_bfd {\n b\n}";
}

/** Words behind the first one of a line, each of which must change what the plain line means. */
export const OPTIONS: readonly Options[] = [
  {
    where: "an IPv4 address",
    block: "vrrp_instance",
    open: "virtual_ipaddress_excluded {",
    plain: "10.0.5.1/24",
    close: "}",
    options: words(`brd 10.0.5.200 | brd + | broadcast + | dev eth5 | scope link | label eth1:x | peer 10.0.6.1 | home
      | noprefixroute | autojoin | mngtmpaddr | no_track | preferred_lft 5 | preferred_lft 0 | use_vmac`),
  },
  {
    where: "an IPv6 address",
    block: "vrrp_instance",
    open: "virtual_ipaddress_excluded {",
    plain: "fd00::5/64",
    close: "}",
    options: words("dev eth5 | scope link | home | -nodad | mngtmpaddr | noprefixroute | no_track | preferred_lft 0"),
  },
  {
    where: "an IPv6 address that is deprecated otherwise",
    block: "vrrp_instance",
    open: "virtual_ipaddress_excluded {",
    plain: "fd00::5/128",
    close: "}",
    options: words("preferred_lft forever | preferred_lft 9"),
  },
  {
    where: "a static address",
    block: "",
    open: "static_ipaddress {",
    plain: "10.0.5.1/24",
    close: "}",
    options: words("brd + | dev eth5 | scope link | label eth0:x | track_group tg"),
  },
  {
    where: "a route",
    block: "",
    open: "static_routes {",
    plain: "10.9.0.0/16 dev eth0",
    close: "}",
    options: words(`src 10.0.0.7 | tos 4 | dsfield 4 | table 100 | protocol 99 | scope 200 | metric 5 | priority 5
      | preference 5 | via 10.0.0.4 | gw 10.0.0.4 | or 10.0.0.5 | onlink | mtu 1400 | mtu lock 1400 | hoplimit 9
      | advmss 1300 | rtt 30 | rttvar 20 | reordering 4 | window 9000 | cwnd 9 | ssthresh 9 | realms 3/4 | rto_min 30
      | initcwnd 11 | initrwnd 12 | features ecn | quickack 1 | congctl bbr | ttl-propagate enabled
      | fastopen_no_cookie 1 | add | append | vrf blue | no_track | track_group tg | encap ip id 5 dst 10.0.0.8
      | encap ip id 5 src 10.0.0.8 | encap ip id 5 tos 4 | encap ip id 5 ttl 9 | encap ip6 id 5 dst fd00::8
      | encap mpls 100 | encap ila 1:2:3:4`),
  },
  {
    where: "a route with several hops",
    block: "",
    open: "static_routes {",
    plain: "10.9.0.0/16",
    close: "}",
    options: words(`nexthop via 10.0.0.4 nexthop via 10.0.0.5 | nexthop via 10.0.0.4 dev eth0 weight 3
      | nexthop via 10.0.0.4 onlink dev eth0`),
  },
  {
    where: "an IPv6 route",
    block: "",
    open: "static_routes {",
    plain: "fd09::/64 dev eth0",
    close: "}",
    options: words("from fd00::/8 | expires 30 | pref low | pref high | metric 7"),
  },
  {
    where: "the kind of a route",
    block: "",
    open: "static_routes {",
    plain: "10.9.0.0/16 dev eth0",
    close: "}",
    options: words(`=blackhole 10.9.0.0/16 | =unreachable 10.9.0.0/16 | =prohibit 10.9.0.0/16 | =throw 10.9.0.0/16
      | =local 10.9.0.0/16 dev eth0 | =multicast 10.9.0.0/16 dev eth0 | =10.9.0.0/16 oif eth1`),
  },
  {
    where: "a rule",
    block: "",
    open: "static_rules {",
    plain: "from 10.0.0.1 preference 90",
    close: "}",
    options: words(`to 10.0.0.2 | table 100 | lookup 100 | not | tos 4 | dsfield 4 | fwmark 5 | fwmark 5/7 | realms 3/4
      | suppress_prefixlength 0 | sup_pl 0 | suppress_ifgroup 3 | sup_group 3 | iif eth0 | oif eth0 | tunnel-id 7
      | uidrange 5-9 | l3mdev | protocol 99 | ipproto tcp | sport 80 | dport 80-90 | type blackhole | goto 100 | nop
      | no_track | track_group tg`),
  },
  {
    where: "the preference of a rule",
    block: "",
    open: "static_rules {",
    plain: "from 10.0.0.1",
    close: "}",
    options: words("preference 80 | order 80 | priority 80 | =to 10.0.0.1"),
  },
  {
    where: "a tracked script",
    block: "vrrp_instance",
    open: "track_script {",
    plain: "s2",
    close: "}",
    options: words("weight 7 | weight -7 | weight 7 reverse"),
  },
  {
    where: "a tracked interface",
    block: "vrrp_instance",
    open: "track_interface {",
    plain: "eth7",
    close: "}",
    options: words("weight 7 | weight -7 | weight 7 reverse"),
  },
  {
    where: "a tracked file",
    block: "vrrp_instance",
    open: "track_file {",
    plain: "f2",
    close: "}",
    options: words("weight 7 | weight -7 | weight 7 reverse"),
  },
  {
    where: "a tracked process",
    block: "vrrp_instance",
    open: "track_process {",
    plain: "p2",
    close: "}",
    options: words("weight 7 | weight -7 | weight 7 reverse"),
  },
  {
    where: "a tracked BFD session",
    block: "vrrp_instance",
    open: "track_bfd {",
    plain: "b2",
    close: "}",
    options: words("weight 7 | weight -7 | weight 7 reverse"),
  },
  {
    where: "a unicast peer",
    block: "vrrp_instance",
    open: "unicast_peer {",
    plain: "10.0.0.66",
    close: "}",
    options: words("min_ttl 250 | max_ttl 254"),
  },
  {
    where: "use_vmac",
    block: "vrrp_instance",
    open: "",
    plain: "use_vmac",
    close: "",
    options: words("mac1 | mac1 eth8 | 00:00:5e:01:02 | 02:00:00:00:00:01 | netlink_notify_msg | group 7"),
  },
  {
    where: "use_ipvlan",
    block: "vrrp_instance",
    open: "",
    plain: "use_ipvlan 10.0.0.5/24",
    close: "",
    options: words("low | name group | private | vepa | group 7"),
  },
  {
    where: "the account of a script",
    block: "vrrp_instance",
    open: "",
    plain: "notify /bin/true nobody",
    close: "",
    options: words("nogroup | : | :nogroup"),
  },
  {
    where: "the account of all scripts",
    block: "global_defs",
    open: "",
    plain: "script_user nobody",
    close: "",
    options: words("nogroup | : | :nogroup"),
  },
  {
    where: "further words of keywords",
    block: "global_defs",
    open: "",
    plain: "smtp_server 127.0.0.1",
    close: "",
    options: words("26 | =smtp_server 127.0.0.2"),
  },
  {
    where: "the owner of a FIFO",
    block: "global_defs",
    open: "",
    plain: "notify_fifo /run/fifo",
    close: "",
    options: words("nobody | nobody nogroup"),
  },
  {
    where: "extra announcements",
    block: "vrrp_instance",
    open: "",
    plain: "garp_extra_if 9",
    close: "",
    options: words("=garp_extra_if all 9 | =garp_extra_if 8"),
  },
  {
    where: "delays of an interface",
    block: "",
    open: "interface_up_down_delays {",
    plain: "eth1 2",
    close: "}",
    options: words("1 | =eth1 1"),
  },
  {
    where: "linkbeat",
    block: "",
    open: "linkbeat_interfaces {",
    plain: "eth1",
    close: "}",
    options: words("ETHTOOL | IOCTL"),
  },
];

/**
 * Left out, since it asks for what is done in any case: `dynamic_interfaces allow_if_changes`, an interface that comes back
 * under its name is the same one, whatever it is made of.
 */
interface Options {
  readonly where: string;
  readonly block: string;
  readonly open: string;
  readonly plain: string;
  readonly close: string;
  /** With a `=` in front, the whole line. */
  readonly options: readonly string[];
}

function words(text: string): readonly string[] {
  return text.split("|").map((word) => word.trim());
}
