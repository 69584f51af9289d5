import { formatPrefix, mac } from "../base/address.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { AddressRequest, Kernel, KernelEvent, KernelMonitor, NetworkInterface } from "../ports/kernel.ts";
import type { LinkProbe } from "../ports/link-probe.ts";
import { AddressBook, type AddressChange } from "./address-book.ts";
import type { Machine } from "./machine.ts";
import type { SimProcess, Source } from "./sim-process.ts";

/** The interfaces and addresses of one machine. It outlives the processes that use it. */
export class SimKernel {
  readonly addresses: AddressBook;
  readonly #interfaces = new Map<number, NetworkInterface>();
  /** What those that lie on others lie on. */
  readonly #bases = new Map<number, number>();
  readonly #monitors = new Set<Monitor>();
  /** Renewals are under way of which monitors do not hear. */
  #isQuiet = false;
  readonly #observers: ((change: AddressChange) => void)[] = [];
  readonly #number: number;

  /**
   * `keepsProtocol`: it remembers who added an address, as kernels do since 5.18. `number`, 0-255, tells the machines of a
   * LAN apart.
   */
  constructor(options: { readonly machine: Machine; readonly keepsProtocol: boolean; readonly number: number }) {
    this.#number = options.number;
    this.addresses = new AddressBook(options, (change) => this.#tell(change));
  }

  observe(onChange: (change: AddressChange) => void): void {
    this.#observers.push(onChange);
  }

  interfaceNamed(name: string): NetworkInterface | undefined {
    for (const entry of this.#interfaces.values()) if (entry.name === name) return entry;
    return undefined;
  }

  interfaceAt(index: number): NetworkInterface | undefined {
    return this.#interfaces.get(index);
  }

  /** Creates an Ethernet interface that is up, or changes one. */
  setInterface(index: number, name: string, state: { readonly up: boolean; readonly running: boolean }): void {
    const address = mac(`02:00:00:00:${hexadecimal(this.#number)}:${hexadecimal(index)}`);
    const facts = { multicast: true, loopback: false, noArp: false, mtu: 1500, mac: address, forwardsIpv6: false };
    const master = this.#interfaces.get(index)?.master;
    const entry: NetworkInterface = { index, name, ...state, ...facts, master };
    this.#interfaces.set(index, entry);
    this.#publish({ kind: "interface-changed", interface: entry });
    for (const [above, base] of this.#bases) {
      const macvlan = this.#interfaces.get(above);
      if (base !== index || macvlan === undefined || !macvlan.up) continue;
      this.#interfaces.set(above, { ...macvlan, running: state.running });
      this.#publishInterface(above);
    }
  }

  /** One that lies on another, down at first. */
  createAbove(name: string, baseIndex: number, facts: Pick<NetworkInterface, "mac" | "ipvlan">): void {
    const index = Math.max(FIRST_ABOVE - 1, ...this.#interfaces.keys()) + 1;
    this.#bases.set(index, baseIndex);
    const common = { multicast: true, loopback: false, noArp: false, mtu: 1500, forwardsIpv6: false };
    this.#interfaces.set(index, { index, name, up: false, running: false, ...common, ...facts });
    this.#publishInterface(index);
  }

  setUp(index: number): void {
    const entry = this.#interfaces.get(index);
    const base = this.#interfaces.get(this.baseOf(index));
    if (entry === undefined) return;
    this.#interfaces.set(index, { ...entry, up: true, running: base?.running === true });
    this.#publishInterface(index);
  }

  /** `ip link add NAME type vrf table TABLE`, and up. */
  createVrf(index: number, name: string, vrfTable: number): void {
    const facts = { multicast: false, loopback: false, noArp: true, mtu: 65575, mac: undefined, forwardsIpv6: false };
    this.#interfaces.set(index, { index, name, up: true, running: true, ...facts, vrfTable });
    this.#publishInterface(index);
  }

  setMaster(index: number, master: number | undefined): void {
    const entry = this.#interfaces.get(index);
    if (entry === undefined) return;
    this.#interfaces.set(index, { ...entry, master });
    this.#publishInterface(index);
  }

  /** The interface that one lies on; itself where it lies on none. */
  baseOf(index: number): number {
    return this.#bases.get(index) ?? index;
  }

  #publishInterface(index: number): void {
    const entry = this.#interfaces.get(index);
    if (entry !== undefined) this.#publish({ kind: "interface-changed", interface: entry });
  }

  removeInterface(index: number): void {
    // What lies on it goes first.
    for (const [above, base] of this.#bases) if (base === index && above !== index) this.removeInterface(above);
    this.#bases.delete(index);
    const entry = this.#interfaces.get(index);
    if (entry === undefined) return;
    this.addresses.removeAllOf(index);
    this.#interfaces.delete(index);
    this.#publish({ kind: "interface-removed", index, name: entry.name });
  }

  /** Every monitor loses what it has not read yet, as when its buffer is full. */
  overrun(): void {
    for (const monitor of this.#monitors) {
      monitor.events = [{ kind: "overrun" }];
      monitor.source.notify();
    }
  }

  portFor(process: SimProcess): Kernel {
    return {
      interfaces: () => process.call(() => succeed([...this.#interfaces.values()])),
      addresses: () => process.call(() => succeed(this.addresses.records())),
      addAddress: (request) => process.call(() => this.#add(request)),
      prepareAddresses: () => undefined,
      addAddresses: (requests) => process.call(() => requests.map((request) => this.#add(request))),
      renewAddresses: (requests) =>
        process.call(() => {
          const outcomes = requests.map((request) => this.#refusal(request, "renew"));
          const granted = requests.filter((_, index) => outcomes[index]?.ok === true);
          this.#isQuiet = granted.every(({ validLifetime }) => validLifetime !== "forever");
          this.addresses.renew(granted, "holdfast");
          this.#isQuiet = false;
          return outcomes;
        }),
      removeAddress: (key) =>
        process.call(() => {
          const refused = this.#refusal(key, "remove");
          if (!refused.ok) return refused;
          if (this.addresses.remove(key, "holdfast")) return refused;
          return fail(failure(key, "remove", "EADDRNOTAVAIL", "Cannot assign requested address"));
        }),
      openMonitor: (onReadable) => process.call(() => succeed(this.#openMonitor(process, onReadable))),
    };
  }

  /** Drivers answer what the kernel knows, and know one way of asking. */
  probeFor(process: SimProcess): LinkProbe {
    return {
      ask: (name, method) =>
        process.call(() => {
          const operation = `ask ${name} for its link by ${method}`;
          const device = this.interfaceNamed(name);
          if (device === undefined) return fail({ operation, errno: "ENODEV", message: "No such device" });
          if (method === "ETHTOOL") return succeed(device.running);
          return fail({ operation, errno: "EOPNOTSUPP", message: "Operation not supported" });
        }),
    };
  }

  #add(request: AddressRequest): Result<void, SystemFailure> {
    const refused = this.#refusal(request, "add");
    if (!refused.ok) return refused;
    if (this.addresses.add(request, "holdfast")) return refused;
    return fail(failure(request, "add", "EEXIST", "File exists"));
  }

  #refusal(key: Key, deed: string): Result<void, SystemFailure> {
    if (this.#interfaces.has(key.interfaceIndex)) return succeed(undefined);
    return fail(failure(key, deed, "ENODEV", "No such device"));
  }

  #openMonitor(process: SimProcess, onReadable: () => void): KernelMonitor {
    const source = process.source(() => monitor.events.length > 0, onReadable);
    const monitor: Monitor = { events: [], source };
    this.#monitors.add(monitor);
    const close = (): void => {
      this.#monitors.delete(monitor);
      source.close();
    };
    process.onEnd(close);
    return {
      receive: () =>
        process.call(() => {
          const { events } = monitor;
          monitor.events = [];
          return events;
        }),
      close,
    };
  }

  #tell(change: AddressChange): void {
    const kind = change.kind === "removed" ? "address-removed" : "address-added";
    if (!this.#isQuiet || kind === "address-removed") this.#publish({ kind, record: change.record });
    for (const observer of this.#observers) observer(change);
  }

  #publish(event: KernelEvent): void {
    for (const monitor of this.#monitors) {
      if (monitor.events.length >= MONITOR_BUFFER) monitor.events = [{ kind: "overrun" }];
      else monitor.events.push(event);
      monitor.source.notify();
    }
  }
}

interface Monitor {
  events: KernelEvent[];
  readonly source: Source;
}

type Key = Pick<AddressRequest, "interfaceIndex" | "address" | "prefixLength">;

function failure(key: Key, deed: string, errno: string, message: string): SystemFailure {
  const prefix = formatPrefix({ address: key.address, length: key.prefixLength });
  return { operation: `${deed} ${prefix} on interface ${key.interfaceIndex}`, errno, message };
}

function hexadecimal(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

/** Above the numbers of the interfaces that come and go. */
const FIRST_ABOVE = 100;

/** What fits into the socket buffer of a listener that does not read. */
const MONITOR_BUFFER = 300;
