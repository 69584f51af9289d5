import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";

const { acted, parsed, integer, optional, seconds, NONE, SWITCH } = k;

/** Static addresses and routes, BFD, and what else stands outside of instances. */
export const OTHER_BLOCKS: readonly KeywordSpec[] = [
  acted("static_ipaddress", NONE, "Addresses that are always there", { block: k.lines("address"), repeated: "every" }),
  acted("static_routes", NONE, "Routes that are always there", { block: k.lines("route"), repeated: "every" }),
  acted("static_rules", NONE, "Routing rules that are always there", { block: k.lines("rule"), repeated: "every" }),
  acted("track_group", [k.NAME], "Instances that depend on static entries", {
    block: k.keywords([acted("group", NONE, "Names of the instances", { block: k.lines("members") })]),
    repeated: "every",
  }),
  acted("bfd_instance", [k.NAME], "A BFD session", {
    block: k.keywords(bfd()),
    repeated: "every",
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
  acted("net_namespace", [k.NAME], "The vrrp process runs in this network namespace"),
  parsed("net_namespace_ipvs", [k.NAME], "Network namespace of IPVS", { consequence: "no connections are balanced" }),
  parsed("namespace_with_ipsets", NONE, "Uses sets in a namespace", {
    consequence: "no_accept works by the table holdfast_vrrp of nf_tables",
    harmless: true,
  }),
  acted("instance", [k.NAME], "Name of this daemon among several, for its folders and its log"),
  parsed("use_pid_dir", NONE, "Puts pid files into a folder", {
    consequence: "they lie in a folder in any case",
    harmless: true,
  }),
  acted("child_wait_time", [integer(0, 86_400)], "Patience with processes at the end; at least 5 s", {
    unit: "s",
    default: "5",
  }),
];

function bfd(): readonly KeywordSpec[] {
  const milliseconds = { unit: "ms" } as const;
  const address = { repeated: "every" } as const;
  return [
    acted("neighbor_ip", [k.ADDRESS], "The other end", address),
    acted("neighbour_ip", [k.ADDRESS], "The other end", address),
    acted("source_ip", [k.ADDRESS], "Source address", { default: "the kernel's choice" }),
    acted("min_rx", [k.milliseconds(1, 4294967)], "Least time between packets heard", {
      ...milliseconds,
      default: "10",
    }),
    acted("min_tx", [k.milliseconds(1, 4294967)], "Least time between packets sent", {
      ...milliseconds,
      default: "10",
    }),
    acted("idle_tx", [k.milliseconds(1000, 4294967)], "The same while down", { ...milliseconds, default: "1000" }),
    acted("multiplier", [integer(1, 255)], "Missed packets until it is down", { default: "5" }),
    acted("passive", NONE, "Waits for the other end"),
    acted("ttl", [integer(1, 255)], "TTL", { default: "255" }),
    acted("hoplimit", [integer(1, 255)], "Hop limit", { default: "255; from the other end 64 will do" }),
    acted("max_hops", [integer(-1, 255)], "Routers that packets may have crossed; -1 or 255: any number", {
      default: "0; with multihop any number",
    }),
    acted("multihop", SWITCH, "Over routers: another port, and no demand on the TTL", { default: "off" }),
    acted("weight", [integer(-253, 253, "WEIGHT"), optional(k.choice("reverse", "noreverse"))], "Change of priority", {
      default: "0",
    }),
    acted("vrrp", NONE, "For instances; with neither word for instances and checks"),
    parsed("checker", NONE, "For checks", { consequence: "this version has no checks", harmless: true }),
  ];
}
