import { contains, familyOf, type IpAddress } from "../base/address.ts";
import type { Random } from "../base/random.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import { micros } from "../base/time.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Udp, UdpDatagram, UdpReceiver, UdpSender, UdpSenderOptions } from "../ports/udp.ts";
import type { AddressRecord } from "../ports/kernel.ts";
import type { Lan } from "./lan.ts";
import type { Machine } from "./machine.ts";
import type { SimKernel } from "./sim-kernel.ts";
import type { SimProcess } from "./sim-process.ts";
import type { World } from "./world.ts";

/** Carries datagrams over a LAN, with its delays, losses and cuts. Routers there are none. */
export class UdpExchange {
  readonly #lan: Lan;
  readonly #world: World;
  readonly #random: Random;
  readonly #hosts: SimUdp[] = [];

  constructor(lan: Lan, dependencies: { readonly world: World; readonly random: Random }) {
    this.#lan = lan;
    this.#world = dependencies.world;
    this.#random = dependencies.random;
  }

  join(host: SimUdp): void {
    this.#hosts.push(host);
  }

  carry(from: SimUdp, port: number, datagram: Omit<UdpDatagram, "interfaceIndex">): void {
    const { delay, jitter, lossPermille } = this.#lan.quality;
    for (const host of this.#hosts) {
      if (host === from || !host.owns(datagram.destination) || this.#lan.isCut(from.name, host.name)) continue;
      if (this.#random.chance(lossPermille, 1000)) continue;
      const duration = micros(delay + (jitter > 0 ? this.#random.below(jitter) : 0));
      const copy = { ...datagram, payload: datagram.payload.slice() };
      this.#world.after(duration, () => host.arrive(port, copy));
    }
  }
}

/** The UDP sockets of one machine, in the kernel: they fill while their process stands still. */
export class SimUdp {
  readonly #machine: Machine;
  readonly #kernel: SimKernel;
  readonly #exchange: UdpExchange;
  #interfaceIndex: number;
  readonly #receivers = new Map<string, { put(datagram: UdpDatagram): void }>();
  readonly #sourcePorts = new Set<string>();

  constructor(options: {
    readonly machine: Machine;
    readonly kernel: SimKernel;
    readonly exchange: UdpExchange;
    /** The interface that is plugged into the LAN. */
    readonly interfaceIndex: number;
  }) {
    this.#machine = options.machine;
    this.#kernel = options.kernel;
    this.#exchange = options.exchange;
    this.#interfaceIndex = options.interfaceIndex;
    this.#exchange.join(this);
  }

  get name(): string {
    return this.#machine.name;
  }

  /** Another interface is plugged into the LAN instead. */
  plugInto(interfaceIndex: number): void {
    this.#interfaceIndex = interfaceIndex;
  }

  owns(address: IpAddress): boolean {
    return this.#kernel.addresses.has(address);
  }

  arrive(port: number, datagram: Omit<UdpDatagram, "interfaceIndex">): void {
    if (this.#machine.standstill !== undefined || !this.#linked()) return;
    const receiver = this.#receivers.get(`${familyOf(datagram.destination)} ${port}`);
    receiver?.put({ ...datagram, interfaceIndex: this.#interfaceIndex });
  }

  portFor(process: SimProcess): Udp {
    return {
      openReceiver: ({ family, port }, onReadable) =>
        process.call(() => this.#openReceiver(process, `${family} ${port}`, onReadable)),
      openSender: (options) => process.call(() => this.#openSender(process, options)),
    };
  }

  #openReceiver(process: SimProcess, key: string, onReadable: () => void): Result<UdpReceiver, SystemFailure> {
    if (this.#receivers.has(key)) return fail(refusal("bind a UDP port", "EADDRINUSE", "Address already in use"));
    let waiting: UdpDatagram[] = [];
    const source = process.source(() => waiting.length > 0, onReadable);
    const receiver = {
      put: (datagram: UdpDatagram): void => {
        if (waiting.length >= SOCKET_BUFFER) return;
        waiting.push(datagram);
        source.notify();
      },
    };
    const close = (): void => {
      source.close();
      if (this.#receivers.get(key) === receiver) this.#receivers.delete(key);
    };
    this.#receivers.set(key, receiver);
    process.onEnd(close);
    return succeed({
      receive: () =>
        process.call(() => {
          const taken = waiting.slice(0, BATCH);
          waiting = waiting.slice(BATCH);
          return taken;
        }),
      close,
    });
  }

  #openSender(process: SimProcess, options: UdpSenderOptions): Result<UdpSender, SystemFailure> {
    const { source: wanted, sourcePort, destination, destinationPort, hopLimit } = options;
    if (wanted !== undefined && !this.owns(wanted)) {
      return fail(refusal("bind a UDP socket", "EADDRNOTAVAIL", "Cannot assign requested address"));
    }
    const key = `${familyOf(destination)} ${sourcePort}`;
    if (this.#sourcePorts.has(key)) return fail(refusal("bind a UDP socket", "EADDRINUSE", "Address already in use"));
    this.#sourcePorts.add(key);
    const close = (): void => void this.#sourcePorts.delete(key);
    process.onEnd(close);
    const send = (payload: Uint8Array): Result<void, SystemFailure> => {
      const source = wanted ?? this.#sourceFor(destination);
      if (source === undefined) return fail(refusal("send", "ENETUNREACH", "Network is unreachable"));
      // Without a carrier the datagram is dropped and nobody is told.
      if (this.#linked()) {
        this.#exchange.carry(this, destinationPort, { source, destination, hopLimit, payload: payload.slice() });
      }
      return succeed(undefined);
    };
    return succeed({ send: (payload) => process.call(() => send(payload)), close });
  }

  /** The first one in the destination's subnet, if any. */
  #sourceFor(destination: IpAddress): IpAddress | undefined {
    const isOurs = ({ interfaceIndex, address }: AddressRecord): boolean =>
      interfaceIndex === this.#interfaceIndex && familyOf(address) === familyOf(destination);
    const records = this.#kernel.addresses.records().filter(isOurs);
    const near = records.find(({ address, prefixLength }) => contains({ address, length: prefixLength }, destination));
    return (near ?? records[0])?.address;
  }

  #linked(): boolean {
    const device = this.#kernel.interfaceAt(this.#interfaceIndex);
    return device !== undefined && device.up && device.running;
  }
}

function refusal(operation: string, errno: string, message: string): SystemFailure {
  return { operation, errno, message };
}

/** What the port promises at most. */
const BATCH = 64;
const SOCKET_BUFFER = 250;
