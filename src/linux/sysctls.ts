import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Sysctls } from "../ports/sysctls.ts";
import { thrownFailure } from "./file-failure.ts";

export function openLinuxSysctls(): Sysctls {
  return {
    read: (path) => attempt(`read ${path}`, () => readFileSync(join(ROOT, path), "utf8").trimEnd()),
    // Never created: a path that is not there is refused.
    write: (path, value) =>
      attempt(`set ${path} to ${value}`, () => writeFileSync(join(ROOT, path), value, { flag: "r+" })),
  };
}

function attempt<Value>(operation: string, action: () => Value): Result<Value, SystemFailure> {
  try {
    return succeed(action());
  } catch (thrown) {
    return fail(thrownFailure(operation, thrown));
  }
}

const ROOT = "/proc/sys";
