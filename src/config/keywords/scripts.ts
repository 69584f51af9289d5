import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";

const { acted, integer, optional, seconds, word, NONE } = k;

const WEIGHT = [integer(-254, 254, "WEIGHT"), optional(k.choice("reverse", "noreverse"))];

/** keepalived 2.4; a line that tracks the file may say -254 to 254. */
const FACTOR = [integer(-2147483647, 2147483647, "WEIGHT"), optional(k.choice("reverse", "noreverse"))];

/** `vrrp_script` and the other blocks of tracked things. */
export const TRACKER_BLOCKS: readonly KeywordSpec[] = [
  acted("vrrp_script", [k.NAME], "A program whose exit status says whether a service works", {
    block: k.keywords(script()),
    repeated: "every",
  }),
  acted("vrrp_track_process", [k.NAME], "A process that must run", {
    block: k.keywords(process()),
    repeated: "every",
  }),
  acted("track_file", [k.NAME], "A file with a number in it", {
    block: k.keywords(file()),
    repeated: "every",
  }),
  acted("vrrp_track_file", [k.NAME], "Old name of track_file", {
    block: k.keywords(file()),
    repeated: "every",
    replacedBy: "track_file",
  }),
];

function script(): readonly KeywordSpec[] {
  return [
    acted("script", [k.COMMAND], "The program and its arguments, in one pair of quotes; no shell reads it"),
    acted("interval", [seconds(0, 1_000_000)], "Time between runs", { default: "1", unit: "s" }),
    acted("timeout", [seconds(0, 1_000_000)], "Longer counts as failure", { default: "the interval", unit: "s" }),
    acted(
      "weight",
      [integer(-254, 254, "WEIGHT"), optional(k.choice("reverse", "noreverse"))],
      "Change of priority; 0: failure is FAULT",
      {
        default: "0",
      },
    ),
    acted("rise", [integer(1, 2147483647)], "Successes in a row until it counts as up", {
      default: "1",
      unit: "count",
    }),
    acted("fall", [integer(1, 2147483647)], "Failures in a row until it counts as down", {
      default: "1",
      unit: "count",
    }),
    acted("user", k.USER, "Account it runs under", { default: "script_user" }),
    acted("init_fail", NONE, "Counts as failed until it has succeeded"),
  ];
}

function process(): readonly KeywordSpec[] {
  return [
    acted("process", [word("NAME"), k.REST], "Name of the process; with arguments, its whole command line", {
      repeated: "first",
    }),
    acted("param_match", [optional(k.choice("initial", "partial"))], "How arguments are compared", {
      default: "all of them, where there are any",
    }),
    acted("full_command", NONE, "Compares the first word of the command line, not the kernel's name"),
    acted("weight", WEIGHT, "Change of priority; 0: too few, or too many, is FAULT", {
      default: "0",
      repeated: "first",
    }),
    acted("quorum", [integer(1, 65_535)], "How many must run", { default: "1", unit: "count" }),
    acted("quorum_max", [integer(0, 65_535)], "How many may run", { default: "any number", unit: "count" }),
    acted("delay", [seconds(0.000001, 3600)], "Patience with changes of both kinds", { default: "0", unit: "s" }),
    acted("fork_delay", [seconds(0.000001, 3600)], "Patience with what a fork changed", { default: "0", unit: "s" }),
    acted("terminate_delay", [seconds(0.000001, 3600)], "Patience with what an end changed", {
      default: "0",
      unit: "s",
    }),
  ];
}

function file(): readonly KeywordSpec[] {
  return [
    acted("file", [k.PATH], "Path of the file, which need not be there", { repeated: "first" }),
    acted("weight", FACTOR, "Factor of its number; 0: any number but 0 is FAULT", {
      default: "1",
      repeated: "first",
    }),
    acted("init_file", [k.REST], "Makes the file at the start: [VALUE] [overwrite]"),
  ];
}
