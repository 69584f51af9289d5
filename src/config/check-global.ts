import { ip } from "../base/address.ts";
import type { AddressFamily, IpAddress } from "../base/address.ts";
import { addressBytes, familyOf, isMulticast } from "../base/address.ts";
import { seconds } from "../base/time.ts";
import type { Micros } from "../base/time.ts";
import { readAnnounceDefaults, readPacing } from "./check-announcing.ts";
import { readBuffers } from "./check-buffers.ts";
import { readFifos } from "./check-fifos.ts";
import { readMail } from "./check-mail.ts";
import { readSnmp } from "./check-snmp.ts";
import type { VmacDefaults } from "./check-virtual-interfaces.ts";
import type { Report } from "./diagnostic.ts";
import type { AnnounceSettings } from "./model/announcing.ts";
import type { DumpSettings } from "./model/daemon.ts";
import type { GlobalSettings, ProcessSettings } from "./model/global.ts";
import type { ScriptUser } from "./model/script-command.ts";
import { scriptUserOf } from "./script-user.ts";
import { addressOf, integerOf, secondsOf, spanOfStatement, statementOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** What holds for an instance that does not say otherwise. */
export interface InstanceDefaults {
  readonly version: 2 | 3;
  readonly strict: boolean;
  /** Where adverts of each family go. */
  readonly groups: Readonly<Record<AddressFamily, IpAddress>>;
  readonly announce: AnnounceSettings;
  readonly downTimerAdverts: number;
  readonly answersLowerPriority: boolean;
  readonly answersHigherPriority: boolean;
  readonly checkUnicastSource: boolean;
  readonly skipCheckAdvertisedAddresses: boolean;
  readonly checksumAsV2: boolean;
  readonly ownerIgnoresAdverts: boolean;
  readonly notifyTimeout: Micros;
  readonly notifyConcurrent: boolean;
  readonly tellsPriorityChanges: boolean;
  readonly mailsChanges: boolean;
  readonly vmac: VmacDefaults;
}

/** Reads global_defs, all blocks of it as one. `groups` are the garp_group blocks, which stand outside. */
export function checkGlobal(
  block: readonly Statement[],
  groups: readonly Statement[],
  report: Report,
): { readonly settings: Omit<GlobalSettings, "daemon">; readonly defaults: InstanceDefaults } {
  return {
    settings: {
      routerId: wordOf(block, "router_id"),
      scriptSecurity: switchOf(block, "enable_script_security") ?? false,
      scriptUser: readUser(block, "script_user"),
      startupDelay: secondsOf(block, "vrrp_startup_delay") ?? seconds(0),
      delayAfterBoot: secondsOf(block, "vrrp_delay_after_boot") ?? seconds(0),
      logsUnknownVrids: switchOf(block, "log_unknown_vrids") ?? false,
      pacing: readPacing(block, groups, report),
      buffers: readBuffers(block, report),
      dynamicInterfaces: statementOf(block, "dynamic_interfaces") !== undefined,
      defaultInterface: wordOf(block, "default_interface") ?? "eth0",
      withoutLocalIgmp: switchOf(block, "disable_local_igmp") ?? false,
      supplementaryGroups: switchOf(block, "set_supplementary_groups") ?? false,
      processes: readProcesses(block),
      dumps: readDumps(block),
      fifos: readFifos(block, report),
      tellsStatesOnReload: switchOf(block, "fifo_write_vrrp_states_on_reload") ?? false,
      mail: readMail(block, report),
      snmp: readSnmp(block, report),
    },
    defaults: {
      version: integerOf(block, "vrrp_version") === 3 ? 3 : 2,
      strict: switchOf(block, "vrrp_strict") ?? false,
      groups: {
        ipv4: readGroup(block, "vrrp_mcast_group4", "ipv4", report) ?? ip("224.0.0.18"),
        ipv6: readGroup(block, "vrrp_mcast_group6", "ipv6", report) ?? ip("ff02::12"),
      },
      announce: readAnnounceDefaults(block, report),
      downTimerAdverts: integerOf(block, "vrrp_down_timer_adverts") ?? 3,
      answersLowerPriority: !(switchOf(block, "vrrp_lower_prio_no_advert") ?? false),
      answersHigherPriority: switchOf(block, "vrrp_higher_prio_send_advert") ?? false,
      checkUnicastSource: switchOf(block, "vrrp_check_unicast_src") ?? false,
      skipCheckAdvertisedAddresses: switchOf(block, "vrrp_skip_check_adv_addr") ?? false,
      checksumAsV2: switchOf(block, "v3_checksum_as_v2") ?? false,
      ownerIgnoresAdverts: switchOf(block, "vrrp_owner_ignore_adverts") ?? false,
      notifyTimeout: secondsOf(block, "notify_timeout") ?? seconds(10),
      notifyConcurrent: switchOf(block, "notify_concurrent") ?? false,
      tellsPriorityChanges: switchOf(block, "vrrp_notify_priority_changes") ?? false,
      mailsChanges: switchOf(block, "smtp_alert_vrrp") ?? switchOf(block, "smtp_alert") ?? false,
      vmac: {
        prefix: wordOf(block, "vmac_prefix") ?? "vrrp",
        addressPrefix: wordOf(block, "vmac_addr_prefix") ?? wordOf(block, "vmac_prefix") ?? "vrrp",
      },
    },
  };
}

/** `USER [[:]GROUP]` behind a keyword. */
export function readUser(block: readonly Statement[], keyword: string): ScriptUser | undefined {
  const [user, group] = statementOf(block, keyword)?.values ?? [];
  if (user?.kind !== "word") return undefined;
  return scriptUserOf(user.value, group?.kind === "word" ? group.value : undefined);
}

/** A multicast group of the family; anything else is a finding. */
export function readGroup(
  block: readonly Statement[],
  keyword: string,
  family: AddressFamily,
  report: Report,
): IpAddress | undefined {
  const group = addressOf(block, keyword);
  const statement = statementOf(block, keyword);
  if (group === undefined || statement === undefined) return undefined;
  if (familyOf(group) === family && isGroup(group)) return group;
  const message =
    family === "ipv4"
      ? `"${group}" is no multicast address of IPv4 (224.0.0.0/4)`
      : `"${group}" is no link-local multicast address of IPv6 (ff02::/16)`;
  report({ code: "INVALID_ADDRESS", at: spanOfStatement(statement), message });
  return undefined;
}

/** keepalived.conf(5): a group of IPv6 is link-local, whatever its flags (RFC 4291 section 2.7). */
function isGroup(group: IpAddress): boolean {
  return isMulticast(group) && (familyOf(group) === "ipv4" || ((addressBytes(group)[1] ?? 0) & 0x0f) === 0x02);
}

function readProcesses(block: readonly Statement[]): ProcessSettings {
  const keepalived = statementOf(block, "process_names") !== undefined;
  const own = (keyword: string): string | undefined => {
    const statement = statementOf(block, keyword);
    if (statement === undefined) return undefined;
    return wordOf(block, keyword) ?? `keepalived${keyword.replace(/_?process_name$/, "").replace(/^(?=.)/, "_")}`;
  };
  const supervisor = own("process_name") ?? (keepalived ? "keepalived" : undefined);
  const vrrp = own("vrrp_process_name") ?? (keepalived ? "keepalived_vrrp" : undefined);
  const bfd = own("bfd_process_name") ?? (keepalived ? "keepalived_bfd" : undefined);
  return {
    vrrpRealtimePriority: integerOf(block, "vrrp_rt_priority"),
    vrrpNice: integerOf(block, "vrrp_priority"),
    bfdRealtimePriority: integerOf(block, "bfd_rt_priority"),
    bfdNice: integerOf(block, "bfd_priority"),
    names:
      supervisor === undefined && vrrp === undefined && bfd === undefined
        ? undefined
        : {
            supervisor: supervisor ?? "holdfast",
            vrrp: vrrp ?? "holdfast_vrrp",
            bfd: bfd ?? "holdfast_bfd",
          },
  };
}

/** keepalived.conf(5) of 2.4 has `state_file_location` and so on, its program the other words. */
function readDumps(block: readonly Statement[]): DumpSettings {
  const file = (what: "state" | "stats" | "json"): string | undefined =>
    wordOf(block, `${what}_dump_file`) ?? wordOf(block, `${what}_file_location`);
  return {
    stateFile: file("state"),
    statsFile: file("stats"),
    jsonFile: file("json"),
    jsonVersion: integerOf(block, "json_version") === 2 ? 2 : 1,
    name: undefined,
  };
}
