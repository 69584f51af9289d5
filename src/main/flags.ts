import { parseMasterAddress } from "../config/master-address.ts";
import type { MasterAddress } from "../config/model/snmp.ts";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import type { SyslogFacility } from "../linux/datagram.ts";

/** What keepalived's command line said, with Holdfast's defaults where it said nothing. */
export interface Flags {
  /** Undefined: the default file. */
  readonly configurationFile: string | undefined;
  /** `-n`: stays in the foreground. */
  readonly foreground: boolean;
  /** `-l`: log lines go to standard error too. */
  readonly console: boolean;
  /** `-D`, given twice for more. */
  readonly detail: 0 | 1 | 2;
  /** `-t`, with the file that takes the messages; standard error without one. */
  readonly configTest: { readonly output: string | undefined } | undefined;
  /** `-S`; undefined with `-G`. */
  readonly syslogFacility: SyslogFacility | undefined;
  /** `-S` was given, so the operator wants syslog whatever else is set. */
  readonly syslogAsked: boolean;
  /** `-g`. */
  readonly logFile: string | undefined;
  readonly pidFile: string | undefined;
  readonly vrrpPidFile: string | undefined;
  readonly bfdPidFile: string | undefined;
  /** False with `-B`. */
  readonly bfd: boolean;
  /** False after `-C` without `-P`: health checkers alone. */
  readonly vrrp: boolean;
  /** `-V`: VIPs stay at exit. */
  readonly keepAddresses: boolean;
  /** `-a`: the log tells which addresses come and go. */
  readonly reportsAddresses: boolean;
  /** `--all`: processes run without anything to do, too. */
  readonly allProcesses: boolean;
  /** `--ignore-sigint`. */
  readonly ignoresInterrupt: boolean;
  /** False with `-R`. */
  readonly respawn: boolean;
  /** `-i`: the id for `@` lines. Undefined: the host's short name. */
  readonly configId: string | undefined;
  /** `-e`: every include must find a file. */
  readonly allConfig: boolean;
  /** `-u`, the bits of umask(2). */
  readonly umask: number | undefined;
  /** `-s`: the network namespace, before what the configuration says. */
  readonly namespace: string | undefined;
  /** `-x`: all tables of SNMP are served. */
  readonly snmp: boolean;
  /** `-A`: where the SNMP master agent listens, behind what the configuration says. */
  readonly snmpSocket: MasterAddress | undefined;
  /** `-d`: the configuration is written to the log at start. */
  readonly dump: boolean;
  /** `--signum`. */
  readonly signum: string | undefined;
  readonly help: boolean;
  readonly version: boolean;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  /** Set by the starter of a daemon for the process that stays. */
  readonly inBackground: boolean;
  /** One sentence per flag that is known and changes nothing in this version. */
  readonly warnings: readonly string[];
}

/**
 * Reads keepalived's flags as getopt_long(3) does: bundled short ones, an argument attached or in the next word, long
 * ones with `=` or the next word and by any unambiguous beginning.
 *
 * The error is one sentence for standard error.
 */
export function parseFlags(argv: readonly string[]): Result<Flags, string> {
  const draft = emptyDraft();
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    let refused: string | undefined;
    if (word === "--") {
      const rest = words.splice(0);
      refused = rest.length === 0 ? undefined : `Unexpected argument(s): ${rest.join(" ")}`;
    } else if (word.startsWith("--")) refused = takeLong(draft, word.slice(2), words);
    else if (word.startsWith("-") && word.length > 1) refused = takeShort(draft, word.slice(1), words);
    else refused = `Unexpected argument(s): ${word}`;
    if (refused !== undefined) return fail(refused);
  }
  // -P and -C each ask for one subsystem; together they ask for both.
  const { onlyVrrp, onlyCheckers, ...flags } = draft;
  return succeed({ ...flags, vrrp: onlyVrrp || !onlyCheckers });
}

/** The names of the long flags that an operator may use. */
export function flagNames(): readonly string[] {
  return OPTIONS.map(({ long }) => long).filter((long) => long !== "in-background");
}

/** Holds pid files and the control socket. */
export const DEFAULT_RUNTIME_DIRECTORY = "/run/holdfast";
/** Holds the journal. */
export const DEFAULT_STATE_DIRECTORY = "/var/lib/holdfast";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

interface Draft extends Omit<Writable<Flags>, "vrrp" | "warnings"> {
  warnings: string[];
  onlyVrrp: boolean;
  onlyCheckers: boolean;
}

interface Option {
  readonly short: string | undefined;
  readonly long: string;
  readonly argument: "none" | "required" | "optional";
  /** Changes the draft; a returned sentence refuses the command line. */
  readonly apply: (draft: Draft, value: string | undefined) => string | undefined;
}

function emptyDraft(): Draft {
  return {
    configurationFile: undefined,
    foreground: false,
    console: false,
    detail: 0,
    configTest: undefined,
    syslogFacility: "daemon",
    syslogAsked: false,
    logFile: undefined,
    pidFile: undefined,
    vrrpPidFile: undefined,
    bfdPidFile: undefined,
    bfd: true,
    keepAddresses: false,
    reportsAddresses: false,
    allProcesses: false,
    ignoresInterrupt: false,
    respawn: true,
    configId: undefined,
    allConfig: false,
    umask: undefined,
    namespace: undefined,
    snmp: false,
    snmpSocket: undefined,
    dump: false,
    signum: undefined,
    help: false,
    version: false,
    runtimeDirectory: DEFAULT_RUNTIME_DIRECTORY,
    stateDirectory: DEFAULT_STATE_DIRECTORY,
    inBackground: false,
    warnings: [],
    onlyVrrp: false,
    onlyCheckers: false,
  };
}

function takeLong(draft: Draft, text: string, words: string[]): string | undefined {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const attached = equals < 0 ? undefined : text.slice(equals + 1);
  const option = findLong(name);
  if (typeof option === "string") return option;
  if (option.argument === "none" && attached !== undefined) return `Option --${option.long} takes no argument`;
  if (option.argument !== "required") return option.apply(draft, attached);
  const value = attached ?? words.shift();
  if (value === undefined) return `Missing parameter for option --${option.long}`;
  return option.apply(draft, value);
}

function findLong(name: string): Option | string {
  const exact = OPTIONS.find((option) => option.long === name);
  if (exact !== undefined) return exact;
  const begun = OPTIONS.filter((option) => option.long.startsWith(name) && option.long !== "in-background");
  const [only] = begun;
  if (begun.length === 1 && only !== undefined) return only;
  if (begun.length > 1) {
    return `Option --${name} is ambiguous: ${begun.map((option) => `--${option.long}`).join(", ")}`;
  }
  return `${UNKNOWN_OPTION}${name}`;
}

function takeShort(draft: Draft, letters: string, words: string[]): string | undefined {
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters.charAt(at);
    const option = OPTIONS.find((candidate) => candidate.short === letter);
    if (option === undefined) return `Unknown option -${letter}`;
    if (option.argument === "none") {
      const refused = option.apply(draft, undefined);
      if (refused !== undefined) return refused;
      continue;
    }
    const attached = at + 1 < letters.length ? letters.slice(at + 1) : undefined;
    if (option.argument === "optional") return option.apply(draft, attached);
    const value = attached ?? words.shift();
    if (value === undefined) return `Missing parameter for option -${letter}`;
    return option.apply(draft, value);
  }
  return undefined;
}

function parseFacility(text: string): SyslogFacility | undefined {
  const local = LOCAL_FACILITIES.find((number) => text === `${number}` || text === `local${number}`);
  return local ?? (text === "daemon" ? text : undefined);
}

/** As strtol(3) with base 0 reads it: octal after a leading 0, hexadecimal after 0x, else decimal. */
function parseUmask(text: string): number | undefined {
  let mask = Number.NaN;
  if (/^0[0-7]*$/.test(text)) mask = Number.parseInt(text, 8);
  else if (/^0[xX][0-9a-fA-F]+$/.test(text)) mask = Number.parseInt(text.slice(2), 16);
  else if (/^[1-9][0-9]*$/.test(text)) mask = Number.parseInt(text, 10);
  return mask <= 0o777 ? mask : undefined;
}

function flag(short: string | undefined, long: string, set: (draft: Draft) => void): Option {
  return { short, long, argument: "none", apply: (draft) => (set(draft), undefined) };
}

function valued(short: string | undefined, long: string, set: (draft: Draft, value: string) => void): Option {
  return { short, long, argument: "required", apply: (draft, value) => (set(draft, value ?? ""), undefined) };
}

function withoutEffect(
  short: string | undefined,
  long: string,
  why: string,
  argument: Option["argument"] = "none",
): Option {
  return {
    short,
    long,
    argument,
    apply: (draft) => (draft.warnings.push(`--${long} has no effect: ${why}`), undefined),
  };
}

function refused(short: string | undefined, long: string, why: string, argument: Option["argument"] = "none"): Option {
  return { short, long, argument, apply: (_draft, value) => `--${long} is refused: ${why.replace("%s", value ?? "")}` };
}

const LOCAL_FACILITIES = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Begins the sentence about a long option that there is none of. */
export const UNKNOWN_OPTION = "Unknown option --";

const NO_CHECKERS = "this version has no health checkers";

const OPTIONS: readonly Option[] = [
  valued("f", "use-file", (draft, value) => {
    draft.configurationFile = value;
  }),
  flag("P", "vrrp", (draft) => {
    draft.onlyVrrp = true;
  }),
  flag("C", "check", (draft) => {
    draft.onlyCheckers = true;
  }),
  flag("B", "no_bfd", (draft) => {
    draft.bfd = false;
  }),
  flag(undefined, "all", (draft) => {
    draft.allProcesses = true;
  }),
  flag("l", "log-console", (draft) => {
    draft.console = true;
  }),
  flag("D", "log-detail", (draft) => {
    draft.detail = draft.detail === 0 ? 1 : 2;
  }),
  {
    short: "S",
    long: "log-facility",
    argument: "required",
    apply: (draft, value = "") => {
      draft.syslogFacility = parseFacility(value);
      draft.syslogAsked = true;
      if (draft.syslogFacility !== undefined) return undefined;
      return `Invalid log facility '${value}': 0-7, local0-local7 or daemon`;
    },
  },
  flag("G", "no-syslog", (draft) => {
    draft.syslogFacility = undefined;
  }),
  {
    short: "g",
    long: "log-file",
    argument: "optional",
    apply: (draft, value = "/var/log/holdfast.log") => {
      draft.logFile = value;
      return undefined;
    },
  },
  withoutEffect(undefined, "flush-log-file", "every line is written to the log file at once"),
  {
    short: "u",
    long: "umask",
    argument: "required",
    apply: (draft, value = "") => {
      draft.umask = parseUmask(value);
      return draft.umask === undefined ? `Invalid umask '${value}': a number from 0 to 0777` : undefined;
    },
  },
  withoutEffect("X", "release-vips", "VIPs are always released on a transition"),
  flag("V", "dont-release-vrrp", (draft) => {
    draft.keepAddresses = true;
  }),
  withoutEffect("I", "dont-release-ipvs", NO_CHECKERS),
  flag("R", "dont-respawn", (draft) => {
    draft.respawn = false;
  }),
  flag("n", "dont-fork", (draft) => {
    draft.foreground = true;
  }),
  flag("d", "dump-conf", (draft) => {
    draft.dump = true;
  }),
  valued("p", "pid", (draft, value) => {
    draft.pidFile = value;
  }),
  valued("r", "vrrp_pid", (draft, value) => {
    draft.vrrpPidFile = value;
  }),
  withoutEffect("c", "checkers_pid", NO_CHECKERS, "required"),
  valued("b", "bfd_pid", (draft, value) => {
    draft.bfdPidFile = value;
  }),
  refused("T", "genhash", "this version has no genhash; keepalived's own tool gives the same hashes"),
  flag("a", "address-monitoring", (draft) => {
    draft.reportsAddresses = true;
  }),
  flag("x", "snmp", (draft) => {
    draft.snmp = true;
  }),
  {
    short: "A",
    long: "snmp-agent-socket",
    argument: "required",
    apply: (draft, value = "") => {
      draft.snmpSocket = parseMasterAddress(value);
      if (draft.snmpSocket !== undefined) return undefined;
      return `Invalid SNMP agent socket '${value}': a path, or tcp:host:port`;
    },
  },
  valued("s", "namespace", (draft, value) => {
    draft.namespace = value;
  }),
  withoutEffect("m", "core-dump", "a JavaScript program leaves no useful core"),
  withoutEffect("M", "core-dump-pattern", "a JavaScript program leaves no useful core", "optional"),
  flag("e", "all-config", (draft) => {
    draft.allConfig = true;
  }),
  valued("i", "config-id", (draft, value) => {
    draft.configId = value;
  }),
  valued(undefined, "signum", (draft, value) => {
    draft.signum = value;
  }),
  {
    short: "t",
    long: "config-test",
    argument: "optional",
    apply: (draft, value) => {
      draft.configTest = { output: value };
      return undefined;
    },
  },
  withoutEffect(undefined, "perf", "there is no perf recording", "optional"),
  withoutEffect(undefined, "debug", "there are no debug options", "optional"),
  withoutEffect(undefined, "no-mem-check", "memory is checked by the language"),
  withoutEffect("L", "mem-check-log", "memory is checked by the language"),
  withoutEffect("O", "mem-err-terminate", "memory is checked by the language"),
  flag(undefined, "ignore-sigint", (draft) => {
    draft.ignoresInterrupt = true;
  }),
  valued(undefined, "runtime-dir", (draft, value) => {
    draft.runtimeDirectory = value;
  }),
  valued(undefined, "state-dir", (draft, value) => {
    draft.stateDirectory = value;
  }),
  flag(undefined, "in-background", (draft) => {
    draft.inBackground = true;
  }),
  flag("v", "version", (draft) => {
    draft.version = true;
  }),
  flag("h", "help", (draft) => {
    draft.help = true;
  }),
];
