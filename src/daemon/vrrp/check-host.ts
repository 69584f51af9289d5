import { fail, type Result } from "../../base/result.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { Kernel } from "../../ports/kernel.ts";
import type { Links } from "../../ports/links.ts";
import type { InterfaceTable } from "./interface-table.ts";
import { probePermissions } from "./probe-permissions.ts";
import { startFailure, type StartFailure } from "./start-failure.ts";

/** Tells before anything is changed whether the configuration can be served on this host at all, by this process. */
export function checkHost(
  configuration: Configuration,
  dependencies: { readonly links: Links; readonly kernel: Kernel; readonly interfaces: InterfaceTable },
): Result<void, StartFailure> {
  const { instances, global } = configuration;
  for (const { name, interface: device } of instances) {
    if (dependencies.interfaces.byName(device) !== undefined || global.dynamicInterfaces) continue;
    return fail({ code: "NO_INTERFACE", message: `instance ${name}: there is no interface ${device} on this host` });
  }
  const permitted = probePermissions(configuration, dependencies);
  return permitted.ok ? permitted : fail(startFailure(permitted.error));
}
