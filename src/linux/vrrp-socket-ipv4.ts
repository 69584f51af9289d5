import { succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { VrrpPacket, VrrpSocket, VrrpSocketOptions } from "../ports/links.ts";
import { IPPROTO_AH } from "../wire/authentication-header.ts";
import { TOS_INTERNETWORK_CONTROL, parseIpv4, serializeIpv4 } from "../wire/ipv4.ts";
import { IPPROTO_VRRP } from "../wire/vrrp.ts";
import { SOCK_RAW, intOption, openLinuxSocket } from "./linux-socket.ts";
import { bindToDevice, favor, ipMreqn, setReceiveBuffer, setRequiredOptions } from "./protocol-socket.ts";
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
    label: `the VRRP socket of ${interfaceName}`,
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
      purpose: `send multicast through ${interfaceName}`,
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
  socket.watch(onReadable);

  return succeed({
    send: (packet) =>
      socket.send(
        serializeIpv4({
          source: packet.source,
          destination: packet.destination,
          protocol,
          hopLimit: packet.hopLimit,
          typeOfService: TOS_INTERNETWORK_CONTROL,
          identification: packet.identification,
          fragmentable: true,
          payload: packet.message,
        }),
        inetAddress(packet.destination, interfaceIndex),
      ),
    receive: () => {
      const packets: VrrpPacket[] = [];
      for (const { payload } of socket.receive().messages) {
        const parsed = parseIpv4(payload);
        // What the kernel let through and we cannot read is longer than any VRRP packet.
        if (!parsed.ok) continue;
        const { source, destination, hopLimit, identification, payload: message } = parsed.value;
        packets.push({ source, destination, hopLimit, identification, message });
      }
      return packets;
    },
    setReceiveBuffer: (bytes) => setReceiveBuffer(socket, bytes),
    close: () => socket.close(),
  });
}

/** 255 addresses, an HMAC trailer, IP options and padding stay well below. */
const LONGEST_PACKET = 2048;

const IPPROTO_IP = 0;
const IP_HDRINCL = 3;
const IP_MULTICAST_IF = 32;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;
