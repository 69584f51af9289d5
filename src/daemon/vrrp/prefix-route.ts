import { addressLength, familyOf } from "../../base/address.ts";
import { succeed, type Result } from "../../base/result.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { AddressRequest, Kernel, Lifetime } from "../../ports/kernel.ts";

/**
 * What must be asked of the kernel before a renewal that gives a lifetime to an address that had none; undefined: nothing.
 *
 * The kernel gives that lifetime to the route of the IPv6 address's prefix as well, even where the host's own addresses need
 * it, and the route goes when nobody renews it any more. An address that has no such route while its lifetime changes, and
 * has it again with the next renewal, leaves alone what is there.
 *
 * @see net/ipv6/addrconf.c: inet6_addr_modify, modify_prefix_route.
 */
export function beforeFirstLifetime(request: AddressRequest, granted: Lifetime): AddressRequest | undefined {
  const { address, prefixLength, validLifetime, flags } = request;
  if (granted !== "forever" || validLifetime === "forever") return undefined;
  const family = familyOf(address);
  if (family === "ipv4" || prefixLength === addressLength(family)) return undefined;
  return { ...request, flags: flags | IFA_F_NOPREFIXROUTE };
}

/** Renews an address whose lifetime is known to be `granted`, with what must come before. */
export function renewAfter(granted: Lifetime, request: AddressRequest, kernel: Kernel): Result<void, SystemFailure> {
  const preparation = beforeFirstLifetime(request, granted);
  const [outcome, last = outcome] = kernel.renewAddresses(
    preparation === undefined ? [request] : [preparation, request],
  );
  return last ?? succeed(undefined);
}

/** linux/if_addr.h. */
const IFA_F_NOPREFIXROUTE = 0x200;
