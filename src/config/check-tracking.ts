import { clampWeight } from "./check-scripts.ts";
import type { KnownScript } from "./check-scripts.ts";
import type { Report } from "./diagnostic.ts";
import type { TrackedInterface, TrackedScript, TrackWeight } from "./model.ts";
import { closest } from "./suggest.ts";
import { spanOfToken } from "./tokens.ts";
import { spanOfStatement, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads the track_script blocks of an instance or a group. A script must be known; keepalived ignores those whose block comes later,
 * so a line that works here alone is told. An owner's priority never changes: weights are dropped for it.
 */
export function readTrackedScripts(
  block: readonly Statement[],
  scripts: ReadonlyMap<string, KnownScript>,
  owner: boolean,
  report: Report,
): readonly TrackedScript[] {
  const tracked: TrackedScript[] = [];
  for (const line of linesOf(block, "track_script")) {
    const name = line.keyword.text;
    const at = spanOfToken(line.keyword);
    const known = scripts.get(name);
    if (known === undefined) {
      const meant = closest(name, [...scripts.keys()]);
      const help = meant === undefined ? undefined : `Did you mean "${meant}"?`;
      report({ code: "UNKNOWN_SCRIPT", at, message: `There is no vrrp_script "${name}" that can be tracked`, help });
      continue;
    }
    const definition = spanOfToken(known.statement.keyword);
    if (definition.file === at.file && definition.line > at.line) {
      const message = `keepalived ignores "${name}" here: its vrrp_script comes later, in line ${definition.line}`;
      report({ code: "SCRIPT_DEFINED_LATER", at, message, help: "Move the vrrp_script before the instance." });
    }
    if (tracked.some((other) => other.script === name)) {
      report({ code: "DUPLICATE_TRACKER", at, message: `"${name}" is tracked already; this line is ignored` });
      continue;
    }
    const weight = readWeight(line, known.weight, report);
    if (!isDroppedForOwner(weight, owner, line, report)) tracked.push({ script: name, ...weight });
  }
  return tracked;
}

/** Reads the track_interface blocks of an instance, or of a group, which has no interface; its own interface is refused. */
export function readTrackedInterfaces(
  block: readonly Statement[],
  ownInterface: string | undefined,
  owner: boolean,
  report: Report,
): readonly TrackedInterface[] {
  const tracked: TrackedInterface[] = [];
  for (const line of linesOf(block, "track_interface")) {
    const name = line.keyword.text;
    const at = spanOfToken(line.keyword);
    if (name === ownInterface) {
      const message = `"${name}" is the instance's own interface, which is tracked in any case; this line is ignored`;
      report({ code: "OWN_INTERFACE_TRACKED", at, message });
      continue;
    }
    if (tracked.some((other) => other.interface === name)) {
      report({ code: "DUPLICATE_TRACKER", at, message: `"${name}" is tracked already; this line is ignored` });
      continue;
    }
    const weight = readWeight(line, { weight: 0, reverse: false }, report);
    if (!isDroppedForOwner(weight, owner, line, report)) tracked.push({ interface: name, ...weight, place: at });
  }
  return tracked;
}

/** The lines of all blocks with this keyword. */
function linesOf(block: readonly Statement[], keyword: string): readonly Statement[] {
  return statementsOf(block, keyword).flatMap((statement) => statement.block ?? []);
}

/** `NAME [weight N [reverse|noreverse]]`: what the line says, else what the block of the script says. */
function readWeight(line: Statement, inherited: TrackWeight, report: Report): TrackWeight {
  let { weight, reverse } = inherited;
  const { words } = line;
  for (let index = 0; index < words.length; index++) {
    const option = words[index];
    if (option === undefined) break;
    const value = words[index + 1];
    if (option.text === "weight" && value !== undefined) {
      index += 1;
      if (/^[+-]?\d+$/.test(value.text) && Math.abs(Number(value.text)) <= 254) {
        weight = clampWeight(Number(value.text), line, report);
        reverse = false;
      } else {
        const message = `A weight is -253 to 253, not "${value.text}"; it is ignored`;
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
