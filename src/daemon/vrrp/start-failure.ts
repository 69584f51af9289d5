import { describeFailure, type SystemFailure } from "../../ports/failure.ts";

/** Why the vrrp process cannot start. */
export type StartFailure =
  | { readonly code: "NO_PERMISSION"; readonly message: string }
  | { readonly code: "NO_INTERFACE"; readonly message: string }
  | { readonly code: "SYSTEM"; readonly message: string };

/** What a refused system call means for the start. */
export function startFailure(failure: SystemFailure): StartFailure {
  const denied = failure.errno === "EPERM" || failure.errno === "EACCES";
  return { code: denied ? "NO_PERMISSION" : "SYSTEM", message: describeFailure(failure) };
}
