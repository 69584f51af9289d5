import type { IpAddress } from "../../base/address.ts";
import { succeed, type Result } from "../../base/result.ts";
import type { Configuration } from "../../config/model.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Links } from "../../ports/links.ts";
import type { InterfaceTable } from "./interface-table.ts";

/** Tells before anything is changed whether this process may open raw sockets and change addresses. */
export function probePermissions(
  configuration: Configuration,
  dependencies: { readonly links: Links; readonly kernel: Kernel; readonly interfaces: InterfaceTable },
): Result<void, SystemFailure> {
  const [first] = configuration.instances;
  const device = first === undefined ? undefined : dependencies.interfaces.byName(first.interface);
  if (first === undefined || device === undefined) return succeed(undefined);
  const socket = dependencies.links.openVrrpSocket(
    { interfaceIndex: device.index, interfaceName: device.name, family: first.family, groups: [] },
    () => undefined,
  );
  if (!socket.ok) return socket;
  socket.value.close();
  // Removing what is not there changes nothing, and is refused with another error when we may not change anything.
  const absent = { interfaceIndex: device.index, address: UNUSED_ADDRESS, prefixLength: 32 };
  const removed = dependencies.kernel.removeAddress(absent);
  return !removed.ok && removed.error.errno === "EPERM" ? removed : succeed(undefined);
}

/** Of TEST-NET-1: no host has it (RFC 5737). */
const UNUSED_ADDRESS = "192.0.2.255" as IpAddress;
