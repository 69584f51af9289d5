import * as k from "../keyword.ts";
import type { KeywordSpec } from "../keyword.ts";

const { acted, parsed, integer, optional, seconds, word, NONE } = k;

const WEIGHT = [integer(-254, 254, "WEIGHT"), optional(k.choice("reverse", "noreverse"))];

/** `vrrp_script` and the other blocks of tracked things. */
export const TRACKER_BLOCKS: readonly KeywordSpec[] = [
  acted("vrrp_script", [k.NAME], "A program whose exit status says whether a service works", {
    block: k.keywords(script()),
    repeated: "every",
  }),
  parsed("vrrp_track_process", [k.NAME], "A process that must run", {
    block: k.keywords(process()),
    repeated: "every",
    consequence: "processes are not watched",
  }),
  parsed("track_file", [k.NAME], "A file with a number in it", {
    block: k.keywords(file()),
    repeated: "every",
    consequence: "files are not watched",
  }),
  parsed("vrrp_track_file", [k.NAME], "Old name of track_file", {
    block: k.keywords(file()),
    repeated: "every",
    replacedBy: "track_file",
    consequence: "files are not watched",
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
  const delay = { unit: "s" } as const;
  return [
    parsed("process", [word("NAME"), k.REST], "Name of the process, and its arguments"),
    parsed("param_match", [k.choice("initial", "partial")], "How arguments are compared"),
    parsed("full_command", NONE, "Compares the whole command line"),
    parsed("weight", WEIGHT, "Change of priority", { default: "0" }),
    parsed("quorum", [integer(1, 65_535)], "How many must run", { default: "1" }),
    parsed("quorum_max", [integer(0, 65_535)], "How many may run"),
    parsed("delay", [seconds(0.000001, 3600)], "Patience with changes", delay),
    parsed("fork_delay", [seconds(0.000001, 3600)], "Patience with new ones", delay),
    parsed("terminate_delay", [seconds(0.000001, 3600)], "Patience with missing ones", delay),
  ];
}

function file(): readonly KeywordSpec[] {
  return [
    parsed("file", [k.PATH], "Path of the file"),
    parsed("weight", WEIGHT, "Factor of its number", { default: "1" }),
    parsed("init_file", [optional(word("VALUE")), optional(k.choice("overwrite"))], "Makes the file at the start"),
  ];
}
