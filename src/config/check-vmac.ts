import { mac as macOf, familyOf, type AddressFamily, type MacAddress } from "../base/address.ts";
import type { Report } from "./diagnostic.ts";
import type { VirtualAddress, VirtualInterface } from "./model/addresses.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { RoutingNames } from "./routing-names.ts";
import { numberIn } from "./routing-words.ts";
import { spanOfToken } from "./tokens.ts";
import type { Token } from "./tokens.ts";
import { spanOfStatement, statementOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** What global_defs say of virtual MAC interfaces. */
export interface VmacDefaults {
  /** `vmac_prefix` and `vmac_addr_prefix`. */
  readonly prefix: string;
  readonly addressPrefix: string;
}

/** An instance as far as its virtual MAC interfaces depend on it. */
export interface VmacSubject {
  readonly vrid: number;
  readonly family: AddressFamily;
  readonly interface: string;
  readonly unicast: boolean;
  readonly addresses: readonly VirtualAddress[];
  readonly excluded: readonly VirtualAddress[];
}

export interface VmacPlan {
  readonly virtualInterfaces: readonly VirtualInterface[];
  /** Where adverts leave and arrive. */
  readonly advertInterface: string;
  /** With the interfaces that they are held on. */
  readonly addresses: readonly VirtualAddress[];
  readonly excluded: readonly VirtualAddress[];
}

/**
 * Reads `use_vmac`, `use_vmac_addr`, `vmac_xmit_base` and the `use_vmac` of single addresses: which interfaces with a virtual
 * MAC address the instance needs, and which of its addresses go there.
 */
export function planVmacs(
  block: readonly Statement[],
  subject: VmacSubject,
  defaults: VmacDefaults,
  names: RoutingNames,
  report: Report,
): VmacPlan {
  const statement = statementOf(block, "use_vmac");
  const everywhere = statementOf(block, "use_vmac_addr") !== undefined;
  const wishes = statement === undefined ? undefined : readWishes(statement, subject, names, report);
  const interfaces: VirtualInterface[] = [];
  const own =
    wishes === undefined
      ? undefined
      : {
          name: wishes.name ?? `${defaults.prefix}.${subject.vrid}`,
          base: wishes.base ?? subject.interface,
          mac: wishes.mac ?? virtualMac(subject.family, subject.vrid),
          group: wishes.group,
          ...(wishes.tellsOfBase ? ({ tellsOfBase: true } as const) : {}),
          place: statement === undefined ? undefined : spanOfStatement(statement),
        };
  if (own !== undefined) interfaces.push(own);
  const place = (address: VirtualAddress): VirtualAddress => {
    const { device } = address;
    const family = familyOf(address.address);
    // As keepalived: those of the other family stay on the interface itself.
    if (own !== undefined && device === subject.interface && family === subject.family)
      return { ...address, device: own.name };
    const wanted = address.usesVmac || (everywhere && device !== subject.interface);
    if (!wanted) return address;
    const mac = virtualMac(family, subject.vrid);
    let found = interfaces.find((candidate) => candidate.base === device && candidate.mac === mac);
    if (found === undefined) {
      const plain = `${defaults.addressPrefix}.${subject.vrid}`;
      const taken = (name: string): boolean => interfaces.some((candidate) => candidate.name === name);
      let name = plain;
      for (let count = 1; taken(name); count++) name = otherName(plain, count, subject.vrid, family);
      found = { name, base: device, mac, group: wishes?.group, place: address.place };
      interfaces.push(found);
    }
    return { ...address, device: found.name };
  };
  const addresses = subject.addresses.map(place);
  const excluded = subject.excluded.map(place);
  const reason = viaBaseBecause(subject);
  const asked = statementOf(block, "vmac_xmit_base") !== undefined;
  if (statement !== undefined && reason !== undefined && !asked) {
    const message = `${reason} adverts leave from the interface itself, as with vmac_xmit_base`;
    report({ code: "VMAC_XMIT_BASE", at: spanOfToken(statement.keyword), message });
  }
  const viaBase = own === undefined || asked || reason !== undefined;
  return {
    virtualInterfaces: interfaces,
    advertInterface: viaBase ? subject.interface : own.name,
    addresses,
    excluded,
  };
}

/**
 * Gives the second of two interfaces with one name another name, as happens where two interfaces have a virtual router of the
 * same number. Instances on one interface may share one.
 */
export function distinctVmacs(instances: readonly InstanceSettings[], report: Report): readonly InstanceSettings[] {
  const known = new Map<string, VirtualInterface>();
  return instances.map((instance) => {
    const renamed = new Map<string, string>();
    const virtualInterfaces = instance.virtualInterfaces.map((wanted) => {
      let name = wanted.name;
      const family = familyOfMac(wanted.mac, instance);
      for (let count = 1; !isFree(known.get(name), wanted); count++)
        name = otherName(wanted.name, count, instance.vrid, family);
      known.set(name, wanted);
      if (name === wanted.name) return wanted;
      renamed.set(wanted.name, name);
      const message = `"${wanted.name}" is the name of another interface already; "${name}" is used`;
      report({ code: "DUPLICATE_INTERFACE", at: wanted.place ?? instance.place, message });
      return { ...wanted, name };
    });
    if (renamed.size === 0) return instance;
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

function isFree(known: VirtualInterface | undefined, wanted: VirtualInterface): boolean {
  return known === undefined || (known.base === wanted.base && known.mac === wanted.mac);
}

/** Over IPv6 the kernel sends from a link-local address only where it is, and the interface with the virtual MAC has none. */
function viaBaseBecause({ unicast, family }: VmacSubject): string | undefined {
  if (unicast) return "With unicast peers";
  return family === "ipv6" ? "Over IPv6" : undefined;
}

interface Wishes {
  readonly name: string | undefined;
  readonly base: string | undefined;
  readonly mac: MacAddress | undefined;
  readonly group: number | undefined;
  /** `netlink_notify_msg`. */
  readonly tellsOfBase: boolean;
}

/** `use_vmac [[name] NAME [INTERFACE]] [MAC] [netlink_notify_msg] [group GROUP]` */
function readWishes(statement: Statement, subject: VmacSubject, names: RoutingNames, report: Report): Wishes {
  const words: Token[] = [];
  let mac: MacAddress | undefined;
  let group: number | undefined;
  let tellsOfBase = false;
  for (let index = 0; index < statement.words.length; index++) {
    const word = statement.words[index];
    if (word === undefined) break;
    const { text } = word;
    if (text === "netlink_notify_msg") tellsOfBase = true;
    else if (text === "group") {
      const value = statement.words[++index];
      group = value === undefined ? undefined : (names.numberOf("group", value.text) ?? numberIn(value.text));
      if (group === undefined) {
        const at = spanOfToken(value ?? word);
        report({ code: "INVALID_CHOICE", at, message: `"${value?.text ?? ""}" is no group of interfaces` });
      }
    } else if (text === "name") {
      const value = statement.words[++index];
      if (value !== undefined) words.unshift(value);
    } else if (/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})+$/.test(text)) {
      mac = readMac(word, subject.vrid, report);
    } else words.push(word);
  }
  const [name, base, extra] = words;
  for (const word of [name, base]) {
    if (word === undefined || word.text.length <= NAME_LIMIT) continue;
    const message = `"${word.text}" is longer than ${NAME_LIMIT} letters`;
    report({ code: "OUT_OF_RANGE", at: spanOfToken(word), message });
  }
  if (extra !== undefined)
    report({ code: "EXTRA_WORDS", at: spanOfToken(extra), message: `"${extra.text}" behind "use_vmac" is ignored` });
  const usable = (word: Token | undefined): string | undefined =>
    word !== undefined && word.text.length <= NAME_LIMIT ? word.text : undefined;
  return { name: usable(name), base: usable(base), mac, group, tellsOfBase };
}

/** Five octets leave the last one to the VRID. */
function readMac(word: Token, vrid: number, report: Report): MacAddress | undefined {
  const octets = word.text.split(":").map((octet) => octet.toLowerCase().padStart(2, "0"));
  const whole = octets.length === 5 ? [...octets, vrid.toString(16).padStart(2, "0")] : octets;
  const first = Number.parseInt(whole[0] ?? "", 16);
  if (whole.length === 6 && first % 2 === 0) return macOf(whole.join(":"));
  const message = `"${word.text}" is no MAC address of one interface; the virtual one is used`;
  report({ code: "INVALID_ADDRESS", at: spanOfToken(word), message });
  return undefined;
}

/** 00-00-5E-00-01-{VRID}, and 02 for IPv6 (RFC 9568 section 7.3). */
function virtualMac(family: AddressFamily, vrid: number): MacAddress {
  return macOf(`00:00:5e:00:${family === "ipv4" ? "01" : "02"}:${vrid.toString(16).padStart(2, "0")}`);
}

function familyOfMac(mac: MacAddress, { vrid, family }: InstanceSettings): AddressFamily {
  if (mac === virtualMac("ipv4", vrid)) return "ipv4";
  return mac === virtualMac("ipv6", vrid) ? "ipv6" : family;
}

/** What follows a name that is taken: as keepalived, after vrrp.51 vrrp6.51 where it is of IPv6, then vrrp1.51 and so on. */
function otherName(name: string, count: number, vrid: number, family: AddressFamily): string {
  const end = `.${vrid}`;
  if (!name.endsWith(end)) return `${name}.${count}`;
  const prefix = name.slice(0, -end.length);
  if (family === "ipv4") return `${prefix}${count}${end}`;
  return `${prefix}${count === 1 ? 6 : count - 1}${end}`;
}

/** IFNAMSIZ without its NUL. */
const NAME_LIMIT = 15;
