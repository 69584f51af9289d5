import { familyOf } from "../../base/address.ts";
import type { GlobalSettings } from "../../config/model/global.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";

/** The kernel settings that these instances, and the global ones, want, by their path under /proc/sys. */
export function wantedSysctls(
  instances: readonly InstanceSettings[],
  { withoutLocalIgmp }: Pick<GlobalSettings, "withoutLocalIgmp">,
): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  if (withoutLocalIgmp) wanted.set(LOCAL_REPORTS, "0");
  for (const { promotesSecondaries, interface: own, virtualAddresses, excludedAddresses } of instances) {
    if (!promotesSecondaries) continue;
    // IPv6 has no secondary addresses.
    const addresses = [...virtualAddresses, ...excludedAddresses].filter(({ address }) => familyOf(address) === "ipv4");
    for (const device of [own, ...addresses.map((address) => address.device)]) {
      wanted.set(`net/ipv4/conf/${device}/promote_secondaries`, "1");
    }
  }
  for (const instance of instances) addVirtualMac(wanted, instance);
  return wanted;
}

/**
 * What interfaces with a virtual MAC address need: each answers ARP for its own addresses alone, and takes what comes back by
 * another way. A backup has the same MAC address as the master, so it must send nothing from there, not even that it takes
 * part in the group; switches flood link-local groups without being told (RFC 4541 section 2.1.2).
 */
function addVirtualMac(wanted: Map<string, string>, instance: InstanceSettings): void {
  const { virtualInterfaces, advertInterface } = instance;
  for (const wantedInterface of virtualInterfaces) {
    const { name, base } = wantedInterface;
    if (wantedInterface.kind === "ipvlan") {
      // Adverts over IPv6 leave from its link-local address, where new interfaces have none by the host's setting.
      if (wantedInterface.family === "ipv6") wanted.set(`net/ipv6/conf/${name}/disable_ipv6`, "0");
      continue;
    }
    wanted.set(`net/ipv4/conf/${base}/arp_ignore`, "1");
    wanted.set(`net/ipv4/conf/${base}/arp_filter`, "1");
    // Answers leave by the base. When the host asks for a client's address there, it must not do so in the name of a virtual
    // address, for the client would take the base's MAC address for its.
    wanted.set(`net/ipv4/conf/${base}/arp_announce`, "2");
    wanted.set(`net/ipv4/conf/${name}/arp_ignore`, "1");
    wanted.set(`net/ipv4/conf/${name}/accept_local`, "1");
    wanted.set(`net/ipv4/conf/${name}/promote_secondaries`, "1");
    wanted.set(`net/ipv4/conf/${name}/rp_filter`, "0");
  }
  const isShared = virtualInterfaces.some(({ name, kind }) => name === advertInterface && kind === "macvlan");
  if (isShared) wanted.set(LOCAL_REPORTS, "0");
}

const LOCAL_REPORTS = "net/ipv4/igmp_link_local_mcast_reports";

/**
 * The strictest of "all" and an interface's own rp_filter counts, so where "all" is not 0 each interface gets its value, and
 * "all" gets 0. `read` gives what is set now; undefined: there is no such interface.
 */
export function reversePathSysctls(
  interfaces: readonly string[],
  virtual: ReadonlySet<string>,
  read: (path: string) => string | undefined,
): ReadonlyMap<string, string> {
  const path = (name: string): string => `net/ipv4/conf/${name}/rp_filter`;
  const all = Number(read(path("all")) ?? 0);
  const wanted = new Map([[path("all"), "0"]]);
  if (all === 0) return wanted;
  for (const name of [...interfaces, "default"].filter((candidate) => !virtual.has(candidate))) {
    wanted.set(path(name), String(Math.max(all, Number(read(path(name)) ?? 0))));
  }
  return wanted;
}
