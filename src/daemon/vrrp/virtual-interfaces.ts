import type { VirtualInterface } from "../../config/model/virtual-interfaces.ts";
import type { Devices } from "../../ports/devices.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Files } from "../../ports/files.ts";
import type { AddressTarget, Kernel, NetworkInterface } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { textFromBytes } from "../../wire/text.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { IPVLAN_FLAGS, isAsWanted, ownAddressOf, vrfOf } from "./virtual-device.ts";

export interface VirtualInterfaceDependencies {
  readonly devices: Devices;
  readonly kernel: Kernel;
  readonly interfaces: InterfaceTable;
  readonly files: Files;
  readonly log: Log;
  /** Called between the creation of an interface and its coming up: what is to be set on it is set then. */
  readonly onCreated: (settings: VirtualInterface) => void;
}

/**
 * The interfaces that this process has made on others.
 *
 * One that a run before this one left behind is taken over where it is what is wanted, and removed where it is not: its name
 * and index are on disk, where a reboot empties them with the interfaces.
 */
export class VirtualInterfaces {
  readonly #dependencies: VirtualInterfaceDependencies;
  readonly #path: string;
  /** Ours, by name. */
  readonly #made = new Map<string, number>();
  /** What we have added to them, and to ipvlan interfaces that were there before us. */
  readonly #addresses = new Map<string, AddressTarget>();
  readonly #told = new Map<string, string>();
  #saved = "";

  constructor(path: string, dependencies: VirtualInterfaceDependencies) {
    this.#path = path;
    this.#dependencies = dependencies;
    const read = dependencies.files.read(path);
    if (!read.ok) return;
    this.#saved = textFromBytes(read.value);
    for (const [name, index] of parseRecord(this.#saved)) this.#made.set(name, index);
  }

  /** Makes what is missing of these, and removes what is ours and not among them. To be called again after changes. */
  apply(wanted: readonly VirtualInterface[]): void {
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of this.#addresses.keys()) if (!names.has(name)) this.#removeAddress(name);
    for (const [name, index] of this.#made) {
      if (names.has(name)) continue;
      this.#made.delete(name);
      // Another may have its name by now.
      if (this.#dependencies.interfaces.byName(name)?.index === index) this.#remove(name, index);
    }
    for (const settings of wanted) this.#ensure(settings);
    this.#save();
  }

  /** Whether the interface of this name is ours. */
  has(name: string): boolean {
    return this.#made.has(name);
  }

  #ensure(settings: VirtualInterface): void {
    const { interfaces } = this.#dependencies;
    const { name } = settings;
    const base = interfaces.byName(settings.base);
    if (base === undefined) return;
    const existing = interfaces.byName(name);
    const isOurs = existing !== undefined && this.#made.get(name) === existing.index;
    if (existing === undefined) return this.#create(settings, base);
    if (isAsWanted(existing, settings, interfaces)) {
      // With the virtual MAC address nobody else has made it.
      if (settings.kind === "macvlan") this.#made.set(name, existing.index);
      this.#complete(settings, base, existing);
    } else if (isOurs) {
      this.#remove(name, existing.index);
      this.#create(settings, base);
    } else {
      const other = settings.kind === "macvlan" ? "with another MAC address" : "that is no such ipvlan";
      this.#complain(name, `Cannot make ${name}: there is an interface of that name ${other}`);
    }
  }

  #create(settings: VirtualInterface, base: NetworkInterface): void {
    const { devices, log } = this.#dependencies;
    const { name } = settings;
    const created =
      settings.kind === "macvlan"
        ? devices.createMacvlan({ name, baseIndex: base.index, mac: settings.mac, group: settings.group })
        : devices.createIpvlan({
            name,
            baseIndex: base.index,
            flags: IPVLAN_FLAGS[settings.mode],
            group: settings.group,
          });
    if (!created.ok) return this.#complain(name, `${describeFailure(created.error)}${hintOf(created.error, settings)}`);
    const made = this.#find(name);
    if (made === undefined) return;
    this.#made.set(name, made.index);
    this.#save();
    if (settings.kind === "macvlan") this.#tell(name, devices.withoutLinkLocal(made.index));
    this.#complete(settings, base, made);
    if (settings.kind === "macvlan" && settings.tellsOfBase === true) this.#tell(name, devices.tellOf(base.index));
    this.#find(name);
    this.#told.delete(name);
    const how = settings.kind === "macvlan" ? `with ${settings.mac}` : `as ipvlan, ${settings.mode}`;
    log.write("info", `made ${name} on ${settings.base} ${how}`);
  }

  /** Gives it what it lacks: its VRF, its settings, its address. */
  #complete(settings: VirtualInterface, base: NetworkInterface, device: NetworkInterface): void {
    const { devices, interfaces, onCreated } = this.#dependencies;
    const { name } = settings;
    const vrf = vrfOf(base, interfaces);
    if (vrf !== vrfOf(device, interfaces)) this.#tell(name, devices.setVrf(device.index, vrf));
    if (!device.up) {
      onCreated(settings);
      this.#tell(name, devices.setUp(device.index));
    }
    this.#addAddress(settings, device.index);
  }

  #addAddress(settings: VirtualInterface, interfaceIndex: number): void {
    const { name } = settings;
    const wanted = ownAddressOf(settings, interfaceIndex);
    const known = this.#addresses.get(name);
    if (known !== undefined && (known.address !== wanted?.address || known.prefixLength !== wanted.prefixLength)) {
      this.#removeAddress(name);
    }
    if (wanted === undefined || this.#dependencies.interfaces.find(wanted) !== undefined) return;
    const added = this.#dependencies.kernel.addAddress(wanted);
    if (added.ok) this.#addresses.set(name, wanted);
    else if (added.error.errno !== "EEXIST") this.#complain(name, describeFailure(added.error));
  }

  #removeAddress(name: string): void {
    const known = this.#addresses.get(name);
    this.#addresses.delete(name);
    // Gone with its interface, or by another's hand.
    if (known !== undefined) this.#dependencies.kernel.removeAddress(known);
  }

  /** Asks the kernel, which the monitor will tell of only later. */
  #find(name: string): NetworkInterface | undefined {
    const { kernel, interfaces, log } = this.#dependencies;
    const listed = kernel.interfaces();
    if (!listed.ok) {
      log.write("error", describeFailure(listed.error));
      return undefined;
    }
    const found = listed.value.find((entry) => entry.name === name);
    if (found !== undefined) interfaces.apply({ kind: "interface-changed", interface: found });
    return found;
  }

  #remove(name: string, index: number): void {
    const removed = this.#dependencies.devices.remove(index);
    if (!removed.ok && removed.error.errno !== "ENODEV") {
      this.#complain(name, describeFailure(removed.error));
      return;
    }
    this.#dependencies.interfaces.apply({ kind: "interface-removed", index, name });
  }

  #tell(name: string, outcome: ReturnType<Devices["setUp"]>): void {
    if (!outcome.ok) this.#complain(name, describeFailure(outcome.error));
  }

  #complain(name: string, message: string): void {
    if (this.#told.get(name) === message) return;
    this.#told.set(name, message);
    this.#dependencies.log.write("error", message);
  }

  #save(): void {
    const { files, log } = this.#dependencies;
    const text = this.#made.size === 0 ? "" : `${JSON.stringify(Object.fromEntries(this.#made))}\n`;
    if (text === this.#saved) return;
    const written = text === "" ? files.remove(this.#path) : files.replace(this.#path, text);
    if (!written.ok) log.write("error", describeFailure(written.error));
    this.#saved = text;
  }
}

function hintOf({ errno }: SystemFailure, { kind, base }: VirtualInterface): string {
  const keyword = kind === "macvlan" ? "use_vmac" : "use_ipvlan";
  if (errno === "EOPNOTSUPP") return `; this kernel has no ${kind}, which ${keyword} needs`;
  return errno === "EBUSY" ? `; ${base} belongs to a bridge or bond, or carries interfaces of another kind` : "";
}

/** A record that was torn by a crash, or edited by hand, says nothing. */
function parseRecord(text: string): readonly (readonly [string, number])[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([name, index]: [string, unknown]) =>
      typeof index === "number" ? [[name, index] as const] : [],
    );
  } catch {
    return [];
  }
}
