import { succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { ArpSocket, ArpSocketOptions } from "../ports/links.ts";
import { announcementFilter } from "./announcement-filter.ts";
import { SOCK_RAW, openLinuxSocket } from "./linux-socket.ts";
import { SO_ATTACH_FILTER } from "./packet-filter.ts";
import { favor } from "./protocol-socket.ts";
import { AF_PACKET, SIZEOF_SOCKADDR_LL, packetAddress } from "./socket-address.ts";

/** Opens a packet socket that sends whole frames, and hears gratuitous ARP when asked to. */
export function openArpSocket(options: ArpSocketOptions, onReadable: () => void): Result<ArpSocket, SystemFailure> {
  const opened = openLinuxSocket({
    domain: AF_PACKET,
    type: SOCK_RAW,
    // Protocol 0 hears nothing; binding turns it on for this interface alone. A socket for one protocol hears what
    // arrives and never what this host sends: only those for all protocols do.
    protocol: 0,
    label: `the ARP socket of ${options.interfaceName}`,
    arena: { count: 64, payloadSize: LONGEST_FRAME, nameSize: SIZEOF_SOCKADDR_LL, controlSize: 0 },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  // Before it hears anything. Without the filter each ARP request of the network would wake this process.
  const filtered = options.listen
    ? socket.setOption(SOL_SOCKET, SO_ATTACH_FILTER, announcementFilter())
    : succeed(undefined);
  if (!filtered.ok) {
    socket.close();
    return filtered;
  }
  const bound = socket.bind(packetAddress(options.listen ? ETH_P_ARP : 0, options.interfaceIndex));
  if (!bound.ok) {
    socket.close();
    return bound;
  }
  if (options.listen) {
    favor(socket);
    socket.watch(onReadable);
  }

  const destination = packetAddress(ETH_P_ARP, options.interfaceIndex);
  return succeed({
    send: (frames) => socket.sendAll(frames.map((payload) => ({ payload, name: destination, control: [] }))),
    receive: () => socket.receive().messages.map(({ payload }) => payload),
    close: () => socket.close(),
  });
}

const SOL_SOCKET = 1;
const ETH_P_ARP = 0x0806;
/** A frame of ARP has 42 bytes, padded to 60; whatever is longer is cut. */
const LONGEST_FRAME = 256;
