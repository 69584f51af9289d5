import { interfaceText } from "../base/every-interface.ts";
import { succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { OutgoingVrrpPacket, VrrpPacket, VrrpSocket, VrrpSocketOptions } from "../ports/links.ts";
import { AUTHENTICATION_HEADER_LENGTH, IPPROTO_AH } from "../wire/authentication-header.ts";
import { TOS_INTERNETWORK_CONTROL, parseIpv4, serializeIpv4 } from "../wire/ipv4.ts";
import { IPPROTO_VRRP } from "../wire/vrrp.ts";
import { SOCK_RAW, intOption, openLinuxSocket } from "./linux-socket.ts";
import { PacketMemory } from "./packet-memory.ts";
import {
  bindToDevice,
  favor,
  ipMreqn,
  hearOnly,
  MOST_ROUNDS,
  setReceiveBuffer,
  setRequiredOptions,
} from "./protocol-socket.ts";
import type { SocketOption } from "./protocol-socket.ts";
import { AF_INET, inetAddress } from "./socket-address.ts";

/** Opens a raw socket whose headers are ours, so that any source address can be used. */
export function openIpv4VrrpSocket(
  options: VrrpSocketOptions,
  onReadable: () => void,
): Result<VrrpSocket, SystemFailure> {
  const { interfaceIndex, interfaceName, groups } = options;
  const protocol = options.authenticationHeader === true ? IPPROTO_AH : IPPROTO_VRRP;
  const opened = openLinuxSocket({
    domain: AF_INET,
    type: SOCK_RAW,
    protocol,
    label: `the VRRP socket of ${interfaceText(interfaceName)}`,
    arena: { count: 64, payloadSize: LONGEST_PACKET, nameSize: 0, controlSize: 0 },
  });
  if (!opened.ok) return opened;
  const socket = opened.value;
  const wanted: SocketOption[] = [
    bindToDevice(interfaceName),
    { purpose: "write our own IP headers", level: IPPROTO_IP, name: IP_HDRINCL, value: intOption(1) },
    // Else the socket hears the groups that any other socket of this host has joined.
    { purpose: "hear only our own groups", level: IPPROTO_IP, name: IP_MULTICAST_ALL, value: intOption(0) },
    { purpose: "keep our multicast from coming back", level: IPPROTO_IP, name: IP_MULTICAST_LOOP, value: intOption(0) },
    {
      purpose: `send multicast through ${interfaceText(interfaceName)}`,
      level: IPPROTO_IP,
      name: IP_MULTICAST_IF,
      value: ipMreqn(undefined, interfaceIndex),
    },
  ];
  for (const group of groups) {
    wanted.push({
      purpose: `join ${group} on ${interfaceName}`,
      level: IPPROTO_IP,
      name: IP_ADD_MEMBERSHIP,
      value: ipMreqn(group, interfaceIndex),
    });
  }
  const set = setRequiredOptions(socket, wanted);
  if (!set.ok) return set;
  favor(socket);
  socket.watch(onReadable, { gathers: true });

  // An advert is sent with the same message again and again, so its packet is made once.
  const prepared = new WeakMap<Uint8Array, PreparedPacket>();
  const prepare = (packet: OutgoingVrrpPacket): PreparedPacket => {
    const known = prepared.get(packet.message);
    if (known !== undefined && isFor(known, packet)) return known;
    const bytes = serializeIpv4({
      source: packet.source,
      destination: packet.destination,
      protocol,
      hopLimit: packet.hopLimit,
      typeOfService: TOS_INTERNETWORK_CONTROL,
      identification: packet.identification,
      fragmentable: true,
      payload: packet.message,
    });
    const made = { ...packet, bytes, name: inetAddress(packet.destination, interfaceIndex) };
    prepared.set(packet.message, made);
    return made;
  };

  // With an authentication header the Identification counts, and no two packets say the same.
  const memory = options.authenticationHeader === true ? undefined : new PacketMemory();
  const read = (payload: Uint8Array): VrrpPacket | undefined => {
    const known = memory?.recall(payload);
    if (known !== undefined) return known;
    const parsed = parseIpv4(payload);
    // What the kernel let through and we cannot read is longer than any VRRP packet.
    if (!parsed.ok) return undefined;
    const { source, destination, hopLimit, identification, payload: message } = parsed.value;
    const packet = { source, destination, hopLimit, message: message.slice() };
    if (memory === undefined) return { ...packet, identification };
    memory.keep(payload, packet);
    return packet;
  };

  return succeed({
    send: (packet) => {
      const { bytes, name } = prepare(packet);
      // The kernel computes the header's checksum (raw(7)).
      bytes[AT_IDENTIFICATION] = packet.identification >> 8;
      bytes[AT_IDENTIFICATION + 1] = packet.identification & 0xff;
      return socket.send(bytes, name);
    },
    receive: () => socket.receivePayloads(MOST_ROUNDS, read),
    hearOnly: (wanted) =>
      hearOnly(socket, wanted, {
        ipv4Header: true,
        skip: options.authenticationHeader === true ? AUTHENTICATION_HEADER_LENGTH : 0,
      }),
    setReceiveBuffer: (bytes) => setReceiveBuffer(socket, bytes),
    close: () => socket.close(),
  });
}

interface PreparedPacket extends OutgoingVrrpPacket {
  readonly bytes: Uint8Array;
  readonly name: Uint8Array;
}

function isFor(prepared: PreparedPacket, { source, destination, hopLimit }: OutgoingVrrpPacket): boolean {
  return prepared.source === source && prepared.destination === destination && prepared.hopLimit === hopLimit;
}

/** In an IPv4 header. */
const AT_IDENTIFICATION = 4;

/** 255 addresses, an HMAC trailer, IP options and padding stay well below. */
const LONGEST_PACKET = 2048;

const IPPROTO_IP = 0;
const IP_HDRINCL = 3;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
