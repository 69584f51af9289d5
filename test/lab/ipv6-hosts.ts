import type { Host } from "../../src/lab/host.ts";

/** The virtual address of the IPv6 scenarios. It lies in the subnet of the hosts. */
export const VIP6 = "2001:db8:77::100";

/** What `ip -j addr` says of an address, as far as it is asked for. */
export interface AddressInfo {
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly valid_life_time: number;
  readonly preferred_life_time: number;
  readonly nodad?: boolean;
  readonly tentative?: boolean;
  readonly deprecated?: boolean;
}

/** Gives hosts 2001:db8:77::N/64 by the last byte of their IPv4 addresses, at once and without duplicate detection. */
export async function addIpv6Addresses(...hosts: readonly Host[]): Promise<void> {
  await Promise.all(
    hosts.map((host) => host.runOrThrow(["ip", "addr", "add", `${globalAddressOf(host)}/64`, "dev", "eth0", "nodad"])),
  );
}

export function globalAddressOf({ address }: Host): string {
  return `2001:db8:77::${/\.(\d+)\//.exec(address)?.[1] ?? ""}`;
}

/** The IPv6 addresses of eth0. */
export async function infoOf(host: Host): Promise<readonly AddressInfo[]> {
  const [link] = JSON.parse(await host.runOrThrow(["ip", "-j", "-6", "addr", "show", "dev", "eth0"]));
  return link?.addr_info ?? [];
}

/** The routes to networks of 2001:db8:77::/64 that have an end, or none, in the words of `ip -j`. */
export async function prefixRoutes(
  host: Host,
): Promise<readonly { readonly dst: string; readonly dev: string; readonly expires?: number }[]> {
  const routes: readonly { dst: string; dev: string; expires?: number }[] = JSON.parse(
    await host.runOrThrow(["ip", "-j", "-6", "route", "show", "2001:db8:77::/64"]),
  );
  return routes.map(({ dst, dev, expires }) => ({ dst, dev, ...(expires === undefined ? {} : { expires }) }));
}
