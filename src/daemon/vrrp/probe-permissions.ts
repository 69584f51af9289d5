import type { IpAddress } from "../../base/address.ts";
import { fail, succeed, type Result } from "../../base/result.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { Kernel, NetworkInterface } from "../../ports/kernel.ts";
import type { Links } from "../../ports/links.ts";
import type { InterfaceTable } from "./interface-table.ts";

/** Tells before anything is changed whether this process may open raw sockets and change addresses. */
export function probePermissions(
  configuration: Configuration,
  dependencies: { readonly links: Links; readonly kernel: Kernel; readonly interfaces: InterfaceTable },
): Result<void, SystemFailure> {
  // A kernel may be without IPv6.
  const firsts = (["ipv4", "ipv6"] as const).flatMap(
    (wanted) => configuration.instances.find(({ family }) => family === wanted) ?? [],
  );
  let device: NetworkInterface | undefined;
  for (const { interface: name, family } of firsts) {
    device = dependencies.interfaces.byName(name);
    if (device === undefined) return succeed(undefined);
    const socket = dependencies.links.openVrrpSocket(
      { interfaceIndex: device.index, interfaceName: device.name, family, groups: [] },
      () => undefined,
    );
    if (!socket.ok) return socket;
    socket.value.close();
  }
  if (device === undefined) return succeed(undefined);
  // The kernel asks for the permission before it looks for the interface, of which there is none, so nothing is changed.
  const absent = { interfaceIndex: NO_INTERFACE, address: UNUSED_ADDRESS, prefixLength: 32 };
  const removed = dependencies.kernel.removeAddress(absent);
  if (removed.ok || removed.error.errno !== "EPERM") return succeed(undefined);
  return fail({ ...removed.error, operation: "change addresses (needs CAP_NET_ADMIN)" });
}

/** The kernel counts interfaces from 1 and never comes near it. */
const NO_INTERFACE = 0x7fff_fffe;
/** Of TEST-NET-1 (RFC 5737). */
const UNUSED_ADDRESS = "192.0.2.255" as IpAddress;
