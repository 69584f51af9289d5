import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";

const { acted, parsed, integer, optional, seconds, word, NONE, SWITCH } = k;

/** Static addresses and routes, BFD, and what else stands outside of instances. */
export const OTHER_BLOCKS: readonly KeywordSpec[] = [
  acted("static_ipaddress", NONE, "Addresses that are always there", { block: k.lines("address"), repeated: "every" }),
  acted("static_routes", NONE, "Routes that are always there", { block: k.lines("route"), repeated: "every" }),
  acted("static_rules", NONE, "Routing rules that are always there", { block: k.lines("rule"), repeated: "every" }),
  acted("track_group", [k.NAME], "Instances that depend on static entries", {
    block: k.keywords([acted("group", NONE, "Names of the instances", { block: k.lines("members") })]),
    repeated: "every",
  }),
  parsed("bfd_instance", [k.NAME], "A BFD session", {
    block: k.keywords(bfd()),
    repeated: "every",
    consequence: "no session is opened",
  }),
  acted("garp_group", NONE, "Interfaces that share the pace of gratuitous ARP", {
    block: k.keywords([
      acted("garp_interval", [seconds(0, 86_400)], "Pause between frames", { unit: "s" }),
      acted("gna_interval", [seconds(0, 86_400)], "Pause between neighbour advertisements", { unit: "s" }),
      acted("interface", [k.INTERFACE], "One interface"),
      acted("interfaces", NONE, "Several", { block: k.lines("members") }),
    ]),
    repeated: "every",
  }),
  acted("interface_up_down_delays", NONE, "How long a change of a link must last: INTERFACE DOWN [UP]", {
    block: k.lines("other"),
    repeated: "every",
  }),
  acted("linkbeat_interfaces", NONE, "Interfaces that are asked for their link state once a second", {
    block: k.lines("other"),
    repeated: "every",
  }),
  acted("linkbeat_use_polling", NONE, "Asks all interfaces in use for their link state once a second"),
  parsed("net_namespace", [k.NAME], "Runs in this network namespace", {
    consequence: "it runs in the namespace it is started in",
  }),
  parsed("net_namespace_ipvs", [k.NAME], "Network namespace of IPVS", { consequence: "no connections are balanced" }),
  parsed("namespace_with_ipsets", NONE, "Uses sets in a namespace", { consequence: "nothing is filtered" }),
  parsed("instance", [k.NAME], "Name of this daemon among several", { consequence: "files and logs carry no name" }),
  parsed("use_pid_dir", NONE, "Puts pid files into a folder", {
    consequence: "they lie where the command line says",
    harmless: true,
  }),
  parsed("child_wait_time", [integer(0, 86_400)], "Patience with processes at the end", {
    unit: "s",
    consequence: "it is Holdfast's own",
    harmless: true,
  }),
];

function bfd(): readonly KeywordSpec[] {
  const milliseconds = { unit: "ms" } as const;
  return [
    parsed("neighbor_ip", [k.ADDRESS], "The other end"),
    parsed("neighbour_ip", [k.ADDRESS], "The other end"),
    parsed("source_ip", [k.ADDRESS], "Source address"),
    parsed("min_rx", [integer(1, 4294967)], "Least time between packets heard", { ...milliseconds, default: "10" }),
    parsed("min_tx", [integer(1, 4294967)], "Least time between packets sent", { ...milliseconds, default: "10" }),
    parsed("idle_tx", [integer(1000, 4294967)], "The same while down", { ...milliseconds, default: "1000" }),
    parsed("multiplier", [integer(1, 255)], "Missed packets until it is down", { default: "5" }),
    parsed("passive", NONE, "Waits for the other end"),
    parsed("ttl", [integer(1, 255)], "TTL", { default: "255" }),
    parsed("hoplimit", [integer(1, 255)], "Hop limit", { default: "64" }),
    parsed("max_hops", [integer(-1, 255)], "Hops that are allowed", { default: "0" }),
    parsed("multihop", SWITCH, "Several hops"),
    parsed("weight", [integer(-254, 254, "WEIGHT"), optional(k.choice("reverse", "noreverse"))], "Change of priority", {
      default: "0",
    }),
    parsed("vrrp", NONE, "For instances"),
    parsed("checker", NONE, "For checks"),
    parsed("name", [word("NAME")], "Name"),
  ];
}
