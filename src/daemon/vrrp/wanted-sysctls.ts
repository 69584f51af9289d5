import { familyOf } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model.ts";

/** The kernel settings that these instances want, by their path under /proc/sys. */
export function wantedSysctls(instances: readonly InstanceSettings[]): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  for (const { promotesSecondaries, interface: own, virtualAddresses, excludedAddresses } of instances) {
    if (!promotesSecondaries) continue;
    // IPv6 has no secondary addresses.
    const addresses = [...virtualAddresses, ...excludedAddresses].filter(({ address }) => familyOf(address) === "ipv4");
    for (const device of [own, ...addresses.map((address) => address.device)]) {
      wanted.set(`net/ipv4/conf/${device}/promote_secondaries`, "1");
    }
  }
  return wanted;
}
