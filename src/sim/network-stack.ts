import { familyOf, isMulticast, type IpAddress } from "../base/address.ts";
import { fail, succeed, type Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type {
  FrameSocket,
  FrameSocketOptions,
  Links,
  VrrpPacket,
  VrrpSocket,
  VrrpSocketOptions,
} from "../ports/links.ts";
import { AUTHENTICATION_HEADER_LENGTH } from "../wire/authentication-header.ts";
import { internetChecksum, pseudoHeader } from "../wire/checksum.ts";
import { IPPROTO_VRRP } from "../wire/vrrp.ts";
import type { ArrivingFrame, Frame, Lan, LinkFrame, Station } from "./lan.ts";
import type { Machine } from "./machine.ts";
import type { SimKernel } from "./sim-kernel.ts";
import type { SimProcess } from "./sim-process.ts";

/** The sockets of one machine on its one LAN, in the kernel: they fill while their process stands still. */
export class NetworkStack {
  readonly #machine: Machine;
  readonly #kernel: SimKernel;
  readonly #lan: Lan;
  readonly #station: Station;
  #interfaceIndex: number;
  readonly #vrrpSockets = new Set<SimVrrpSocket>();
  /** Those that listen. */
  readonly #frameSockets = new Set<{
    readonly kind: LinkFrame["kind"];
    readonly inbox: Inbox<Uint8Array>;
    readonly options: FrameSocketOptions;
  }>();
  /** What the host of a frozen virtual machine keeps for it. */
  #backlog: ArrivingFrame[] = [];
  /** A firewall of this machine refuses the adverts that it would send. */
  forbidsAdverts = false;

  constructor(options: {
    readonly machine: Machine;
    readonly kernel: SimKernel;
    readonly lan: Lan;
    /** The interface that is plugged into the LAN. */
    readonly interfaceIndex: number;
  }) {
    this.#machine = options.machine;
    this.#kernel = options.kernel;
    this.#lan = options.lan;
    this.#interfaceIndex = options.interfaceIndex;
    this.#station = {
      name: this.#machine.name,
      linked: () => {
        const device = this.#kernel.interfaceAt(this.#interfaceIndex);
        return device !== undefined && device.up && device.running;
      },
      owns: (address) => this.#kernel.addresses.has(address),
      arrive: (frame) => this.#arrive(frame),
    };
    this.#lan.attach(this.#station);
  }

  /** Another interface is plugged into the LAN instead. Sockets of the former hear nothing any more. */
  plugInto(interfaceIndex: number): void {
    this.#interfaceIndex = interfaceIndex;
  }

  /** The machine has woken: what came meanwhile is delivered, if somebody kept it. */
  deliverBacklog(): void {
    const frames = this.#backlog;
    this.#backlog = [];
    for (const frame of frames) this.#arrive(frame);
  }

  portFor(process: SimProcess): Links {
    return {
      openVrrpSocket: (options, onReadable) => process.call(() => this.#openVrrpSocket(process, options, onReadable)),
      openArpSocket: (options, onReadable) =>
        process.call(() => this.#openFrameSocket(process, "arp", options, onReadable)),
      openNeighborSocket: (options, onReadable) =>
        process.call(() => this.#openFrameSocket(process, "neighbor", options, onReadable)),
    };
  }

  #openVrrpSocket(
    process: SimProcess,
    options: VrrpSocketOptions,
    onReadable: () => void,
  ): Result<VrrpSocket, SystemFailure> {
    // One that is bound to no interface goes by the only route that there is.
    const ofAny = options.interfaceIndex === 0;
    if (!ofAny && this.#kernel.interfaceAt(options.interfaceIndex) === undefined) return fail(noDevice(options));
    const inbox = this.#openInbox<VrrpPacket>(process, onReadable);
    const socket: SimVrrpSocket = { inbox, options, heard: undefined };
    const close = (): void => {
      this.#vrrpSockets.delete(socket);
      inbox.close();
    };
    this.#vrrpSockets.add(socket);
    process.onEnd(close);
    return succeed({
      send: (packet) =>
        process.call(() => {
          if (!inbox.open) return fail({ operation: "send an advert", errno: "EBADF", message: "Bad file descriptor" });
          if (this.forbidsAdverts) return fail(FORBIDDEN);
          if (!this.#maySendFrom(packet.source)) return fail(NO_SOURCE);
          const copy = { ...packet, message: withChecksum(packet) };
          const { authenticationHeader = false } = options;
          const index = ofAny ? this.#interfaceIndex : options.interfaceIndex;
          return this.#send(index, { kind: "vrrp", packet: copy, authenticationHeader });
        }),
      receive: () => process.call(() => inbox.take()),
      hearOnly: (wanted) =>
        process.call(() => {
          socket.heard = wanted?.vrids;
          return succeed(undefined);
        }),
      setReceiveBuffer: () => process.call(() => succeed(undefined)),
      close,
    });
  }

  #openFrameSocket(
    process: SimProcess,
    kind: LinkFrame["kind"],
    options: FrameSocketOptions,
    onReadable: () => void,
  ): Result<FrameSocket, SystemFailure> {
    if (this.#kernel.interfaceAt(options.interfaceIndex) === undefined) return fail(noDevice(options));
    const inbox = this.#openInbox<Uint8Array>(process, onReadable);
    const socket = { kind, inbox, options };
    const close = (): void => {
      this.#frameSockets.delete(socket);
      inbox.close();
    };
    if (options.listen) this.#frameSockets.add(socket);
    process.onEnd(close);
    return succeed({
      send: (frames) =>
        process.call(() => {
          for (const bytes of frames) {
            const sent = this.#send(options.interfaceIndex, { kind, bytes: bytes.slice() });
            if (!sent.ok) return sent;
          }
          return succeed(undefined);
        }),
      receive: () => process.call(() => inbox.take()),
      close,
    });
  }

  /** Over IPv4 whoever writes the header may claim any source. */
  #maySendFrom(source: IpAddress): boolean {
    return familyOf(source) === "ipv4" || this.#kernel.addresses.isUsable(source);
  }

  #send(interfaceIndex: number, frame: Frame): Result<void, SystemFailure> {
    const device = this.#kernel.interfaceAt(interfaceIndex);
    const operation = `send on interface ${interfaceIndex}`;
    if (device === undefined) return fail({ operation, errno: "ENXIO", message: "No such device or address" });
    if (!device.up) return fail({ operation, errno: "ENETDOWN", message: "Network is down" });
    // Without a carrier the frame is dropped and nobody is told.
    if (this.#isPlugged(interfaceIndex)) this.#lan.send(this.#station, frame);
    return succeed(undefined);
  }

  /** Plugged into the LAN, or lies on what is, or is none. */
  #isPlugged(interfaceIndex: number): boolean {
    if (interfaceIndex === 0) return true;
    return this.#kernel.baseOf(interfaceIndex) === this.#interfaceIndex;
  }

  #arrive(frame: ArrivingFrame): void {
    const { standstill } = this.#machine;
    if (standstill === "frozen" && this.#backlog.length < HOST_QUEUE) this.#backlog.push(frame);
    if (standstill !== undefined) return;
    if (frame.kind !== "vrrp") {
      for (const { kind, inbox, options } of this.#frameSockets) {
        if (kind === frame.kind && this.#isPlugged(options.interfaceIndex)) inbox.put(frame.bytes);
      }
      return;
    }
    const { packet } = frame;
    const isGroup = isMulticast(packet.destination);
    for (const { inbox, options, heard } of this.#vrrpSockets) {
      if (!this.#isPlugged(options.interfaceIndex) || options.family !== familyOf(packet.source)) continue;
      if ((options.authenticationHeader ?? false) !== frame.authenticationHeader) continue;
      // IP_MULTICAST_ALL is off: a socket hears the groups that it has joined itself.
      if (isGroup && !options.groups.includes(packet.destination)) continue;
      const skip = frame.authenticationHeader ? AUTHENTICATION_HEADER_LENGTH : 0;
      if (heard !== undefined && !heard.has(packet.message[skip + AT_VRID] ?? 0)) continue;
      inbox.put({ ...packet, message: packet.message.slice() });
    }
  }

  #openInbox<Item>(process: SimProcess, onReadable: () => void): Inbox<Item> {
    let items: Item[] = [];
    const source = process.source(() => items.length > 0, onReadable);
    const inbox = {
      open: true,
      put: (item: Item): void => {
        if (items.length >= SOCKET_BUFFER) return;
        items.push(item);
        source.notify();
      },
      take: (): readonly Item[] => {
        const taken = items.slice(0, BATCH);
        items = items.slice(BATCH);
        return taken;
      },
      close: (): void => {
        inbox.open = false;
        items = [];
        source.close();
      },
    };
    return inbox;
  }
}

interface SimVrrpSocket {
  readonly inbox: Inbox<VrrpPacket>;
  readonly options: VrrpSocketOptions;
  /** These virtual routers only. Nothing of the others comes, not even a sample. */
  heard: ReadonlySet<number> | undefined;
}

/** In a VRRP message. */
const AT_VRID = 1;

interface Inbox<Item> {
  readonly open: boolean;
  put(item: Item): void;
  take(): readonly Item[];
  close(): void;
}

function noDevice({ interfaceName }: { readonly interfaceName: string }): SystemFailure {
  return { operation: `open a socket on ${interfaceName}`, errno: "ENODEV", message: "No such device" };
}

/** A copy of what stands behind the IP header. The kernel computes the checksum of what leaves over IPv6 (IPV6_CHECKSUM). */
function withChecksum({ source, destination, message }: VrrpPacket): Uint8Array {
  const bytes = message.slice();
  if (familyOf(source) === "ipv4") return bytes;
  const view = new DataView(bytes.buffer);
  view.setUint16(AT_CHECKSUM, 0);
  const header = pseudoHeader(source, destination, IPPROTO_VRRP, bytes.length);
  view.setUint16(AT_CHECKSUM, internetChecksum(header, bytes));
  return bytes;
}

const AT_CHECKSUM = 6;
/** netfilter's answer to the sender of what it drops. */
const FORBIDDEN: SystemFailure = { operation: "send an advert", errno: "EPERM", message: "Operation not permitted" };
const NO_SOURCE: SystemFailure = { operation: "send an advert", errno: "EINVAL", message: "Invalid argument" };

/** What the port promises at most. */
const BATCH = 64;
const SOCKET_BUFFER = 250;
const HOST_QUEUE = 64;
