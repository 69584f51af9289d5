import { addBridge, BRIDGE, Host } from "./host.ts";
import { nextPrefix, sweepLeftOvers, Undoing } from "./namespaces.ts";
import { runOrThrow } from "./program.ts";
import { sharedMs } from "./vip-watch.ts";
import { Listeners, PATIENCE_MS, waitFor } from "./wait.ts";

/**
 * A small network on this machine: hosts in namespaces, joined by a switch in one more. Nothing of it is visible in the
 * machine's own network, and nothing is left of it after `close`, nor when the test fails, is interrupted or is killed.
 */
export class Lab {
  readonly #prefix: string;
  readonly #undoing: Undoing;
  readonly #hosts: Host[] = [];
  readonly #holders = new Listeners();

  private constructor(prefix: string, undoing: Undoing) {
    this.#prefix = prefix;
    this.#undoing = undoing;
  }

  /** Opens a lab with its switch; first removes what labs of dead processes left behind. Needs root. */
  static async open(): Promise<Lab> {
    await sweepLeftOvers();
    const lab = new Lab(nextPrefix(), new Undoing());
    try {
      await lab.#addSwitch();
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /**
   * Adds a host with one interface, eth0, plugged into the switch. Names have up to ten letters and digits. `watched` false:
   * nobody listens to what the host's kernel tells of addresses, which costs where there are thousands of them.
   */
  async host(
    name: string,
    { address, watched = true }: { readonly address: string; readonly watched?: boolean },
  ): Promise<Host> {
    if (!/^[a-z][a-z0-9]{0,9}$/.test(name)) throw new RangeError(`"${name}" is no name for a host of a lab`);
    if (this.#hosts.some((host) => host.name === name)) throw new RangeError(`There is a host "${name}" already`);
    const mac = `02:68:66:00:00:${(this.#hosts.length + 1).toString(16).padStart(2, "0")}`;
    const network = {
      namespace: `${this.#prefix}${name}`,
      switchNamespace: `${this.#prefix}switch`,
      losses: 0,
      captures: 0,
    };
    const host = await Host.open({ name, address, mac, watched }, network, this.#undoing);
    if (host.isWatched) host.vips.subscribe(() => this.#holders.notify());
    this.#hosts.push(host);
    return host;
  }

  /** Names the hosts that hold an address at this moment, as far as their kernels have told. */
  holders(address: string): string[] {
    return this.#hosts.filter((host) => host.vips.isHeld(address)).map(({ name }) => name);
  }

  /** Waits until one host holds the address and no other does. */
  async waitForOnlyHolder(address: string, host: Host, withinMs = PATIENCE_MS): Promise<void> {
    const look = (): true | undefined => {
      const holders = this.holders(address);
      return (holders.length === 1 && holders[0] === host.name) || undefined;
    };
    const evidence = (): string => `Held by: ${this.holders(address).join(", ") || "nobody"}.`;
    const awaited = `${address} to be held by ${host.name} alone`;
    await waitFor(awaited, look, this.#holders.subscribe, evidence, withinMs);
  }

  /** Adds up for how many milliseconds since a time (ms since 1970) two or more hosts held the address at once. */
  twoHoldersMs(address: string, sinceMs = 0): number {
    return sharedMs(
      this.#hosts.map((host) => host.vips.tenures(address)),
      sinceMs,
      Date.now(),
    );
  }

  /** Ends everything on all hosts and removes them. A second call does nothing. */
  close(): Promise<void> {
    return this.#undoing.run();
  }

  async #addSwitch(): Promise<void> {
    const namespace = `${this.#prefix}switch`;
    this.#undoing.add(`ip netns del ${namespace}`);
    await runOrThrow(["ip", "netns", "add", namespace]);
    await addBridge(namespace, BRIDGE);
  }
}
