import type { IpAddress } from "../base/address.ts";
import { EVERY_INTERFACE } from "../base/every-interface.ts";
import { commandsOf } from "./commands.ts";
import { collectDiagnostics } from "./diagnostic.ts";
import type { Diagnostic, Report } from "./diagnostic.ts";
import type { Configuration } from "./model/configuration.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { ScriptCommand } from "./model/script-command.ts";
import type { Place } from "./place.ts";
import { findStopOfKeepalived } from "./stops-keepalived.ts";

/** What this host knows. Each answer is a look-up at this moment; undefined means that it cannot be told. */
export interface HostFacts {
  interfaceExists(name: string): boolean | undefined;
  /** Addresses of this host, without those that Holdfast or another VRRP daemon added. */
  ownAddresses(): readonly IpAddress[];
  accountExists(user: string, group: string | undefined): boolean | undefined;
  /** The program that `argv[0]` means: an absolute path, or a name that is searched for as execvp(3) does. */
  program(name: string): ProgramFacts;
  /** What is in a script; undefined where the absolute path is not one, or may not be read. */
  scriptText(path: string): string | undefined;
  /** What stands under a path; undefined where that cannot be told. */
  secret(path: string): SecretFacts | undefined;
}

export type SecretFacts = "missing" | "readable-by-others" | "private";

export type ProgramFacts =
  | { readonly kind: "unknown" }
  | { readonly kind: "missing" }
  | {
      readonly kind: "found";
      /** Absolute, without symbolic links. */
      readonly path: string;
      /** May be executed by the account that runs it, as far as permission bits tell. */
      readonly executable: boolean;
      /** Why somebody other than root could change it or a folder above it; undefined: nobody could. */
      readonly insecureBecause: string | undefined;
    };

/** Finds what is wrong with a configuration on this host: missing interfaces, programs and accounts, insecure scripts. */
export function checkHost(configuration: Configuration, facts: HostFacts): readonly Diagnostic[] {
  const { report, diagnostics } = collectDiagnostics();
  checkInterfaces(configuration, facts, report);
  const own = [...facts.ownAddresses(), ...configuration.statics.addresses.map(({ address }) => address)];
  for (const instance of configuration.instances) checkOwnAddresses(instance, own, report);
  for (const { keyword, command } of commandsOf(configuration)) {
    checkCommand(keyword, command, configuration, facts, report);
  }
  const user = configuration.global.scriptUser;
  if (user !== undefined && facts.accountExists(user.user, user.group) === false) {
    const place = commandsOf(configuration)[0]?.command.place ?? configuration.instances[0]?.place;
    const message = `There is no account "${user.user}"${groupText(user.group)}, which script_user names`;
    if (place !== undefined) report({ code: "UNKNOWN_ACCOUNT", at: place, message });
  }
  checkSecuredUser(configuration, report);
  checkTelling(configuration.global, facts, report);
  return diagnostics;
}

function checkInterfaces({ global, instances, statics }: Configuration, facts: HostFacts, report: Report): void {
  const own = instances
    .filter((instance) => instance.interface !== EVERY_INTERFACE)
    .map((instance): NamedInterface => {
      return { name: instance.interface, place: instance.interfacePlace ?? instance.place, effect: "stops-start" };
    });
  // Without a tracked one, or one of an address, the instance runs; without its own nothing does, as with keepalived.
  const others = instances.flatMap((instance) => [
    ...instance.trackInterfaces.map((tracked): NamedInterface => {
      return { name: tracked.interface, place: tracked.place ?? instance.place, effect: "refuses-reload" };
    }),
    ...[...instance.virtualAddresses, ...instance.excludedAddresses].map((address): NamedInterface => {
      return { name: address.device, place: address.place, effect: "refuses-reload" };
    }),
  ]);
  const routing = [...instances.flatMap((instance) => instance.routing), ...statics.routing];
  for (const { route, place } of routing.flatMap((entry) => (entry.kind === "route" ? [entry] : []))) {
    for (const { device } of route.hops) {
      if (device !== undefined) others.push({ name: device, place, effect: "refuses-reload" });
    }
  }
  for (const { device, place } of statics.addresses) others.push({ name: device, place, effect: "refuses-reload" });
  // What the process makes itself need not be there; what it lies on must.
  const made = instances.flatMap((instance) => instance.virtualInterfaces);
  for (const { base, place } of made)
    if (place !== undefined) others.push({ name: base, place, effect: "refuses-reload" });
  const seen = new Set<string>(made.map(({ name }) => name));
  // Each is told once, where its absence matters most.
  for (const { name, place, effect } of [...own, ...others]) {
    if (seen.has(name) || facts.interfaceExists(name) !== false) continue;
    seen.add(name);
    const message = `There is no interface "${name}" on this host`;
    const help = "Their names: ip -brief link. One that comes later needs dynamic_interfaces in global_defs.";
    const weight = global.dynamicInterfaces ? ({ severity: "warning", effect: "logged" } as const) : { effect };
    report({ code: "UNKNOWN_INTERFACE", at: place, message, help, ...weight });
  }
}

/**
 * keepalived 2.2 runs as root what names no account where keepalived_script is missing, and Holdfast follows it: what a file
 * had run so far must not stop to run. 2.4 does not, with `enable_script_security`.
 */
function checkSecuredUser(configuration: Configuration, report: Report): void {
  const { scriptSecurity, scriptUser } = configuration.global;
  const command = commandsOf(configuration).find((each) => each.command.user === undefined)?.command;
  if (!scriptSecurity || scriptUser !== undefined || command === undefined) return;
  const message = "There is no account keepalived_script, so scripts run as root; keepalived 2.4 would not run them";
  const help = "Make that account, or name another one in global_defs, such as: script_user root";
  report({ code: "SCRIPTS_AS_ROOT", at: command.place, message, help });
}

/** Owners of FIFOs, and the file with the password for the mail server. */
function checkTelling({ fifos, mail }: Configuration["global"], facts: HostFacts, report: Report): void {
  for (const { owner, keyword, path, place } of fifos) {
    if (owner === undefined || facts.accountExists(owner.user, owner.group) !== false) continue;
    const message = `There is no account "${owner.user}"${groupText(owner.group)}, so "${path}" behind "${keyword}" is not opened`;
    report({ code: "UNKNOWN_ACCOUNT", at: place, message });
  }
  if (mail?.login === undefined) return;
  const { passwordFile, place } = mail.login;
  const secret = facts.secret(passwordFile);
  if (secret === "missing") {
    const message = `There is no file "${passwordFile}" with the password for the mail server: mails wait until there is one`;
    report({ code: "PASSWORD_FILE_MISSING", at: place, message });
  } else if (secret === "readable-by-others") {
    const message = `"${passwordFile}" may be read or changed by others, so the password in it is not used`;
    const help = `chown root:root ${passwordFile} && chmod 600 ${passwordFile}`;
    report({ code: "PASSWORD_FILE_INSECURE", at: place, message, help });
  }
}

interface NamedInterface {
  readonly name: string;
  readonly place: Place;
  readonly effect: "stops-start" | "refuses-reload";
}

function checkOwnAddresses(instance: InstanceSettings, own: readonly IpAddress[], report: Report): void {
  const { transport } = instance;
  if (transport.kind === "unicast") {
    for (const peer of transport.peers.filter((candidate) => own.includes(candidate.address))) {
      const message = `The peer "${peer.address}" is an address of this host itself`;
      report({ code: "OWN_ADDRESS_AS_PEER", at: peer.place ?? instance.place, message });
    }
  }
  const { source } = transport;
  // An ipvlan interface gets its address with the interface.
  const comes = instance.virtualInterfaces.some((made) => made.kind === "ipvlan" && made.address?.address === source);
  if (source !== undefined && own.length > 0 && !own.includes(source) && !comes) {
    const message = `The source address "${source}" is not on this host: nothing can be sent from it`;
    report({ code: "SOURCE_NOT_HERE", at: instance.place, message });
  }
  if (instance.priority === 255) return;
  for (const address of instance.virtualAddresses.filter((candidate) => own.includes(candidate.address))) {
    const message = `"${address.address}" is on this host already: it is never removed, so two nodes may hold it`;
    report({ code: "ADDRESS_ALREADY_HERE", at: address.place, message, help: "Remove it from the interface." });
  }
}

function checkCommand(
  keyword: string,
  command: ScriptCommand,
  configuration: Configuration,
  facts: HostFacts,
  report: Report,
): void {
  const at = command.place;
  const name = command.argv[0] ?? "";
  const { user } = command;
  if (user !== undefined && facts.accountExists(user.user, user.group) === false) {
    const message = `There is no account "${user.user}"${groupText(user.group)}, so "${name}" behind "${keyword}" cannot run`;
    report({ code: "UNKNOWN_ACCOUNT", at, message });
  }
  const program = facts.program(name);
  checkStops(keyword, command, program, facts, report);
  if (program.kind === "unknown") return;
  if (program.kind === "missing") {
    report({ code: "SCRIPT_MISSING", at, message: `There is no program "${name}" to run for "${keyword}"` });
  } else if (!program.executable) {
    const message = `"${program.path}" may not be executed`;
    report({ code: "SCRIPT_NOT_EXECUTABLE", at, message, help: `chmod a+x ${program.path}` });
  } else if (program.insecureBecause !== undefined && runsAsRoot(command, configuration)) {
    const secured = configuration.global.scriptSecurity;
    report({
      code: "SCRIPT_INSECURE",
      at,
      message: `"${program.path}" would run as root, but ${program.insecureBecause}`,
      help: secured ? "It is not run: enable_script_security." : "With enable_script_security it would not be run.",
      ...(secured ? {} : { severity: "warning", effect: "logged" }),
    });
  }
}

/** Looks into the command, the script that it names, and the script that it gives to an interpreter. */
function checkStops(
  keyword: string,
  command: ScriptCommand,
  program: ProgramFacts,
  facts: HostFacts,
  report: Report,
): void {
  const [name = "", ...rest] = command.argv;
  const paths = [program.kind === "found" ? program.path : name, ...rest].filter((word) => word.startsWith("/"));
  const texts = [command.argv.join(" "), ...paths.map((path) => facts.scriptText(path))];
  const found = texts.map((text) => (text === undefined ? undefined : findStopOfKeepalived(text)));
  const stop = found.find((candidate) => candidate !== undefined);
  if (stop === undefined) return;
  report({
    code: "STOPS_KEEPALIVED",
    at: command.place,
    message: `"${command.argv.join(" ")}" stops keepalived and not Holdfast, which then goes on: "${stop}"`,
    ...(keyword === "script"
      ? { help: "Let the script fail there instead, with: exit 1. A check that fails is what moves the addresses." }
      : {}),
  });
}

function runsAsRoot(command: ScriptCommand, configuration: Configuration): boolean {
  const user = (command.user ?? configuration.global.scriptUser)?.user;
  return user === undefined || user === "root" || user === "0";
}

function groupText(group: string | undefined): string {
  return group === undefined ? "" : `, or no group "${group}"`;
}
