import { addressBytes, addressFromBytes } from "../base/address.ts";
import { interfaceText } from "../base/every-interface.ts";
import { succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { OutgoingVrrpPacket, VrrpPacket, VrrpSocket, VrrpSocketOptions } from "../ports/links.ts";
import { IPPROTO_VRRP } from "../wire/vrrp.ts";
import { SOCK_RAW, intOption, openLinuxSocket } from "./linux-socket.ts";
import type { ControlMessage, ReceivedMessage } from "./message-arena.ts";
import {
  bindToDevice,
  favor,
  hearOnly,
  MOST_ROUNDS,
  ipv6Mreq,
  setReceiveBuffer,
  setRequiredOptions,
} from "./protocol-socket.ts";
import type { SocketOption } from "./protocol-socket.ts";
import { AF_INET6, SIZEOF_SOCKADDR_IN6, inetAddress, parseInet6Address } from "./socket-address.ts";

/**
 * Opens a raw socket for VRRP over IPv6. The kernel writes the header, so the source must be an address of this host
 * (RFC 3542 section 6.2); it also checks and fills in the checksum of the message.
 */
export function openIpv6VrrpSocket(
  options: VrrpSocketOptions,
  onReadable: () => void,
): Result<VrrpSocket, SystemFailure> {
  const { interfaceIndex, interfaceName, groups } = options;
  const opened = openLinuxSocket({
    domain: AF_INET6,
    type: SOCK_RAW,
    protocol: IPPROTO_VRRP,
    label: `the IPv6 VRRP socket of ${interfaceText(interfaceName)}`,
    arena: { count: ROOM, payloadSize: LONGEST_MESSAGE, nameSize: SIZEOF_SOCKADDR_IN6, controlSize: CONTROL_SIZE },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  const wanted: SocketOption[] = [
    bindToDevice(interfaceName),
    {
      purpose: "have the kernel fill in checksums",
      level: IPPROTO_IPV6,
      name: IPV6_CHECKSUM,
      value: intOption(AT_VRRP_CHECKSUM),
    },
    { purpose: "hear only our own groups", level: IPPROTO_IPV6, name: IPV6_MULTICAST_ALL, value: intOption(0) },
    {
      purpose: "keep our multicast from coming back",
      level: IPPROTO_IPV6,
      name: IPV6_MULTICAST_LOOP,
      value: intOption(0),
    },
    {
      purpose: `send multicast through ${interfaceText(interfaceName)}`,
      level: IPPROTO_IPV6,
      name: IPV6_MULTICAST_IF,
      value: intOption(interfaceIndex),
    },
    {
      purpose: "mark packets as control traffic",
      level: IPPROTO_IPV6,
      name: IPV6_TCLASS,
      value: intOption(INTERNETWORK_CONTROL),
    },
    { purpose: "ask for destination addresses", level: IPPROTO_IPV6, name: IPV6_RECVPKTINFO, value: intOption(1) },
    { purpose: "ask for hop limits", level: IPPROTO_IPV6, name: IPV6_RECVHOPLIMIT, value: intOption(1) },
  ];
  for (const group of groups) {
    wanted.push({
      purpose: `join ${group} on ${interfaceName}`,
      level: IPPROTO_IPV6,
      name: IPV6_ADD_MEMBERSHIP,
      value: ipv6Mreq(group, interfaceIndex),
    });
  }
  const set = setRequiredOptions(socket, wanted);
  if (!set.ok) return set;
  favor(socket);
  socket.watch(onReadable, { gathers: true });

  return succeed({
    send: (packet) =>
      socket.sendAll([
        {
          payload: packet.message,
          name: inetAddress(packet.destination, interfaceIndex),
          control: outgoingControl(packet, interfaceIndex),
        },
      ]),
    receive: () => {
      const packets: VrrpPacket[] = [];
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const { messages } = socket.receive();
        for (const message of messages) {
          const packet = parseReceived(message);
          if (packet !== undefined) packets.push(packet);
        }
        if (messages.length < ROOM) break;
      }
      return packets;
    },
    hearOnly: (wanted) => hearOnly(socket, wanted, { ipv4Header: false, skip: 0 }),
    setReceiveBuffer: (bytes) => setReceiveBuffer(socket, bytes),
    close: () => socket.close(),
  });
}

function outgoingControl(packet: OutgoingVrrpPacket, interfaceIndex: number): ControlMessage[] {
  const info = new Uint8Array(20);
  info.set(addressBytes(packet.source));
  new DataView(info.buffer).setUint32(16, interfaceIndex, true);
  return [
    { level: IPPROTO_IPV6, type: IPV6_PKTINFO, data: info },
    { level: IPPROTO_IPV6, type: IPV6_HOPLIMIT, data: intOption(packet.hopLimit) },
  ];
}

/** Undefined when the kernel left out what was asked for, which it does not. */
function parseReceived({ payload, name, control }: ReceivedMessage): VrrpPacket | undefined {
  const source = parseInet6Address(name);
  const info = control.find((message) => message.level === IPPROTO_IPV6 && message.type === IPV6_PKTINFO)?.data;
  const limit = control.find((message) => message.level === IPPROTO_IPV6 && message.type === IPV6_HOPLIMIT)?.data;
  if (source === undefined || info?.length !== 20 || limit?.length !== 4) return undefined;
  return {
    source,
    destination: addressFromBytes(info.subarray(0, 16)),
    hopLimit: new DataView(limit.buffer, limit.byteOffset).getInt32(0, true),
    message: payload,
  };
}

/** Packets in a round. */
const ROOM = 64;
/** 255 addresses of 16 bytes and the header, with room for padding. */
const LONGEST_MESSAGE = 4352;
/** struct in6_pktinfo and the hop limit, each with its header. */
const CONTROL_SIZE = 64;
const AT_VRRP_CHECKSUM = 6;
const INTERNETWORK_CONTROL = 0xc0;

// linux/in6.h
const IPPROTO_IPV6 = 41;
const IPV6_CHECKSUM = 7;
const IPV6_MULTICAST_IF = 17;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_ADD_MEMBERSHIP = 20;
const IPV6_MULTICAST_ALL = 29;
const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;
const IPV6_RECVHOPLIMIT = 51;
const IPV6_HOPLIMIT = 52;
const IPV6_TCLASS = 67;
