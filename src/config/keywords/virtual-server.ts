import * as k from "../keyword.ts";
import type { BlockContent, KeywordSpec } from "../keyword.ts";
import { CHECKER_BLOCKS } from "./checkers.ts";

const { parsed, integer, optional, seconds, word, words, NONE, SWITCH } = k;

/** Blocks of the load balancer. */
export const SERVER_BLOCKS: readonly KeywordSpec[] = [
  parsed(
    "virtual_server",
    [words("ADDRESS [PORT] | fwmark MARK | group NAME")],
    "Balances connections over real servers",
    {
      block: k.keywords(virtualServer()),
      repeated: "every",
      consequence: "no connections are balanced and no real server is checked",
    },
  ),
  parsed("virtual_server_group", [k.NAME], "Addresses that share one pool", {
    block: k.lines("server"),
    repeated: "every",
    consequence: "no connections are balanced",
  }),
  parsed("SSL", NONE, "Certificate for SSL_GET", {
    block: k.keywords(ssl()),
    consequence: "no real server is checked",
  }),
];

function virtualServer(): readonly KeywordSpec[] {
  return [
    ...timing(),
    ...method(),
    parsed("protocol", [k.choice("TCP", "UDP", "SCTP")], "Protocol of the connections", { default: "UDP" }),
    parsed("persistence_timeout", [optional(integer(1, 2147483647))], "Keeps a client with its server", {
      default: "360",
      unit: "s",
    }),
    parsed("persistence_granularity", [word("MASK")], "What counts as one client"),
    parsed("persistence_engine", [word("ENGINE")], "Further ways to know a client"),
    parsed("ip_family", [k.choice("inet", "inet6")], "Family of a firewall mark"),
    parsed("ha_suspend", NONE, "Checks only while the address is here"),
    parsed("alpha", SWITCH, "Real servers are down until checked"),
    parsed("omega", SWITCH, "Runs the scripts for down at the end"),
    parsed("quorum", [integer(1, 2147483647)], "Weight that must be up", { default: "1" }),
    parsed("hysteresis", [integer(0, 2147483647)], "Slack around the quorum", { default: "0" }),
    parsed("quorum_up", [k.COMMAND], "Runs when the quorum is reached"),
    parsed("quorum_down", [k.COMMAND], "Runs when the quorum is lost"),
    parsed("weight", [integer(0, 2147483647)], "Weight of real servers that name none", { default: "1" }),
    parsed("inhibit_on_failure", SWITCH, "Weight 0 instead of removal"),
    parsed("virtualhost", [word("HOST")], "Host header of HTTP checks"),
    parsed("snmp_name", [word("NAME")], "Name in SNMP"),
    parsed("smtp_alert", SWITCH, "Mails on every change"),
    parsed("sorry_server", [words("ADDRESS [PORT]")], "Serves when nobody else does"),
    parsed("sorry_server_inhibit", SWITCH, "Weight 0 instead of removal for it"),
    parsed("sorry_server_lvs_method", [words("METHOD")], "Forwarding to it"),
    parsed("real_server", [words("ADDRESS [PORT]")], "One server of the pool", {
      block: realServer(),
      repeated: "every",
    }),
    parsed("nat_mask", [word("MASK")], "Forgotten by keepalived", { obsolete: true }),
    parsed("net_mask", [word("MASK")], "Never known to keepalived", { obsolete: true }),
  ];
}

function realServer(): BlockContent {
  return k.keywords(CHECKER_BLOCKS, timing(), [
    parsed("weight", [integer(0, 2147483647)], "Share of the connections", { default: "1" }),
    parsed("lvs_method", [words("METHOD")], "Forwarding"),
    parsed("notify_up", [k.COMMAND], "Runs when it comes up"),
    parsed("notify_down", [k.COMMAND], "Runs when it goes down"),
    parsed("uthreshold", [integer(0, 2147483647)], "Most connections"),
    parsed("lthreshold", [integer(0, 2147483647)], "Connections until it takes more again"),
    parsed("inhibit_on_failure", SWITCH, "Weight 0 instead of removal"),
    parsed("alpha", SWITCH, "It is down until checked"),
    parsed("smtp_alert", SWITCH, "Mails on every change", { default: "on" }),
    parsed("virtualhost", [word("HOST")], "Host header of HTTP checks"),
    parsed("snmp_name", [word("NAME")], "Name in SNMP"),
  ]);
}

function timing(): readonly KeywordSpec[] {
  return [
    parsed("delay_loop", [seconds(0, 1_000_000)], "Time between checks", { default: "60", unit: "s" }),
    parsed("retry", [integer(0, 4294967295)], "Further failures needed"),
    parsed("delay_before_retry", [seconds(0, 1_000_000)], "Time between those", { unit: "s" }),
    parsed("warmup", [seconds(0, 1_000_000)], "Random delay of the first check", { unit: "s" }),
    parsed("connect_timeout", [seconds(0, 1_000_000)], "Patience with a connection", { default: "5", unit: "s" }),
  ];
}

function method(): readonly KeywordSpec[] {
  const schedulers = [word("SCHEDULER")];
  const flags = ["sh-port", "sh-fallback", "mh-port", "mh-fallback", "ops", "flag-1", "flag-2", "flag-3", "hashed"];
  return [
    parsed("lb_algo", schedulers, "Scheduler", { default: "wlc" }),
    parsed("lvs_sched", schedulers, "Scheduler", { default: "wlc" }),
    parsed("lb_kind", [words("METHOD")], "Forwarding", { default: "NAT" }),
    parsed("lvs_method", [words("METHOD")], "Forwarding", { default: "NAT" }),
    ...flags.map((flag) => parsed(flag, NONE, "Flag of the scheduler")),
  ];
}

function ssl(): readonly KeywordSpec[] {
  return [
    parsed("password", [word("PASSWORD")], "Password of the key"),
    parsed("ca", [k.PATH], "Certificate of the authority"),
    parsed("certificate", [k.PATH], "Certificate"),
    parsed("key", [k.PATH], "Key"),
  ];
}
