import { after, seconds, type Instant } from "../../base/time.ts";
import type { BufferSettings } from "../../config/model/global.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { FaultCause } from "../../core/vrrp/state.ts";
import type { Clock } from "../../ports/clock.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { Log } from "../../ports/log.ts";
import type { AdvertisementSender } from "./advertisement-sender.ts";
import { receiveBufferOf } from "./receive-buffer.ts";

export interface ConnectionDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Holds the socket: what is sent goes out where packets come from. */
  readonly sender: Pick<AdvertisementSender, "connect" | "disconnect">;
  readonly buffers: () => BufferSettings;
  /** Its packets come from another socket, or from none. */
  readonly onConnection: () => void;
}

/** Keeps one instance at the socket of its interface, and knows why it has none. */
export class Connection {
  readonly #dependencies: ConnectionDependencies;
  #socketKey: string | undefined;
  #fault: SocketFault | undefined;
  #retryAt: Instant | undefined;

  constructor(dependencies: ConnectionDependencies) {
    this.#dependencies = dependencies;
  }

  /** Which socket packets come from; undefined: none. */
  get socketKey(): string | undefined {
    return this.#socketKey;
  }

  /** Why the socket could not be opened; undefined: it was, or there is nothing to open it on. */
  get fault(): SocketFault | undefined {
    return this.#fault;
  }

  /** When `connect` is to be called again; undefined: there is no need to. */
  get retryAt(): Instant | undefined {
    return this.#retryAt;
  }

  /** Without a `device` there is nothing to connect to, which is a fault already. */
  connect(settings: InstanceSettings, device: NetworkInterface | undefined): void {
    const { clock, log, sender, buffers, onConnection } = this.#dependencies;
    const before = this.#fault;
    this.#fault = undefined;
    this.#retryAt = undefined;
    if (device === undefined) return;
    const connected = sender.connect(device, receiveBufferOf(settings, buffers(), device.mtu));
    if (connected.ok) {
      if (this.#socketKey === connected.value) return;
      this.#socketKey = connected.value;
      return onConnection();
    }
    const detail = describeFailure(connected.error);
    this.#fault = { kind: "no-socket", interface: device.name, detail };
    this.#retryAt = after(clock.now(), RETRY);
    if (before?.detail !== detail) log.write("error", `(${settings.name}) ${detail}`);
  }

  /** The interface is gone, and with it what its sockets had joined, even if one with its index comes. */
  disconnect(interfaceIndex: number): void {
    if (!this.#dependencies.sender.disconnect(interfaceIndex)) return;
    this.#socketKey = undefined;
    this.#dependencies.onConnection();
  }

  /** The instance takes no part any more: what could not be opened is not tried again. */
  giveUp(): void {
    this.#retryAt = undefined;
  }
}

export type SocketFault = FaultCause & { readonly kind: "no-socket" };

/** From an attempt to open the socket to the next. */
const RETRY = seconds(1);
