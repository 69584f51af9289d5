import { familyOf } from "../../base/address.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { Log } from "../../ports/log.ts";
import type { Sysctls } from "../../ports/sysctls.ts";
import type { AddressKey, InterfaceTable } from "./interface-table.ts";

export interface Ipv6SwitchDependencies {
  readonly sysctls: Sysctls;
  readonly interfaces: InterfaceTable;
  readonly leases: { all(): readonly { readonly request: AddressKey }[] };
  readonly log: Log;
  /** Whether this process has made the interface. Others are left alone. */
  readonly isVirtual: (name: string) => boolean;
}

/**
 * IPv6 on the interfaces with virtual MAC addresses: on only while IPv6 addresses are there.
 *
 * The kernel reports (MLD) which groups an interface takes part in, and does so a few milliseconds after an address has gone,
 * too. By then the successor has announced it from the same MAC address, and the report would draw the hosts' packets back to
 * the port of the node that let go. Turning IPv6 off takes back a report that has not left yet.
 *
 * @see net/ipv6/mcast.c: igmp6_leave_group, ipv6_mc_down.
 */
export class Ipv6Switch {
  readonly #dependencies: Ipv6SwitchDependencies;
  readonly #told = new Set<string>();

  constructor(dependencies: Ipv6SwitchDependencies) {
    this.#dependencies = dependencies;
  }

  /** To be called before an IPv6 address is added, which is refused otherwise. */
  turnOn(name: string): void {
    this.#set(name, "0");
  }

  /** To be called after addresses were removed, in the same turn. */
  turnOff(name: string): void {
    if (this.#dependencies.isVirtual(name) && !this.#isInUse(name)) this.#set(name, "1");
  }

  #isInUse(name: string): boolean {
    const { interfaces, leases } = this.#dependencies;
    const keys = [...leases.all().map(({ request }) => request), ...interfaces.all()];
    const index = interfaces.byName(name)?.index;
    return keys.some((key) => key.interfaceIndex === index && familyOf(key.address) === "ipv6");
  }

  #set(name: string, value: "0" | "1"): void {
    const { sysctls, log, isVirtual } = this.#dependencies;
    if (!isVirtual(name)) return;
    const path = `net/ipv6/conf/${name}/disable_ipv6`;
    const current = sysctls.read(path);
    // A kernel without IPv6 does not have it.
    if (!current.ok || current.value === value) return;
    const written = sysctls.write(path, value);
    if (written.ok || this.#told.has(path)) return;
    this.#told.add(path);
    log.write("error", describeFailure(written.error));
  }
}
