import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

export type LinkProbeMethod = "MII" | "ETHTOOL" | "IOCTL";

/** Asks the driver of an interface for its link state, for drivers that tell the kernel late or never. */
export interface LinkProbe {
  /** Whether there is a link. Refused with EOPNOTSUPP by drivers that do not know the method. */
  ask(interfaceName: string, method: LinkProbeMethod): Result<boolean, SystemFailure>;
}
