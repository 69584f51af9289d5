import { toSeconds } from "../../base/time.ts";
import type { DumpFacts, InstanceFacts, ScriptFacts } from "./facts.ts";
import { STATE_NUMBERS, addressText, commandText, scriptsOf, wholeSeconds } from "./words.ts";
import { statisticsOf, type Statistics } from "./statistics.ts";

/**
 * keepalived.json: field names, their order and the numbers are keepalived's. Version 1 is a bare array of instances, version
 * 2 an object with the instances under `vrrp`.
 */
export function renderJson(facts: DumpFacts, version: 1 | 2): string {
  const instances = facts.instances.map((instance) => describe(instance, facts.scripts));
  // keepalived writes no newline; one does no harm to any reader of JSON.
  return `${JSON.stringify(version === 1 ? instances : { vrrp: instances, track_process: [] })}\n`;
}

function describe(
  instance: InstanceFacts,
  scripts: readonly ScriptFacts[],
): { readonly data: Readonly<Record<string, unknown>>; readonly stats: Statistics } {
  const { settings, held } = instance;
  const { announce, notify, virtualAddresses, excludedAddresses, trackInterfaces, trackScripts, authentication } =
    settings;
  const texts = (addresses: typeof virtualAddresses): readonly string[] =>
    addresses.map((address) => addressText(address, held.has(address)));
  const commands = trackScripts.map(({ script }) => scriptText(script, scripts));
  const data = {
    iname: settings.name,
    dont_track_primary: Number(!settings.trackOwnInterface),
    skip_check_adv_addr: Number(settings.skipCheckAdvertisedAddresses),
    strict_mode: 0,
    vmac_ifname: "",
    ifp_ifname: settings.interface,
    master_priority: instance.master?.priority ?? 0,
    last_transition: Math.round(instance.changedAtMs * 1_000) / 1_000_000,
    garp_delay: wholeSeconds(announce.delay),
    garp_refresh: wholeSeconds(announce.refresh),
    garp_rep: announce.repeat,
    garp_refresh_rep: announce.refreshRepeat,
    garp_lower_prio_delay: wholeSeconds(announce.lowerPriorityDelay),
    garp_lower_prio_rep: announce.lowerPriorityRepeat,
    lower_prio_no_advert: Number(!settings.answersLowerPriority),
    higher_prio_send_advert: Number(settings.answersHigherPriority),
    vrid: settings.vrid,
    base_priority: settings.priority,
    effective_priority: instance.effectivePriority,
    vipset: instance.state === "MASTER",
    promote_secondaries: settings.promotesSecondaries,
    adver_int: toSeconds(settings.advertisementInterval),
    master_adver_int: toSeconds(instance.masterInterval),
    accept: 1,
    nopreempt: !settings.preemptMode,
    preempt_delay: toSeconds(settings.preemptDelay),
    state: STATE_NUMBERS[instance.state],
    wantstate: STATE_NUMBERS[instance.wanted],
    version: settings.version,
    smtp_alert: notify.mail,
    notify_deleted: notify.tellsDeleted,
    ...Object.fromEntries(scriptsOf(notify).map(({ field, command }) => [field, commandText(command)])),
    ...(virtualAddresses.length === 0 ? {} : { vips: texts(virtualAddresses) }),
    ...(excludedAddresses.length === 0 ? {} : { evips: texts(excludedAddresses) }),
    ...(trackInterfaces.length === 0 ? {} : { track_ifp: trackInterfaces.map((tracked) => tracked.interface) }),
    ...(commands.length === 0 ? {} : { track_script: commands }),
    ...(settings.trackProcesses.length === 0
      ? {}
      : { track_process: settings.trackProcesses.map(({ process }) => process) }),
    auth_type: AUTHENTICATION_TYPES[authentication.kind],
    ...("password" in authentication ? { auth_data: authentication.password } : {}),
  };
  return { data, stats: statisticsOf(instance.counters) };
}

/** keepalived names a tracked script by its command. */
function scriptText(name: string, scripts: readonly ScriptFacts[]): string {
  const check = scripts.find(({ settings }) => settings.name === name)?.settings.check;
  if (check === undefined) return name;
  return "argv" in check ? commandText(check) : `<${check.openFile}`;
}

/** The Auth Type of RFC 2338; keepalived has a signature besides it. */
const AUTHENTICATION_TYPES = { none: 0, password: 1, header: 2, signature: 0 } as const;
