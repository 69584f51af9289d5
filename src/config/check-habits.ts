import { formatPrefix } from "../base/address.ts";
import { micros, toSeconds } from "../base/time.ts";
import { commandsOf } from "./commands.ts";
import type { Report } from "./diagnostic.ts";
import type { Configuration } from "./model/configuration.ts";
import type { InstanceSettings } from "./model/instance.ts";
import { spanOfStatement, statementOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** What keepalived accepts in silence and what hurts later, as far as one file can tell. */
export function checkHabits(
  instances: readonly InstanceSettings[],
  blocks: ReadonlyMap<string, Statement>,
  report: Report,
): void {
  for (const instance of instances) {
    const block = blocks.get(instance.name)?.block ?? [];
    reportSamples(instance, block, report);
    reportWeights(instance, report);
    reportHaste(instance, block, report);
    reportLongLease(instance, block, report);
  }
  reportSharedAddresses(instances, report);
}

/** Says once that scripts run whose path anybody might change. */
export function checkScriptSecurity(configuration: Configuration, report: Report): void {
  const [first] = commandsOf(configuration);
  if (configuration.global.scriptSecurity || first === undefined) return;
  report({
    code: "SCRIPT_SECURITY_OFF",
    at: first.command.place,
    message: "Scripts run without enable_script_security: whoever may change one of them may become root",
    help: 'Add "enable_script_security" to global_defs, and a "script_user".',
  });
}

function reportSamples(instance: InstanceSettings, block: readonly Statement[], report: Report): void {
  const vrid = statementOf(block, "virtual_router_id");
  if (instance.vrid === SAMPLE_VRID && vrid !== undefined) {
    const message = `${SAMPLE_VRID} is the VRID of the sample file: somebody else on this network may have kept it too`;
    report({ code: "SAMPLE_VALUE", at: spanOfStatement(vrid), message });
  }
  const authentication = statementOf(block, "authentication")?.block ?? [];
  const pass = statementOf(authentication, "auth_pass");
  if (pass !== undefined && wordOf(authentication, "auth_pass") === SAMPLE_PASSWORD) {
    const message = `"${SAMPLE_PASSWORD}" is the password of the sample file: it keeps nobody out`;
    report({ code: "SAMPLE_VALUE", at: spanOfStatement(pass), message });
  }
}

function reportSharedAddresses(instances: readonly InstanceSettings[], report: Report): void {
  const holders = new Map<string, string>();
  for (const { name, virtualAddresses, excludedAddresses } of instances) {
    for (const { address, prefixLength, device, place } of [...virtualAddresses, ...excludedAddresses]) {
      const prefix = formatPrefix({ address, length: prefixLength });
      const holder = holders.get(`${device} ${prefix}`);
      if (holder === undefined) {
        holders.set(`${device} ${prefix}`, name);
        continue;
      }
      const message =
        holder === name
          ? `"${prefix}" is in virtual_ipaddress and in virtual_ipaddress_excluded`
          : `"${prefix}" on ${device} is an address of "${holder}" too: whichever steps down takes it from the other`;
      report({ code: "DUPLICATE_ADDRESS", at: place, message });
    }
  }
}

function reportWeights(instance: InstanceSettings, report: Report): void {
  const weighted = [
    ...instance.trackScripts.map((tracked) => ({ name: tracked.script, ...tracked })),
    ...instance.trackInterfaces.map((tracked) => ({ name: tracked.interface, ...tracked })),
    ...instance.trackProcesses.map((tracked) => ({ name: tracked.process, ...tracked })),
    ...instance.trackBfd.map((tracked) => ({ name: tracked.bfd, ...tracked })),
  ].filter((tracked) => tracked.weight !== 0);
  const first = weighted[0];
  if (first === undefined) return;
  if (!instance.preemptMode) {
    report({
      code: "NOPREEMPT_WITH_WEIGHTS",
      at: instance.place,
      message: `The instance "${instance.name}" has nopreempt, so no other node takes over when "${first.name}" lowers its priority`,
      help: 'With "weight 0" a failure is FAULT, which moves the addresses with nopreempt too.',
    });
  }
  for (const { name, weight, reverse } of weighted) {
    const amount = reverse ? -weight : weight;
    // Effective priorities are kept within 1 and 254.
    const reachable = amount > 0 ? Math.min(254, instance.priority + amount) : Math.max(1, instance.priority + amount);
    if (reachable !== instance.priority) continue;
    const message = `The weight ${weight} of "${name}" changes nothing: the priority ${instance.priority} is at its limit`;
    report({ code: "WEIGHT_CANNOT_MATTER", at: instance.place, message });
  }
}

/** Waiting for one advert alone, as down_timer_adverts or vrrp_down_timer_adverts may say. */
function reportHaste(instance: InstanceSettings, block: readonly Statement[], report: Report): void {
  if (instance.downTimerAdverts > 1) return;
  const statement = statementOf(block, "down_timer_adverts");
  report({
    code: "HASTY_TAKE_OVER",
    at: statement === undefined ? instance.place : spanOfStatement(statement),
    message: `The instance "${instance.name}" takes over when a single advert is lost or late, and two nodes hold the addresses`,
    help: "keepalived's default is 3. For a faster take-over use a shorter advert_int.",
  });
}

/** A lease that is still running when a backup takes over. Where all leases are too long, for adverts are fast, 2 s is usual. */
function reportLongLease(instance: InstanceSettings, block: readonly Statement[], report: Report): void {
  const { lease, fineLock, downTimerAdverts, advertisementInterval } = instance;
  const statement = statementOf(block, "vip_lease");
  if (typeof lease === "string" || statement === undefined) return;
  const wait = toSeconds(micros(downTimerAdverts * advertisementInterval));
  // The kernel removes an address a second late at most, or an eighth of its lifetime and what it rounds.
  const longest = Math.floor(Math.min(wait - 1, (wait - 0.3) / 1.125));
  if (lease.seconds <= Math.max(longest, USUAL_LEASE)) return;
  const isLocked = fineLock !== "off";
  report({
    code: "LEASE_TOO_LONG",
    at: spanOfStatement(statement),
    message:
      `After a crash the addresses stay for up to ${lease.seconds} s, and a backup takes over before` +
      (isLocked ? ": nf_tables alone keeps this node from answering then" : ", so two nodes answer"),
    help: longest < 1 ? "Leave it away." : `The longest lease that ends in time is ${longest}.`,
  });
}

/** What core/lease.ts takes where no whole number of seconds ends in time. */
const USUAL_LEASE = 2;
const SAMPLE_VRID = 51;
const SAMPLE_PASSWORD = "1111";
