import { fail, succeed } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Sysctls } from "../ports/sysctls.ts";
import type { SimProcess } from "./sim-process.ts";

/** The settings of one machine's kernel. They outlive the processes that change them. */
export class SimSysctls {
  readonly values = new Map<string, string>();

  portFor(process: SimProcess): Sysctls {
    return {
      read: (path) =>
        process.call(() => {
          const value = this.values.get(path);
          return value === undefined ? fail(missing(path)) : succeed(value);
        }),
      write: (path, value) =>
        process.call(() => {
          if (!this.values.has(path)) return fail(missing(path));
          this.values.set(path, value);
          return succeed(undefined);
        }),
    };
  }
}

function missing(path: string): SystemFailure {
  return { operation: `use ${path}`, errno: "ENOENT", message: "No such file or directory" };
}
