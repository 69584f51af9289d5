import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

/**
 * Settings of the kernel, in the network namespace of this process, by their path under /proc/sys:
 * `net/ipv4/conf/eth0/promote_secondaries`. Calls are answered at once.
 *
 * @see Documentation/networking/ip-sysctl.rst of Linux.
 */
export interface Sysctls {
  /** Without the newline. Refused with ENOENT where the interface or the setting is missing. */
  read(path: string): Result<string, SystemFailure>;
  /** Needs root. Refused with EROFS in many containers. */
  write(path: string, value: string): Result<void, SystemFailure>;
}
