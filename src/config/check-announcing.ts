import { seconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import type { Report } from "./diagnostic.ts";
import type { AnnounceSettings, ExtraAnnouncements, PacingGroup, PacingSettings } from "./model/announcing.ts";
import { spanOfToken } from "./tokens.ts";
import { integerOf, secondsOf, spanOfStatement, statementsOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** When and how often addresses are announced, where an instance does not say otherwise. */
export function readAnnounceDefaults(block: readonly Statement[], report: Report): AnnounceSettings {
  const delay = inSeconds(block, "vrrp_garp_master_delay");
  const repeat = integerOf(block, "vrrp_garp_master_repeat");
  const lowerDelay = inSeconds(block, "vrrp_garp_lower_prio_delay");
  const lowerRepeat = integerOf(block, "vrrp_garp_lower_prio_repeat");
  const minimal = switchOf(block, "vrrp_min_garp") ?? false;
  const commonDelay = delay ?? seconds(minimal ? 0 : 5);
  const commonRepeat = Math.max(1, repeat ?? (minimal ? 1 : 5));
  return {
    delay: commonDelay,
    repeat: commonRepeat,
    refresh: inSeconds(block, "vrrp_garp_master_refresh") ?? seconds(0),
    refreshRepeat: Math.max(1, integerOf(block, "vrrp_garp_master_refresh_repeat") ?? 1),
    lowerPriorityDelay: lowerDelay ?? commonDelay,
    lowerPriorityRepeat: lowerRepeat ?? commonRepeat,
    extra: readExtra(block, ["vrrp_garp_extra_if", "vrrp_vmac_garp_intvl"], undefined, report),
  };
}

/** The same of one instance. */
export function readAnnounce(
  block: readonly Statement[],
  inherited: AnnounceSettings,
  report: Report,
): AnnounceSettings {
  const repeat = (keyword: string): number | undefined => {
    const count = integerOf(block, keyword);
    return count === undefined ? undefined : Math.max(1, count);
  };
  return {
    delay: inSeconds(block, "garp_master_delay") ?? inherited.delay,
    repeat: repeat("garp_master_repeat") ?? inherited.repeat,
    refresh: inSeconds(block, "garp_master_refresh") ?? inherited.refresh,
    refreshRepeat: repeat("garp_master_refresh_repeat") ?? inherited.refreshRepeat,
    lowerPriorityDelay: inSeconds(block, "garp_lower_prio_delay") ?? inherited.lowerPriorityDelay,
    lowerPriorityRepeat: integerOf(block, "garp_lower_prio_repeat") ?? inherited.lowerPriorityRepeat,
    extra: readExtra(block, ["garp_extra_if", "vmac_garp_intvl"], inherited.extra, report),
  };
}

/** How fast announcements may leave: for all interfaces, and for those that share a pace in a garp_group. */
export function readPacing(block: readonly Statement[], groups: readonly Statement[], report: Report): PacingSettings {
  const taken = new Set<string>();
  return {
    arpInterval: secondsOf(block, "vrrp_garp_interval") ?? seconds(0),
    neighborInterval: secondsOf(block, "vrrp_gna_interval") ?? seconds(0),
    groups: groups.flatMap((statement) => readGroup(statement, taken, report) ?? []),
  };
}

function readGroup(statement: Statement, taken: Set<string>, report: Report): PacingGroup | undefined {
  const block = statement.block ?? [];
  const ignored = (message: string): undefined => {
    report({ code: "GARP_GROUP_IGNORED", at: spanOfToken(statement.keyword), message });
  };
  const arpInterval = secondsOf(block, "garp_interval");
  const neighborInterval = secondsOf(block, "gna_interval");
  if (arpInterval === undefined && neighborInterval === undefined) {
    return ignored("A garp_group without garp_interval and gna_interval means nothing");
  }
  const one = wordOf(block, "interface");
  const several = statementsOf(block, "interfaces").flatMap((list) => list.block ?? []);
  const interfaces: string[] = [];
  for (const name of [...(one === undefined ? [] : [one]), ...several.map((line) => line.keyword.text)]) {
    if (taken.has(name)) ignored(`The interface "${name}" is in a garp_group already; here it is left out`);
    else interfaces.push(name);
    taken.add(name);
  }
  if (interfaces.length === 0) return ignored("A garp_group without an interface means nothing");
  return { arpInterval: arpInterval ?? seconds(0), neighborInterval: neighborInterval ?? seconds(0), interfaces };
}

/** `[all] SECONDS`; 0 turns it off. */
function readExtra(
  block: readonly Statement[],
  keywords: readonly string[],
  inherited: ExtraAnnouncements | undefined,
  report: Report,
): ExtraAnnouncements | undefined {
  const statement = keywords.flatMap((keyword) => statementsOf(block, keyword)).at(-1);
  if (statement === undefined) return inherited;
  const texts = statement.words.map(({ text }) => text);
  const everywhere = texts[0] === "all";
  const count = everywhere ? texts[1] : texts[0];
  const period = count !== undefined && /^\d{1,5}$/.test(count) ? Number(count) : LONGEST_PERIOD + 1;
  if (period > LONGEST_PERIOD) {
    const message = `"${statement.keyword.text}" takes [all] and whole seconds from 0 to ${LONGEST_PERIOD}`;
    report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
    return inherited;
  }
  return period === 0 ? undefined : { period: seconds(period), everywhere };
}

function inSeconds(block: readonly Statement[], keyword: string): Micros | undefined {
  const count = integerOf(block, keyword);
  return count === undefined ? undefined : seconds(count);
}

/** A day. */
const LONGEST_PERIOD = 86_400;
