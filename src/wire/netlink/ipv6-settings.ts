import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { AttributeReader } from "./attributes.ts";
import type { AttributeError } from "./attributes.ts";
import { HOST_ORDER } from "./byte-order.ts";
import { AF_INET6, DEVCONF_FORWARDING, IFLA_INET6_CONF, NETCONFA_FORWARDING, NETCONFA_IFINDEX } from "./constants.ts";

/*
 * struct netconfmsg:  | family 8 | pad 24 |   attributes follow
 */

/** The sysctl net.ipv6.conf.*.forwarding of one interface has changed. */
export interface ForwardingChange {
  readonly kind: "forwarding-changed";
  readonly index: number;
  readonly forwards: boolean;
}

/**
 * Reads that sysctl out of IFLA_AF_SPEC, which holds what each protocol family knows of an interface; a family's number is
 * the type of its attribute. False where the interface has no IPv6.
 *
 * @see linux/if_link.h: IFLA_INET6_CONF; linux/ipv6.h.
 */
export function parseForwarding(families: AttributeReader): boolean {
  let forwards = false;
  while (families.next()) {
    if (families.type !== AF_INET6) continue;
    const facts = families.nested();
    while (facts.next()) {
      if (facts.type !== IFLA_INET6_CONF) continue;
      const settings = facts.bytes();
      const at = DEVCONF_FORWARDING * INT_LENGTH;
      if (settings.length < at + INT_LENGTH) continue;
      forwards = new DataView(settings.buffer, settings.byteOffset).getInt32(at, HOST_ORDER) !== 0;
    }
  }
  return forwards;
}

/**
 * Reads the body of RTM_NEWNETCONF; undefined where it is about something else. What is told of "all" and "default", which
 * have negative indices, comes for each interface, too, where it changes one.
 *
 * @see linux/netconf.h.
 */
export function parseForwardingChange(payload: Uint8Array): Result<ForwardingChange | undefined, AttributeError> {
  if (payload.length < NETCONFMSG_LENGTH) {
    return fail({ code: "TRUNCATED", needed: NETCONFMSG_LENGTH, length: payload.length });
  }
  let index: number | undefined;
  let forwarding: number | undefined;
  const attributes = new AttributeReader(payload.subarray(NETCONFMSG_LENGTH));
  while (attributes.next()) {
    if (attributes.type === NETCONFA_IFINDEX) index = attributes.uint32(HOST_ORDER);
    else if (attributes.type === NETCONFA_FORWARDING) forwarding = attributes.uint32(HOST_ORDER);
  }
  if (attributes.error !== undefined) return fail(attributes.error);
  if (index === undefined || index > HIGHEST_INDEX) return succeed(undefined);
  if (payload[0] !== AF_INET6 || forwarding === undefined) return succeed(undefined);
  return succeed({ kind: "forwarding-changed", index, forwards: forwarding !== 0 });
}

/** Padded. */
const NETCONFMSG_LENGTH = 4;
/** Interface indices are the positive numbers of an int. */
const HIGHEST_INDEX = 0x7fff_ffff;
const INT_LENGTH = 4;
