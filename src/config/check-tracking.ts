import { clampWeight } from "./check-scripts.ts";
import type { KnownScript } from "./check-scripts.ts";
import type { Report } from "./diagnostic.ts";
import type { KnownBfd } from "./check-bfd.ts";
import type { KnownFile, KnownProcess } from "./check-trackers.ts";
import type { TrackedInterface, TrackedThings, TrackWeight } from "./model/trackers.ts";
import { closest } from "./suggest.ts";
import { spanOfToken } from "./tokens.ts";
import { spanOfStatement, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** All blocks of the file that something can track, by name. */
export interface KnownTrackers {
  readonly scripts: ReadonlyMap<string, KnownScript>;
  readonly files: ReadonlyMap<string, KnownFile>;
  readonly processes: ReadonlyMap<string, KnownProcess>;
  /** Those of which instances hear. */
  readonly bfd: ReadonlyMap<string, KnownBfd>;
}

/** Who tracks: an instance, or a group, whose own interface there is none of. */
export interface Tracking {
  readonly ownInterface: string | undefined;
  /** An owner's priority never changes: weights are dropped for it. */
  readonly owner: boolean;
}

/** Reads the track_script, track_interface, track_file, track_process and track_bfd blocks of an instance or a group. */
export function readTracked(
  block: readonly Statement[],
  known: KnownTrackers,
  tracking: Tracking,
  report: Report,
): TrackedThings {
  const scripts = readNamed(block, SCRIPTS, known.scripts, tracking.owner, report);
  const files = readNamed(block, FILES, known.files, tracking.owner, report);
  const processes = readNamed(block, PROCESSES, known.processes, tracking.owner, report);
  const sessions = readNamed(block, SESSIONS, known.bfd, tracking.owner, report);
  return {
    trackScripts: scripts.map(({ name, ...weight }) => ({ script: name, ...weight })),
    trackInterfaces: readInterfaces(block, tracking, report),
    trackFiles: files.map(({ name, ...weight }) => ({ file: name, ...weight })),
    trackProcesses: processes.map(({ name, ...weight }) => ({ process: name, ...weight })),
    trackBfd: sessions.map(({ name, ...weight }) => ({ bfd: name, ...weight })),
  };
}

/** What differs between the kinds of things that have a block of their own. */
interface NamedKind {
  /** The keyword of the block that tracks. */
  readonly keyword: "track_script" | "track_file" | "track_process" | "track_bfd";
  /** The keyword of the block that says what it is. */
  readonly definition: string;
  readonly unknown: "UNKNOWN_SCRIPT" | "UNKNOWN_TRACKER";
  readonly later: "SCRIPT_DEFINED_LATER" | "TRACKER_DEFINED_LATER";
  /** 254 is pulled in to 253 for scripts, interfaces and sessions, and taken as it is for files and processes. */
  readonly clamps: boolean;
}

/** A name must be known; keepalived ignores those whose block comes later, so a line that works here alone is told. */
function readNamed(
  block: readonly Statement[],
  kind: NamedKind,
  known: ReadonlyMap<string, { readonly weight: TrackWeight; readonly statement: Statement }>,
  owner: boolean,
  report: Report,
): readonly (TrackWeight & { readonly name: string })[] {
  const tracked: (TrackWeight & { readonly name: string })[] = [];
  for (const line of linesOf(block, kind.keyword)) {
    const name = line.keyword.text;
    const at = spanOfToken(line.keyword);
    const meant = known.get(name);
    if (meant === undefined) {
      const like = closest(name, [...known.keys()]);
      const help = like === undefined ? undefined : `Did you mean "${like}"?`;
      const message = `There is no ${kind.definition} "${name}" that can be tracked`;
      report({ code: kind.unknown, at, message, help });
      continue;
    }
    const definition = spanOfToken(meant.statement.keyword);
    if (definition.file === at.file && definition.line > at.line) {
      const message = `keepalived ignores "${name}" here: its ${kind.definition} comes later, in line ${definition.line}`;
      report({ code: kind.later, at, message, help: `Move the ${kind.definition} before it.` });
    }
    if (tracked.some((other) => other.name === name)) {
      report({ code: "DUPLICATE_TRACKER", at, message: `"${name}" is tracked already; this line is ignored` });
      continue;
    }
    const weight = readWeight(line, meant.weight, kind.clamps, report);
    if (!isDroppedForOwner(weight, owner, line, report)) tracked.push({ name, ...weight });
  }
  return tracked;
}

/** The instance's own interface is refused. */
function readInterfaces(
  block: readonly Statement[],
  { ownInterface, owner }: Tracking,
  report: Report,
): readonly TrackedInterface[] {
  const tracked: TrackedInterface[] = [];
  for (const line of linesOf(block, "track_interface")) {
    const name = line.keyword.text;
    const at = spanOfToken(line.keyword);
    if (name === ownInterface) {
      const message = `"${name}" is the instance's own interface; this line is ignored, as keepalived does`;
      const help = "Its going down is FAULT in any case, unless dont_track_primary stands there.";
      report({ code: "OWN_INTERFACE_TRACKED", at, message, help });
      continue;
    }
    if (tracked.some((other) => other.interface === name)) {
      report({ code: "DUPLICATE_TRACKER", at, message: `"${name}" is tracked already; this line is ignored` });
      continue;
    }
    const weight = readWeight(line, { weight: 0, reverse: false }, true, report);
    if (!isDroppedForOwner(weight, owner, line, report)) tracked.push({ interface: name, ...weight, place: at });
  }
  return tracked;
}

/** The lines of all blocks with this keyword. */
function linesOf(block: readonly Statement[], keyword: string): readonly Statement[] {
  return statementsOf(block, keyword).flatMap((statement) => statement.block ?? []);
}

/** `NAME [weight N [reverse|noreverse]]`: what the line says, else what the block of the thing says. */
function readWeight(line: Statement, inherited: TrackWeight, clamps: boolean, report: Report): TrackWeight {
  let { weight, reverse } = inherited;
  const { words } = line;
  for (let index = 0; index < words.length; index++) {
    const option = words[index];
    if (option === undefined) break;
    const value = words[index + 1];
    if (option.text === "weight" && value !== undefined) {
      index += 1;
      if (/^[+-]?\d+$/.test(value.text) && Math.abs(Number(value.text)) <= 254) {
        weight = clamps ? clampWeight(Number(value.text), line, report) : Number(value.text);
        reverse = false;
      } else {
        const limit = clamps ? 253 : 254;
        const message = `A weight is -${limit} to ${limit}, not "${value.text}"; it is ignored`;
        report({ code: "OUT_OF_RANGE", at: spanOfToken(value), message });
      }
    } else if ((option.text === "reverse" || option.text === "noreverse") && words[index - 2]?.text === "weight") {
      reverse = option.text === "reverse";
    } else if (option.text === "weight") {
      report({ code: "INVALID_NUMBER", at: spanOfToken(option), message: '"weight" needs a number behind it' });
    } else {
      const message = `A tracked name has no option "${option.text}"`;
      const help = "Each line holds one name: NAME [weight NUMBER [reverse|noreverse]]";
      report({ code: "UNKNOWN_OPTION", at: spanOfToken(option), message, help });
    }
  }
  return { weight, reverse };
}

function isDroppedForOwner(weight: TrackWeight, owner: boolean, line: Statement, report: Report): boolean {
  if (!owner || weight.weight === 0) return false;
  const message = `The priority 255 of an address owner never changes, so "${line.keyword.text}" is not tracked`;
  const help = 'Give it "weight 0", which means FAULT on failure, or a priority below 255.';
  report({ code: "TRACKER_IGNORED", at: spanOfStatement(line), message, help });
  return true;
}

const SCRIPTS: NamedKind = {
  keyword: "track_script",
  definition: "vrrp_script",
  unknown: "UNKNOWN_SCRIPT",
  later: "SCRIPT_DEFINED_LATER",
  clamps: true,
};
const FILES: NamedKind = {
  keyword: "track_file",
  definition: "track_file",
  unknown: "UNKNOWN_TRACKER",
  later: "TRACKER_DEFINED_LATER",
  clamps: false,
};
const PROCESSES: NamedKind = {
  keyword: "track_process",
  definition: "vrrp_track_process",
  unknown: "UNKNOWN_TRACKER",
  later: "TRACKER_DEFINED_LATER",
  clamps: false,
};
const SESSIONS: NamedKind = {
  keyword: "track_bfd",
  definition: "bfd_instance",
  unknown: "UNKNOWN_TRACKER",
  later: "TRACKER_DEFINED_LATER",
  clamps: true,
};
