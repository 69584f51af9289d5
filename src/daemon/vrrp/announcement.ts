import { familyOf, isMulticast, type AddressFamily, type IpAddress, type MacAddress } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { Result } from "../../base/result.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { FrameSocket, FrameSocketOptions, Links } from "../../ports/links.ts";
import { gratuitousArp, isGratuitous, parseArp, serializeArp } from "../../wire/arp.ts";
import { parseNeighborFrame, serializeNeighborFrame, unsolicitedAdvertisement } from "../../wire/neighbor-frame.ts";

/** What somebody has announced: which address, and where it is. */
export interface HeardAnnouncement {
  readonly address: IpAddress;
  readonly owner: MacAddress;
}

/** Opens the socket that carries announcements of a family. */
export function openAnnouncementSocket(
  links: Links,
  family: AddressFamily,
  options: FrameSocketOptions,
  onReadable: () => void,
): Result<FrameSocket, SystemFailure> {
  return family === "ipv4" ? links.openArpSocket(options, onReadable) : links.openNeighborSocket(options, onReadable);
}

/** What one socket serves: an interface and a family. */
export function linkOf({ index }: NetworkInterface, family: AddressFamily): string {
  return `${index} ${family}`;
}

/** Whether anybody on the link of an interface asks where an address is. */
export function isAnnounced({ mac, noArp }: NetworkInterface): boolean {
  return mac !== undefined && !noArp;
}

/**
 * Whether `garp_extra_if` means this interface of an instance. Where adverts leave, switches know the MAC address anyway;
 * without `all` only those with a virtual MAC address are meant (keepalived.conf(5)).
 */
export function isAnnouncedOften(
  { announce, advertInterface, virtualInterfaces }: InstanceSettings,
  device: string,
): boolean {
  if (announce.extra === undefined || device === advertInterface) return false;
  return announce.extra.everywhere || virtualInterfaces.some(({ kind, name }) => kind === "macvlan" && name === device);
}

/**
 * The frame that tells the neighbors of an interface that an address is there: gratuitous ARP, or an unsolicited neighbor
 * advertisement. Undefined where nobody on the link asks for addresses.
 */
export function announcementFrame(address: IpAddress, device: NetworkInterface): Uint8Array | undefined {
  const { mac, noArp, forwardsIpv6 } = device;
  if (mac === undefined || noArp) return undefined;
  return familyOf(address) === "ipv4"
    ? serializeArp(gratuitousArp(address, mac))
    : serializeNeighborFrame(unsolicitedAdvertisement(address, mac, forwardsIpv6));
}

/** Whether the frames for both are the same. */
export function isAnnouncedAlike(left: NetworkInterface, right: NetworkInterface): boolean {
  return left.mac === right.mac && left.noArp === right.noArp && left.forwardsIpv6 === right.forwardsIpv6;
}

/** Reads a frame that a socket of this family has heard; undefined where it announces nothing. */
export function readAnnouncement(family: AddressFamily, bytes: Uint8Array): HeardAnnouncement | undefined {
  if (family === "ipv4") {
    const frame = parseArp(bytes);
    if (!frame.ok || !isGratuitous(frame.value)) return undefined;
    return { address: frame.value.senderAddress, owner: frame.value.senderMac };
  }
  const frame = parseNeighborFrame(bytes);
  if (!frame.ok || frame.value.advertisement.solicited) return undefined;
  // RFC 4861 section 7.2.6: to all nodes. What is sent to one node changes nobody else's mind.
  if (!isMulticast(frame.value.destinationAddress)) return undefined;
  const { target, targetMac } = frame.value.advertisement;
  return { address: target, owner: targetMac ?? frame.value.source };
}

/** keepalived's words for the frames of a family. */
export const ANNOUNCEMENT_WORDS: Readonly<Record<AddressFamily, { readonly one: string; readonly many: string }>> = {
  ipv4: { one: "gratuitous ARP", many: "gratuitous ARPs" },
  ipv6: { one: "unsolicited Neighbour Advert", many: "Unsolicited Neighbour Adverts" },
};
