/**
 * The `littleEndian` argument of DataView for values in the byte order of this machine, which netlink uses unless an
 * attribute says otherwise (netlink(7)).
 */
export const HOST_ORDER = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The `littleEndian` argument of DataView for values in network byte order: addresses, ports, all that leaves the host. */
export const NETWORK_ORDER = false;
