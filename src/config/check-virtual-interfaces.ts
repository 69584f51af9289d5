import { familyOf, type AddressFamily, type IpAddress } from "../base/address.ts";
import { readIpvlan } from "./check-ipvlan.ts";
import { readVmac, virtualMac } from "./check-vmac.ts";
import type { Report } from "./diagnostic.ts";
import type { VirtualAddress } from "./model/addresses.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { IpvlanInterface, VirtualInterface } from "./model/virtual-interfaces.ts";
import type { RoutingNames } from "./routing-names.ts";
import { spanOfToken } from "./tokens.ts";
import { spanOfStatement, statementOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** What global_defs say of virtual MAC interfaces. */
export interface VmacDefaults {
  /** `vmac_prefix` and `vmac_addr_prefix`. */
  readonly prefix: string;
  readonly addressPrefix: string;
}

/** An instance as far as the interfaces that are made for it depend on it. */
export interface VirtualInterfaceSubject {
  readonly vrid: number;
  readonly family: AddressFamily;
  /** Undefined: it names none, and has a VRF instead. */
  readonly interface: string | undefined;
  readonly unicast: boolean;
  readonly strict: boolean;
  readonly addresses: readonly VirtualAddress[];
  readonly excluded: readonly VirtualAddress[];
}

export interface VirtualInterfacePlan {
  readonly virtualInterfaces: readonly VirtualInterface[];
  /** Where adverts leave and arrive; undefined: the instance's own interface. */
  readonly advertInterface: string | undefined;
  /** What an ipvlan interface gives adverts as their source, unless the instance names another. */
  readonly source: IpAddress | undefined;
  /** With the interfaces that they are held on. */
  readonly addresses: readonly VirtualAddress[];
  readonly excluded: readonly VirtualAddress[];
}

/**
 * Reads `use_vmac`, `use_vmac_addr`, `vmac_xmit_base`, `use_ipvlan` and the `use_vmac` of single addresses: which interfaces
 * are to be made for the instance, and which of its addresses go there.
 */
export function planVirtualInterfaces(
  block: readonly Statement[],
  subject: VirtualInterfaceSubject,
  defaults: VmacDefaults,
  names: RoutingNames,
  report: Report,
): VirtualInterfacePlan {
  const everywhere = statementOf(block, "use_vmac_addr") !== undefined;
  const read = readOwn(block, subject, defaults, names, report);
  const { own, group } = read;
  const interfaces: VirtualInterface[] = own === undefined ? [] : [own];
  const place = (address: VirtualAddress): VirtualAddress => {
    const { device } = address;
    const family = familyOf(address.address);
    // As keepalived: those of the other family stay on the interface itself.
    if (own !== undefined && read.holds && device === subject.interface && family === subject.family)
      return { ...address, device: own.name };
    const wanted = address.usesVmac || (everywhere && device !== subject.interface);
    if (!wanted) return address;
    const mac = virtualMac(family, subject.vrid);
    let found = interfaces.find(
      (candidate) => candidate.kind === "macvlan" && candidate.base === device && candidate.mac === mac,
    );
    if (found === undefined) {
      const plain = `${defaults.addressPrefix}.${subject.vrid}`;
      const taken = (name: string): boolean => interfaces.some((candidate) => candidate.name === name);
      let name = plain;
      for (let count = 1; taken(name); count++) name = otherName(plain, count, subject.vrid, family);
      found = { kind: "macvlan", name, base: device, mac, group, place: address.place };
      interfaces.push(found);
    }
    return { ...address, device: found.name };
  };
  const addresses = subject.addresses.map(place);
  const excluded = subject.excluded.map(place);
  const viaBase = sendsViaBase(block, subject, own, report);
  return {
    virtualInterfaces: interfaces,
    advertInterface: viaBase ? undefined : own?.name,
    source: own?.kind === "ipvlan" ? own.address?.address : undefined,
    addresses,
    excluded,
  };
}

interface OwnInterface {
  /** On the instance's interface; undefined: there is none. */
  readonly own: VirtualInterface | undefined;
  /** The instance's addresses are held there. */
  readonly holds: boolean;
  /** Of all that are made. */
  readonly group: number | undefined;
}

function readOwn(
  block: readonly Statement[],
  subject: VirtualInterfaceSubject,
  defaults: VmacDefaults,
  names: RoutingNames,
  report: Report,
): OwnInterface {
  const vmac = statementOf(block, "use_vmac");
  const ipvlan = statementOf(block, "use_ipvlan");
  const first = [vmac, ipvlan].find((statement) => statement !== undefined);
  if (first === undefined) return { own: undefined, holds: false, group: undefined };
  if (subject.interface === undefined) {
    for (const { keyword } of [vmac, ipvlan].filter((statement) => statement !== undefined)) {
      const message = `"${keyword.text}" needs an interface to lie on, and the instance names none; it is ignored`;
      report({ code: "VIRTUAL_INTERFACE_IGNORED", at: spanOfToken(keyword), message });
    }
    return { own: undefined, holds: false, group: undefined };
  }
  const wishes = vmac === undefined ? undefined : readVmac(vmac, subject, names, report);
  const plainName = `${defaults.prefix}.${subject.vrid}`;
  if (ipvlan === undefined) {
    const own: VirtualInterface = {
      kind: "macvlan",
      name: wishes?.name ?? plainName,
      base: wishes?.base ?? subject.interface,
      mac: wishes?.mac ?? virtualMac(subject.family, subject.vrid),
      group: wishes?.group,
      ...(wishes?.tellsOfBase === true ? ({ tellsOfBase: true } as const) : {}),
      place: spanOfStatement(first),
    };
    return { own, holds: true, group: wishes?.group };
  }
  const { name, mode, address, group = wishes?.group } = readIpvlan(ipvlan, subject.family, names, report);
  if (vmac !== undefined) {
    // keepalived makes the ipvlan interface, under the name that came first.
    const message = '"use_vmac" and "use_ipvlan" exclude each other: the addresses have no MAC address of their own';
    const help = "Remove one of them.";
    report({ code: "VMAC_AND_IPVLAN", at: spanOfToken(vmac.keyword), message, help });
  }
  const own: IpvlanInterface = {
    kind: "ipvlan",
    name: (vmac !== undefined && block.indexOf(vmac) < block.indexOf(ipvlan) ? wishes?.name : name) ?? plainName,
    base: subject.interface,
    mode,
    address,
    group,
    family: subject.family,
    place: spanOfStatement(ipvlan),
  };
  return { own, holds: vmac !== undefined, group };
}

/** Whether adverts leave from the instance's own interface, though another is made on it. */
function sendsViaBase(
  block: readonly Statement[],
  subject: VirtualInterfaceSubject,
  own: VirtualInterface | undefined,
  report: Report,
): boolean {
  const asked = statementOf(block, "vmac_xmit_base");
  const statement = statementOf(block, "use_vmac");
  if (own?.kind !== "macvlan" || statement === undefined) {
    if (asked !== undefined) {
      const message = '"vmac_xmit_base" means nothing without "use_vmac"';
      report({ code: "VMAC_XMIT_BASE", at: spanOfToken(asked.keyword), message });
    }
    return own === undefined;
  }
  const reason = viaBaseBecause(subject);
  if (asked !== undefined && subject.strict) {
    const message = "vrrp_strict: adverts leave with the virtual MAC address, so vmac_xmit_base is not used";
    report({ code: "STRICT_MODE", at: spanOfToken(asked.keyword), message });
  }
  if (reason !== undefined && (asked === undefined || subject.strict)) {
    const message = `${reason} adverts leave from the interface itself, as with vmac_xmit_base`;
    report({ code: "VMAC_XMIT_BASE", at: spanOfToken(statement.keyword), message });
  }
  return reason !== undefined || (asked !== undefined && !subject.strict);
}

/** Over IPv6 the kernel sends from a link-local address only where it is, and the interface with the virtual MAC has none. */
function viaBaseBecause({ unicast, family }: VirtualInterfaceSubject): string | undefined {
  if (unicast) return "With unicast peers";
  return family === "ipv6" ? "Over IPv6" : undefined;
}

/**
 * Gives the second of two interfaces with one name another name, as happens where two interfaces have a virtual router of the
 * same number; instances on one interface may share one. All ipvlan interfaces on one base get one mode.
 */
export function distinctInterfaces(
  instances: readonly InstanceSettings[],
  report: Report,
): readonly InstanceSettings[] {
  const known = new Map<string, VirtualInterface>();
  return withOneMode(instances, report).map((instance) => {
    const renamed = new Map<string, string>();
    const virtualInterfaces = instance.virtualInterfaces.map((wanted) => {
      let name = wanted.name;
      const family = familyOfInterface(wanted, instance);
      for (let count = 1; !isFree(known.get(name), wanted); count++)
        name = otherName(wanted.name, count, instance.vrid, family);
      known.set(name, wanted);
      if (name === wanted.name) return wanted;
      renamed.set(wanted.name, name);
      const message = `"${wanted.name}" is the name of another interface already; "${name}" is used`;
      report({ code: "DUPLICATE_INTERFACE", at: wanted.place ?? instance.place, message });
      return { ...wanted, name };
    });
    if (renamed.size === 0) return { ...instance, virtualInterfaces };
    const moved = (name: string): string => renamed.get(name) ?? name;
    const place = (address: VirtualAddress): VirtualAddress => ({ ...address, device: moved(address.device) });
    return {
      ...instance,
      virtualInterfaces,
      advertInterface: moved(instance.advertInterface),
      virtualAddresses: instance.virtualAddresses.map(place),
      excludedAddresses: instance.excludedAddresses.map(place),
    };
  });
}

/** The kernel gives all ipvlan interfaces on one base the mode of the one that was made last. */
function withOneMode(instances: readonly InstanceSettings[], report: Report): readonly InstanceSettings[] {
  const all = instances.flatMap(({ virtualInterfaces }) => virtualInterfaces.filter(isIpvlan));
  const follow = (wanted: VirtualInterface, instance: InstanceSettings): VirtualInterface => {
    if (!isIpvlan(wanted)) return wanted;
    const mode = all.findLast(({ base }) => base === wanted.base)?.mode ?? wanted.mode;
    if (mode === wanted.mode) return wanted;
    const message = `All ipvlan interfaces on ${wanted.base} have one mode: "${wanted.name}" is "${mode}", as the last one`;
    report({ code: "IPVLAN_MODES_DIFFER", at: wanted.place ?? instance.place, message });
    return { ...wanted, mode };
  };
  return instances.map((instance) => {
    if (!instance.virtualInterfaces.some(isIpvlan)) return instance;
    return { ...instance, virtualInterfaces: instance.virtualInterfaces.map((wanted) => follow(wanted, instance)) };
  });
}

function isIpvlan(wanted: VirtualInterface): wanted is IpvlanInterface {
  return wanted.kind === "ipvlan";
}

/** An ipvlan interface has an address of its own, so only one instance has it. */
function isFree(known: VirtualInterface | undefined, wanted: VirtualInterface): boolean {
  if (known === undefined) return true;
  return (
    known.kind === "macvlan" && wanted.kind === "macvlan" && known.base === wanted.base && known.mac === wanted.mac
  );
}

function familyOfInterface(wanted: VirtualInterface, { vrid, family }: InstanceSettings): AddressFamily {
  if (wanted.kind === "ipvlan") return wanted.family;
  if (wanted.mac === virtualMac("ipv4", vrid)) return "ipv4";
  return wanted.mac === virtualMac("ipv6", vrid) ? "ipv6" : family;
}

/** What follows a name that is taken: as keepalived, after vrrp.51 vrrp6.51 where it is of IPv6, then vrrp1.51 and so on. */
function otherName(name: string, count: number, vrid: number, family: AddressFamily): string {
  const end = `.${vrid}`;
  if (!name.endsWith(end)) return `${name}.${count}`;
  const prefix = name.slice(0, -end.length);
  if (family === "ipv4") return `${prefix}${count}${end}`;
  return `${prefix}${count === 1 ? 6 : count - 1}${end}`;
}
