import { addressFromBytes, familyOf } from "../base/address.ts";
import type { AddressFamily, IpAddress } from "../base/address.ts";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Udp, UdpDatagram, UdpReceiver, UdpSender, UdpSenderOptions } from "../ports/udp.ts";
import { SOCK_DGRAM, SOL_SOCKET, intOption, openLinuxSocket } from "./linux-socket.ts";
import type { LinuxSocket } from "./linux-socket.ts";
import type { ControlMessage, ReceivedMessage } from "./message-arena.ts";
import { favor, setRequiredOptions } from "./protocol-socket.ts";
import type { SocketOption } from "./protocol-socket.ts";
import { AF_INET, AF_INET6, SIZEOF_SOCKADDR_IN6, inetAddress } from "./socket-address.ts";

/**
 * UDP sockets in the network namespace of this process.
 *
 * @see udp(7), ip(7), ipv6(7); RFC 3542 section 6.
 */
export function openLinuxUdp(): Udp {
  return {
    openReceiver: ({ family, port }, onReadable) => openReceiver(family, port, onReadable),
    openSender,
  };
}

function openReceiver(family: AddressFamily, port: number, onReadable: () => void): Result<UdpReceiver, SystemFailure> {
  const label = `UDP port ${port}${family === "ipv6" ? " of IPv6" : ""}`;
  const opened = openLinuxSocket({
    domain: family === "ipv4" ? AF_INET : AF_INET6,
    type: SOCK_DGRAM,
    protocol: 0,
    label,
    arena: { count: 64, payloadSize: LONGEST_PAYLOAD, nameSize: SIZEOF_SOCKADDR_IN6, controlSize: CONTROL_SIZE },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  const set = setRequiredOptions(socket, family === "ipv4" ? RECEIVE_IPV4 : RECEIVE_IPV6);
  if (!set.ok) return set;
  favor(socket);
  const bound = socket.bind(socketAddress(ANY[family], port));
  if (!bound.ok) return abandon(socket, bound.error);
  socket.watch(onReadable);
  return succeed({
    receive: () => {
      const datagrams: UdpDatagram[] = [];
      for (const message of socket.receive().messages) {
        const datagram = family === "ipv4" ? parseIpv4(message) : parseIpv6(message);
        if (datagram !== undefined) datagrams.push(datagram);
      }
      return datagrams;
    },
    close: () => socket.close(),
  });
}

function openSender(options: UdpSenderOptions): Result<UdpSender, SystemFailure> {
  const { destination, destinationPort, source, sourcePort, hopLimit } = options;
  const family = familyOf(destination);
  const isIpv4 = family === "ipv4";
  const opened = openLinuxSocket({
    domain: isIpv4 ? AF_INET : AF_INET6,
    type: SOCK_DGRAM,
    protocol: 0,
    label: `a UDP socket from ${source ?? "any address"} port ${sourcePort}`,
    arena: { count: 1, payloadSize: LONGEST_PAYLOAD, nameSize: 0, controlSize: 0 },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  const level = isIpv4 ? IPPROTO_IP : IPPROTO_IPV6;
  const set = setRequiredOptions(socket, [
    ...(isIpv4 ? [] : [ONLY_IPV6]),
    { purpose: "set the TTL", level, name: isIpv4 ? IP_TTL : IPV6_UNICAST_HOPS, value: intOption(hopLimit) },
    {
      purpose: "mark packets as control traffic",
      level,
      name: isIpv4 ? IP_TOS : IPV6_TCLASS,
      value: intOption(INTERNETWORK_CONTROL),
    },
  ]);
  if (!set.ok) return set;
  // Nobody reads what is sent to this port.
  socket.setOption(SOL_SOCKET, SO_RCVBUF, intOption(0));
  const bound = socket.bind(socketAddress(source ?? ANY[family], sourcePort));
  if (!bound.ok) return abandon(socket, bound.error);
  const name = socketAddress(destination, destinationPort);
  return succeed({ send: (payload) => socket.send(payload, name), close: () => socket.close() });
}

function abandon<Value>(socket: LinuxSocket, failure: SystemFailure): Result<Value, SystemFailure> {
  socket.close();
  return fail(failure);
}

function socketAddress(address: IpAddress, port: number): Uint8Array {
  const bytes = inetAddress(address, 0);
  new DataView(bytes.buffer).setUint16(AT_PORT, port);
  return bytes;
}

/** Undefined when the kernel left out what was asked for, which it does not. */
function parseIpv4({ payload, name, control }: ReceivedMessage): UdpDatagram | undefined {
  const ttl = dataOf(control, IPPROTO_IP, IP_TTL, 4);
  const info = dataOf(control, IPPROTO_IP, IP_PKTINFO, SIZEOF_IN_PKTINFO);
  if (ttl === undefined || info === undefined || name.length < AT_IN_ADDRESS + 4) return undefined;
  return {
    source: addressFromBytes(name.subarray(AT_IN_ADDRESS, AT_IN_ADDRESS + 4)),
    destination: addressFromBytes(info.subarray(8, 12)),
    interfaceIndex: integerAt(info, 0),
    hopLimit: integerAt(ttl, 0),
    payload,
  };
}

function parseIpv6({ payload, name, control }: ReceivedMessage): UdpDatagram | undefined {
  const limit = dataOf(control, IPPROTO_IPV6, IPV6_HOPLIMIT, 4);
  const info = dataOf(control, IPPROTO_IPV6, IPV6_PKTINFO, SIZEOF_IN6_PKTINFO);
  if (limit === undefined || info === undefined || name.length < AT_IN6_ADDRESS + 16) return undefined;
  return {
    source: addressFromBytes(name.subarray(AT_IN6_ADDRESS, AT_IN6_ADDRESS + 16)),
    destination: addressFromBytes(info.subarray(0, 16)),
    interfaceIndex: integerAt(info, 16),
    hopLimit: integerAt(limit, 0),
    payload,
  };
}

function dataOf(
  control: readonly ControlMessage[],
  level: number,
  type: number,
  length: number,
): Uint8Array | undefined {
  const data = control.find((message) => message.level === level && message.type === type)?.data;
  return data?.length === length ? data : undefined;
}

function integerAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(at, true);
}

const ANY = { ipv4: addressFromBytes(new Uint8Array(4)), ipv6: addressFromBytes(new Uint8Array(16)) } as const;

const LONGEST_PAYLOAD = 512;
/** Packet information and the hop limit, each with its header. */
const CONTROL_SIZE = 64;
const INTERNETWORK_CONTROL = 0xc0;

const AT_PORT = 2;
const AT_IN_ADDRESS = 4;
const AT_IN6_ADDRESS = 8;
/** struct in_pktinfo: interface index, local address, destination. */
const SIZEOF_IN_PKTINFO = 12;
/** struct in6_pktinfo: destination, interface index. */
const SIZEOF_IN6_PKTINFO = 20;

const SO_RCVBUF = 8;

// linux/in.h
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_PKTINFO = 8;
const IP_RECVTTL = 12;

// linux/in6.h
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
const IPV6_PKTINFO = 50;
const IPV6_RECVHOPLIMIT = 51;
const IPV6_HOPLIMIT = 52;
const IPV6_TCLASS = 67;

const ONLY_IPV6: SocketOption = {
  purpose: "keep a socket to IPv6",
  level: IPPROTO_IPV6,
  name: IPV6_V6ONLY,
  value: intOption(1),
};

const RECEIVE_IPV4: readonly SocketOption[] = [
  { purpose: "ask for TTLs", level: IPPROTO_IP, name: IP_RECVTTL, value: intOption(1) },
  { purpose: "ask for destination addresses", level: IPPROTO_IP, name: IP_PKTINFO, value: intOption(1) },
];

const RECEIVE_IPV6: readonly SocketOption[] = [
  ONLY_IPV6,
  { purpose: "ask for hop limits", level: IPPROTO_IPV6, name: IPV6_RECVHOPLIMIT, value: intOption(1) },
  { purpose: "ask for destination addresses", level: IPPROTO_IPV6, name: IPV6_RECVPKTINFO, value: intOption(1) },
];
