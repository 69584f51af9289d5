import { succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { FrameSocket, FrameSocketOptions } from "../ports/links.ts";
import { gratuitousArpFilter, unsolicitedAdvertisementFilter } from "./announcement-filter.ts";
import { SOCK_RAW, openLinuxSocket } from "./linux-socket.ts";
import { SO_ATTACH_FILTER } from "./packet-filter.ts";
import { favor } from "./protocol-socket.ts";
import { AF_PACKET, SIZEOF_SOCKADDR_LL, packetAddress } from "./socket-address.ts";

/** Opens a packet socket that sends ARP frames, and hears gratuitous ARP when asked to. */
export function openArpSocket(options: FrameSocketOptions, onReadable: () => void): Result<FrameSocket, SystemFailure> {
  return openFrameSocket({ name: "ARP", etherType: ETH_P_ARP, filter: gratuitousArpFilter }, options, onReadable);
}

/** Opens a packet socket that sends IPv6 frames, and hears unsolicited neighbor advertisements when asked to. */
export function openNeighborSocket(
  options: FrameSocketOptions,
  onReadable: () => void,
): Result<FrameSocket, SystemFailure> {
  const protocol = { name: "neighbor", etherType: ETH_P_IPV6, filter: unsolicitedAdvertisementFilter };
  return openFrameSocket(protocol, options, onReadable);
}

interface Protocol {
  /** For people. */
  readonly name: string;
  readonly etherType: number;
  /** The argument of SO_ATTACH_FILTER for a socket that listens. */
  readonly filter: () => Uint8Array;
}

function openFrameSocket(
  protocol: Protocol,
  options: FrameSocketOptions,
  onReadable: () => void,
): Result<FrameSocket, SystemFailure> {
  const opened = openLinuxSocket({
    domain: AF_PACKET,
    type: SOCK_RAW,
    // Protocol 0 hears nothing; binding turns it on for this interface alone. A socket for one protocol hears what
    // arrives and never what this host sends: only those for all protocols do.
    protocol: 0,
    label: `the ${protocol.name} socket of ${options.interfaceName}`,
    arena: { count: 64, payloadSize: LONGEST_FRAME, nameSize: SIZEOF_SOCKADDR_LL, controlSize: 0 },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  // Before it hears anything. Without the filter each frame of the network would wake this process.
  const filtered = options.listen
    ? socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, protocol.filter())
    : succeed(undefined);
  if (!filtered.ok) {
    socket.close();
    return filtered;
  }
  const bound = socket.bind(packetAddress(options.listen ? protocol.etherType : 0, options.interfaceIndex));
  if (!bound.ok) {
    socket.close();
    return bound;
  }
  if (options.listen) {
    favor(socket);
    socket.watch(onReadable);
  }

  const destination = packetAddress(protocol.etherType, options.interfaceIndex);
  return succeed({
    send: (frames) => socket.sendAll(frames.map((payload) => ({ payload, name: destination, control: [] }))),
    receive: () => socket.receive().messages.map(({ payload }) => payload),
    close: () => socket.close(),
  });
}

const SOL_SOCKET = 1;
const ETH_P_ARP = 0x0806;
const ETH_P_IPV6 = 0x86dd;
/** A frame of ARP has 42 bytes, padded to 60, one of an announcement over IPv6 has 86; whatever is longer is cut. */
const LONGEST_FRAME = 256;
