import type { VirtualInterface } from "../../config/model/addresses.ts";
import type { Devices } from "../../ports/devices.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { Files } from "../../ports/files.ts";
import type { Kernel, NetworkInterface } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import { textFromBytes } from "../../wire/text.ts";
import type { InterfaceTable } from "./interface-table.ts";

export interface VirtualInterfaceDependencies {
  readonly devices: Devices;
  readonly kernel: Kernel;
  readonly interfaces: InterfaceTable;
  readonly files: Files;
  readonly log: Log;
  /** Called between the creation of an interface and its coming up: what is to be set on it is set then. */
  readonly onCreated: (name: string) => void;
}

/**
 * The interfaces with virtual MAC addresses that this process has made.
 *
 * One that a run before this one left behind is taken over where it has the name and the MAC address that are wanted, and
 * removed where it does not: its name and index are on disk, where a reboot empties them with the interfaces.
 */
export class VirtualInterfaces {
  readonly #dependencies: VirtualInterfaceDependencies;
  readonly #path: string;
  /** Ours, by name. */
  readonly #made = new Map<string, number>();
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
    const { devices, interfaces, onCreated } = this.#dependencies;
    const { name, mac, group } = settings;
    const base = interfaces.byName(settings.base);
    if (base === undefined) return;
    const existing = interfaces.byName(name);
    if (existing !== undefined && existing.mac !== mac) {
      if (this.#made.get(name) !== existing.index) {
        return this.#complain(name, `Cannot make ${name}: there is an interface of that name with another MAC address`);
      }
      this.#remove(name, existing.index);
    } else if (existing !== undefined) {
      this.#made.set(name, existing.index);
      if (existing.up) return;
      onCreated(name);
      this.#tell(name, devices.setUp(existing.index));
      return;
    }
    const created = devices.createMacvlan({ name, baseIndex: base.index, mac, group });
    if (!created.ok) return this.#complain(name, `${describeFailure(created.error)}${hintOf(created.error)}`);
    const made = this.#find(name);
    if (made === undefined) return;
    this.#made.set(name, made.index);
    this.#save();
    this.#tell(name, devices.withoutLinkLocal(made.index));
    onCreated(name);
    this.#tell(name, devices.setUp(made.index));
    if (settings.tellsOfBase === true) this.#tell(name, devices.tellOf(base.index));
    this.#find(name);
    this.#told.delete(name);
    this.#dependencies.log.write("info", `made ${name} on ${settings.base} with ${mac}`);
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

function hintOf({ errno }: SystemFailure): string {
  return errno === "EOPNOTSUPP" ? "; this kernel has no macvlan, which use_vmac needs" : "";
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
