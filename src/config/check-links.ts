import { EVERY_INTERFACE } from "../base/every-interface.ts";
import { micros, seconds, toSeconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import type { Report } from "./diagnostic.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { LinkPolling, LinkSettings } from "./model/trackers.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement, statementOf, statementsOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/**
 * Reads interface_up_down_delays, linkbeat_interfaces and linkbeat_use_polling, the latter of the root and of instances. Of
 * an interface that stands there twice the last line counts.
 *
 * A delay is cut down to what the instances on the interface can bear: a master whose link is down must find out before
 * its backups have taken over.
 */
export function checkLinks(
  tree: readonly Statement[],
  instances: readonly InstanceSettings[],
  report: Report,
): readonly LinkSettings[] {
  const patience = readDelays(tree, instances, report);
  const polled = readPolling(tree, instances, report);
  return [...new Set([...patience.keys(), ...polled.keys()])].map((name) => ({
    interface: name,
    down: patience.get(name)?.down ?? seconds(0),
    up: patience.get(name)?.up ?? seconds(0),
    polling: polled.get(name),
  }));
}

function readDelays(
  tree: readonly Statement[],
  instances: readonly InstanceSettings[],
  report: Report,
): ReadonlyMap<string, { readonly down: Micros; readonly up: Micros }> {
  const delays = new Map<string, { readonly down: Micros; readonly up: Micros }>();
  for (const line of linesOf(tree, "interface_up_down_delays")) {
    const [down, up, extra] = line.words;
    const name = line.keyword.text;
    const at = spanOfStatement(line);
    if (extra !== undefined) {
      const message = `Only the two delays of "${name}" are read; "${extra.text}" is ignored`;
      report({ code: "EXTRA_WORDS", at: spanOfToken(extra), message });
    }
    if (down === undefined) {
      const message = `There is no delay behind "${name}"; its changes count at once`;
      report({
        code: "MISSING_PARAMETER",
        at,
        message,
        help: "Each line holds: INTERFACE DOWN [UP]",
        effect: "logged",
      });
      continue;
    }
    const wanted = { down: readDelay(down, report), up: up === undefined ? seconds(0) : readDelay(up, report) };
    const bearable = bearableDelay(name, instances);
    if (bearable !== undefined && Math.max(wanted.down, wanted.up) > bearable) {
      const message = `The delay of "${name}" is cut to ${toSeconds(bearable)} s: a backup takes over soon after`;
      const help = "It has to be shorter than (down_timer_adverts - 1) x advert_int of each instance on it.";
      report({ code: "DELAY_TOO_LONG", at, message, help });
    }
    const cut = (delay: Micros): Micros => micros(Math.min(delay, bearable ?? delay));
    delays.set(name, { down: cut(wanted.down), up: cut(wanted.up) });
  }
  return delays;
}

function readDelay(word: Token, report: Report): Micros {
  const count = /^\d+(\.\d+)?$/.test(word.text) ? Number(word.text) : Infinity;
  if (count <= LONGEST_DELAY) return seconds(count);
  const message = `A delay is 0 to ${LONGEST_DELAY} seconds, not "${word.text}"; 0 is used`;
  report({ code: "OUT_OF_RANGE", at: spanOfToken(word), message });
  return seconds(0);
}

/** The shortest of the instances that run on the interface; undefined where there are none. */
function bearableDelay(name: string, instances: readonly InstanceSettings[]): Micros | undefined {
  const bearable = instances
    .filter((instance) => instance.interface === name)
    .map(({ downTimerAdverts, advertisementInterval }) => Math.max(0, (downTimerAdverts - 1) * advertisementInterval));
  return bearable.length === 0 ? undefined : micros(Math.min(...bearable));
}

function readPolling(
  tree: readonly Statement[],
  instances: readonly InstanceSettings[],
  report: Report,
): ReadonlyMap<string, LinkPolling> {
  const polled = new Map<string, LinkPolling>();
  const everywhere = statementOf(tree, "linkbeat_use_polling") !== undefined;
  const polling = new Set(
    statementsOf(tree, "vrrp_instance")
      .filter((statement) => statementOf(statement.block ?? [], "linkbeat_use_polling") !== undefined)
      .map((statement) => statement.words[0]?.text),
  );
  for (const instance of instances) {
    const hasInterface = instance.interface !== EVERY_INTERFACE;
    if (hasInterface && (everywhere || polling.has(instance.name))) polled.set(instance.interface, DEFAULT_POLLING);
    if (everywhere) for (const tracked of instance.trackInterfaces) polled.set(tracked.interface, DEFAULT_POLLING);
  }
  for (const line of linesOf(tree, "linkbeat_interfaces")) {
    const [how] = line.words;
    const wanted = POLLINGS.find((known) => known === how?.text);
    if (how !== undefined && wanted === undefined) {
      const message = `"${how.text}" is no way to ask for a link state; MII is tried first`;
      report({ code: "INVALID_CHOICE", at: spanOfToken(how), message, help: `There are ${POLLINGS.join(", ")}.` });
    }
    polled.set(line.keyword.text, wanted ?? DEFAULT_POLLING);
  }
  return polled;
}

function linesOf(tree: readonly Statement[], keyword: string): readonly Statement[] {
  return statementsOf(tree, keyword).flatMap((statement) => statement.block ?? []);
}

const LONGEST_DELAY = 255;
const POLLINGS: readonly LinkPolling[] = ["MII", "ETHTOOL", "IOCTL"];
const DEFAULT_POLLING: LinkPolling = "MII";
