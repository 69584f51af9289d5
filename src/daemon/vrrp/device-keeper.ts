import type { GlobalSettings } from "../../config/model/global.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Devices } from "../../ports/devices.ts";
import type { Files } from "../../ports/files.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { Sysctls } from "../../ports/sysctls.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { Ipv6Switch } from "./ipv6-switch.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import { SysctlKeeper } from "./sysctl-keeper.ts";
import { VirtualInterfaces } from "./virtual-interfaces.ts";
import { reversePathSysctls, wantedSysctls } from "./wanted-sysctls.ts";

export interface DeviceKeeperDependencies {
  readonly devices: Devices;
  readonly sysctls: Sysctls;
  readonly kernel: Kernel;
  readonly interfaces: InterfaceTable;
  readonly leases: LeaseKeeper;
  readonly files: Files;
  readonly log: Log;
}

/** The interfaces that instances need and do not find, and what the kernel is to do with all that they use. */
export class DeviceKeeper {
  readonly #dependencies: DeviceKeeperDependencies;
  readonly ipv6: Ipv6Switch;
  readonly #sysctls: SysctlKeeper;
  readonly #virtual: VirtualInterfaces;
  /** Found when the first virtual interface was wanted: what is set by then is ours. */
  #reversePath: ReadonlyMap<string, string> | undefined;
  #wanted: ReadonlyMap<string, string> = new Map();
  /** Interfaces that adverts over IPv6 leave from. */
  #ipv6Senders: ReadonlySet<string> = new Set();

  constructor(runtimeDirectory: string, dependencies: DeviceKeeperDependencies) {
    this.#dependencies = dependencies;
    this.#sysctls = new SysctlKeeper(`${runtimeDirectory}/sysctls.json`, dependencies);
    this.#virtual = new VirtualInterfaces(`${runtimeDirectory}/virtual-interfaces.json`, {
      ...dependencies,
      onCreated: ({ name }) => {
        this.#sysctls.apply(this.#wanted);
        this.ipv6.turnOff(name);
      },
    });
    this.ipv6 = new Ipv6Switch({
      ...dependencies,
      isVirtual: (name) => this.#virtual.has(name) && !this.#ipv6Senders.has(name),
    });
  }

  /** Makes and sets what these need, and gives back what they do not. To be called again when interfaces change. */
  apply(instances: readonly InstanceSettings[], global: Pick<GlobalSettings, "withoutLocalIgmp">): void {
    const wanted = instances.flatMap((instance) => instance.virtualInterfaces);
    const withMac = wanted.filter(({ kind }) => kind === "macvlan");
    this.#ipv6Senders = new Set(
      wanted.flatMap((settings) => (settings.kind === "ipvlan" && settings.family === "ipv6" ? [settings.name] : [])),
    );
    if (withMac.length === 0) this.#reversePath = undefined;
    else this.#reversePath ??= this.#readReversePath(new Set(withMac.map(({ name }) => name)));
    this.#wanted = new Map([...(this.#reversePath ?? []), ...wantedSysctls(instances, global)]);
    this.#sysctls.apply(this.#wanted);
    this.#virtual.apply(wanted);
  }

  /** The end of the process. With `keepsInterfaces` their addresses are to stay (`-V`). */
  release(keepsInterfaces: boolean): void {
    if (keepsInterfaces) return;
    this.#virtual.apply([]);
    this.#sysctls.apply(new Map());
  }

  #readReversePath(virtual: ReadonlySet<string>): ReadonlyMap<string, string> {
    const { sysctls, interfaces } = this.#dependencies;
    return reversePathSysctls(interfaces.names(), virtual, (path) => {
      const read = sysctls.read(path);
      return read.ok ? read.value : undefined;
    });
  }
}
