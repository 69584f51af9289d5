import type { AddressFamily } from "../base/address.ts";
import { familyOf, parseIpAddress } from "../base/address.ts";
import { readVirtualAddress } from "./check-addresses.ts";
import { readAnnounce } from "./check-announcing.ts";
import { readAuthentication } from "./check-authentication.ts";
import { readFilter } from "./check-filter.ts";
import type { InstanceDefaults } from "./check-global.ts";
import { readInterface, type InstanceInterface } from "./check-instance-interface.ts";
import { checkIpv6 } from "./check-ipv6.ts";
import { readNotify } from "./check-notify.ts";
import { readRouting } from "./check-routing.ts";
import { applyStrictMode } from "./check-strict.ts";
import {
  readAdvertisementInterval,
  readPreemption,
  readPriority,
  readQuickPreempt,
  readStrongestBackup,
} from "./check-timing.ts";
import { readTracked } from "./check-tracking.ts";
import type { KnownTrackers } from "./check-tracking.ts";
import { readTransport } from "./check-transport.ts";
import { planVirtualInterfaces } from "./check-virtual-interfaces.ts";
import type { Report } from "./diagnostic.ts";
import type { VirtualAddress } from "./model/addresses.ts";
import type { InstanceSettings } from "./model/instance.ts";
import type { ConfigReader } from "./reader.ts";
import type { RoutingNames } from "./routing-names.ts";
import { spanOfToken } from "./tokens.ts";
import { integerOf, spanOfStatement, statementOf, statementsOf, switchOf, wordOf } from "./tree.ts";
import type { Statement } from "./tree.ts";

/** What an instance may refer to. */
export interface InstanceContext {
  readonly defaults: InstanceDefaults;
  readonly trackers: KnownTrackers;
  readonly reader: ConfigReader;
  readonly names: RoutingNames;
  /** Where addresses go that name no device, in an instance that names no interface. */
  readonly defaultInterface: string;
}

/**
 * Reads a vrrp_instance block with keepalived's semantics. Undefined where nothing can run from it, which is always a
 * finding.
 */
export function checkInstance(
  statement: Statement,
  context: InstanceContext,
  report: Report,
): InstanceSettings | undefined {
  const { defaults, trackers, reader, names } = context;
  const name = statement.words[0];
  const block = statement.block ?? [];
  if (name === undefined) return undefined;
  const place = spanOfToken(name);

  const home = readInterface(name, block, report);
  if (home === undefined) return undefined;
  const ownInterface = home.name;
  const vrid = integerOf(block, "virtual_router_id");
  if (vrid === undefined) {
    const message = `The instance "${name.text}" has no valid virtual_router_id and is dropped`;
    const at = spanOfStatement(statementOf(block, "virtual_router_id") ?? statement);
    report({ code: "MISSING_VRID", at, message, help: "Add one from 1 to 255, equal on all its nodes." });
    return undefined;
  }

  const family = familyOfInstance(block);
  const asked = statementOf(block, "native_ipv6");
  if (asked !== undefined && family === "ipv4") {
    const message = '"native_ipv6" is ignored: the addresses before it are of IPv4';
    report({ code: "FAMILY_MISMATCH", at: spanOfStatement(asked), message, help: "Remove it." });
  }
  const strict = switchOf(block, "strict_mode") ?? defaults.strict;
  const version = readVersion(block, family, strict, report) ?? (family === "ipv6" ? 3 : defaults.version);
  const priority = readPriority(block, place, report);
  const advertisementInterval = readAdvertisementInterval(block, version, report);
  const authentication = readAuthentication(
    statement,
    { family, version, interval: advertisementInterval },
    reader,
    report,
  );
  if (!authentication.ok) return undefined;
  const defaultDevice = home.kind === "interface" ? ownInterface : context.defaultInterface;
  const addresses = readAddresses(statement, family, { home, defaultDevice }, report);
  if (addresses.advertised.length === 0 && !reportNoAddresses(statement, version, strict, report)) return undefined;
  const plainTransport = readTransport(block, family, defaults, report);
  const virtual = planVirtualInterfaces(
    block,
    {
      vrid,
      family,
      interface: home.kind === "interface" ? ownInterface : undefined,
      unicast: plainTransport.kind === "unicast",
      strict,
      addresses: addresses.advertised,
      excluded: addresses.excluded,
    },
    defaults.vmac,
    names,
    report,
  );
  const transport = { ...plainTransport, source: plainTransport.source ?? virtual.source };
  if (home.kind !== "interface" && transport.source === undefined) {
    const message = "Without an interface there is no address to send from, so the instance stays in FAULT";
    report({ code: "MISSING_SOURCE", at: home.place, message, help: "Add unicast_src_ip." });
  }
  const owner = priority === 255;
  const preemption = readPreemption(block, priority, report);
  const settings: InstanceSettings = {
    name: name.text,
    place,
    family,
    version,
    vrid,
    interface: ownInterface,
    interfacePlace: home.place,
    priority,
    advertisementInterval,
    ...preemption,
    downTimerAdverts: integerOf(block, "down_timer_adverts") ?? defaults.downTimerAdverts,
    transport,
    authentication: authentication.value,
    virtualAddresses: virtual.addresses,
    excludedAddresses: virtual.excluded,
    advertInterface: virtual.advertInterface ?? ownInterface,
    virtualInterfaces: virtual.virtualInterfaces,
    routing: readRouting(block, "virtual", names, report),
    skipCheckAdvertisedAddresses: switchOf(block, "skip_check_adv_addr") ?? defaults.skipCheckAdvertisedAddresses,
    checksumAsV2: family === "ipv4" && (switchOf(block, "v3_checksum_as_v2") ?? defaults.checksumAsV2),
    ...readTracked(block, trackers, { ownInterface, owner }, report),
    trackOwnInterface: statementOf(block, "dont_track_primary") === undefined,
    trackSource: statementOf(block, "track_src_ip") !== undefined,
    announce: readAnnounce(block, defaults.announce, report),
    notify: readNotify(block, defaults, report),
    lease: readLease(block, report),
    ...readFilter(block, { priority, version, strict }, report),
    repair: switchOf(block, "repair") ?? true,
    answersLowerPriority: not(switchOf(block, "lower_prio_no_advert")) ?? defaults.answersLowerPriority,
    answersHigherPriority: switchOf(block, "higher_prio_send_advert") ?? defaults.answersHigherPriority,
    ownerIgnoresAdverts: owner && (switchOf(block, "owner_ignore_adverts") ?? defaults.ownerIgnoresAdverts),
    quickPreempt: readQuickPreempt(block, preemption, report),
    strongestBackup: readStrongestBackup(block, preemption, report),
    promotesSecondaries: switchOf(block, "promote_secondaries") ?? false,
    receiveBuffer: integerOf(block, "kernel_rx_buf_size"),
  };
  if (family === "ipv6") checkIpv6(settings, block, strict, report);
  return strict ? applyStrictMode(settings, block, report) : settings;
}

/** The first address that stands in the block decides. */
function familyOfInstance(block: readonly Statement[]): AddressFamily {
  for (const statement of block) {
    if (statement.keyword.text === "native_ipv6") return "ipv6";
    if (!FAMILY_KEYWORDS.includes(statement.keyword.text)) continue;
    const texts = statement.block?.map((line) => line.keyword.text) ?? statement.words.map((word) => word.text);
    for (const text of texts) {
      const address = parseIpAddress(text.split("/", 1)[0] ?? "");
      if (address !== undefined) return familyOf(address);
    }
  }
  return "ipv4";
}

function readVersion(
  block: readonly Statement[],
  family: AddressFamily,
  strict: boolean,
  report: Report,
): 2 | 3 | undefined {
  const version = integerOf(block, "version");
  const statement = statementOf(block, "version");
  if (version === 2 && statement !== undefined && family === "ipv6" && strict) {
    const message = "vrrp_strict: version 2 of VRRP does not exist over IPv6; version 3 is used";
    report({ code: "STRICT_MODE", at: spanOfStatement(statement), message });
    return 3;
  }
  return version === 2 || version === 3 ? version : undefined;
}

/** Where an address goes that names no device. */
interface Homes {
  readonly home: InstanceInterface;
  readonly defaultDevice: string;
}

function readAddresses(
  statement: Statement,
  family: AddressFamily,
  homes: Homes,
  report: Report,
): { readonly advertised: readonly VirtualAddress[]; readonly excluded: readonly VirtualAddress[] } {
  const block = statement.block ?? [];
  const all = readAddressBlock(block, "virtual_ipaddress", homes, family, report);
  // Those are sent to nobody, so they may be of any family.
  const excluded = readAddressBlock(block, "virtual_ipaddress_excluded", homes, undefined, report);
  const limit = ADVERT_LIMIT[family];
  if (all.length <= limit) return { advertised: all, excluded };
  report({
    code: "TOO_MANY_ADDRESSES",
    at: all[limit]?.place ?? spanOfStatement(statement),
    message: `An advert holds ${limit} addresses; the other ${all.length - limit} are taken as excluded ones`,
    help: "Move them into virtual_ipaddress_excluded, on all nodes alike.",
  });
  return { advertised: all.slice(0, limit), excluded: [...all.slice(limit), ...excluded] };
}

function readAddressBlock(
  block: readonly Statement[],
  keyword: "virtual_ipaddress" | "virtual_ipaddress_excluded",
  { home, defaultDevice }: Homes,
  /** Undefined: any. */
  family: AddressFamily | undefined,
  report: Report,
): readonly VirtualAddress[] {
  const addresses: VirtualAddress[] = [];
  for (const line of statementsOf(block, keyword).flatMap((statement) => statement.block ?? [])) {
    const read = readVirtualAddress(line, report);
    if (read === undefined) continue;
    const address: VirtualAddress = { ...read, device: read.device ?? defaultDevice };
    if (family !== undefined && familyOf(address.address) !== family) {
      const [its, ours] = family === "ipv4" ? ["IPv6", "IPv4"] : ["IPv4", "IPv6"];
      const message = `"${address.address}" is of ${its}, but the instance has ${ours} addresses; it is dropped`;
      const help = "Put it into virtual_ipaddress_excluded, or into an instance of its own.";
      report({ code: "FAMILY_MISMATCH", at: read.place, message, help });
      continue;
    }
    if (addresses.some((other) => sameAddress(other, address))) {
      const message = `"${address.address}/${address.prefixLength}" stands in the list already`;
      report({ code: "DUPLICATE_ADDRESS", at: read.place, message });
      continue;
    }
    if (read.device === undefined && home.kind !== "interface") {
      const message = `"${address.address}" names no device and the instance no interface, so it goes to ${defaultDevice}`;
      report({
        code: "ADDRESS_WITHOUT_DEVICE",
        at: read.place,
        message,
        help: 'Write "dev" and its interface behind it.',
      });
    }
    addresses.push(address);
  }
  return addresses;
}

/** The kernel has an IPv4 address once with each mask, an IPv6 address once. */
function sameAddress(left: VirtualAddress, right: VirtualAddress): boolean {
  if (left.address !== right.address || left.device !== right.device) return false;
  return left.prefixLength === right.prefixLength || familyOf(left.address) === "ipv6";
}

/** False where the instance cannot run without addresses. */
function reportNoAddresses(statement: Statement, version: 2 | 3, strict: boolean, report: Report): boolean {
  const block = statement.block ?? [];
  const name = statement.words[0]?.text ?? "";
  const at = spanOfToken(statementOf(block, "virtual_ipaddress")?.keyword ?? statement.words[0] ?? statement.keyword);
  const help = "Add them to virtual_ipaddress, such as: 192.0.2.10/24";
  const isMeant = statementOf(block, "no_virtual_ipaddress") !== undefined;
  // keepalived 2.4: whoever says so may break RFC 9568 section 5.2.5, unless it is to be kept to the letter.
  if (strict || (version === 3 && !isMeant)) {
    const message = `The instance "${name}" has no virtual address, which ${strict ? "vrrp_strict" : "version 3"} demands; it is dropped`;
    report({ code: "NO_VIRTUAL_ADDRESS", at, message, help, severity: "error", effect: "refuses-reload" });
    return false;
  }
  if (!isMeant) {
    const message = `The instance "${name}" has no virtual address, so nothing moves when it changes state`;
    report({ code: "NO_VIRTUAL_ADDRESS", at, message, help });
  }
  return true;
}

function readLease(block: readonly Statement[], report: Report): InstanceSettings["lease"] {
  const text = wordOf(block, "vip_lease");
  const statement = statementOf(block, "vip_lease");
  if (text === undefined || statement === undefined) return "auto";
  if (text === "off" || text === "auto") return text;
  const count = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= LONGEST_LEASE) return { seconds: count };
  const message = `"vip_lease" takes off or whole seconds from 1 to ${LONGEST_LEASE}, not "${text}"`;
  report({ code: "OUT_OF_RANGE", at: spanOfStatement(statement), message });
  return "auto";
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

const FAMILY_KEYWORDS: readonly string[] = [
  "virtual_ipaddress",
  "unicast_src_ip",
  "mcast_src_ip",
  "vrrp_unicast_bind",
  "unicast_peer",
  "vrrp_unicast_peer",
  "use_ipvlan",
];
/**
 * The count of addresses is one byte (RFC 9568 section 5.2.5). Of IPv6, 89 is what keepalived puts into a packet of
 * Ethernet's 1500 bytes; nodes that count differently would advertise different lists.
 */
const ADVERT_LIMIT: Readonly<Record<AddressFamily, number>> = { ipv4: 255, ipv6: 89 };
const LONGEST_LEASE = 86_400;
