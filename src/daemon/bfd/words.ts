import type { BfdSessionState } from "../../core/bfd/session.ts";
import { describeFailure, type SystemFailure } from "../../ports/failure.ts";
import type { BfdControlPacket } from "../../wire/bfd.ts";

/** A state as keepalived's log spells it. */
export function bfdStateName(state: BfdControlPacket["state"] | BfdSessionState): "AdminDown" | "Down" | "Init" | "Up" {
  switch (state) {
    case "admin-down":
      return "AdminDown";
    case "down":
      return "Down";
    case "init":
      return "Init";
    case "up":
      return "Up";
  }
}

/** A diagnostic code in the words of RFC 5880 section 4.1, as keepalived's log has them. */
export function describeDiagnostic(diagnostic: number): string {
  return DIAGNOSTICS[diagnostic] ?? `Diagnostic ${diagnostic}`;
}

/** Why a socket of BFD could not be opened, with what most often helps. */
export function describeBfdFailure(failure: SystemFailure): string {
  const hint = failure.errno === "EADDRINUSE" ? "; is another BFD daemon running on this host?" : "";
  return `${describeFailure(failure)}${hint}`;
}

const DIAGNOSTICS: readonly string[] = [
  "No Diagnostic",
  "Control Detection Time Expired",
  "Echo Function Failed",
  "Neighbor Signaled Session Down",
  "Forwarding Plane Reset",
  "Path Down",
  "Concatenated Path Down",
  "Administratively Down",
  "Reverse Concatenated Path Down",
];
