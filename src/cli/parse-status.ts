import type { BfdSessionStatus, GroupStatus, InstanceStatus, StatusDocument } from "../api/contract.ts";

/** Checks that a document is a status of a version that this program knows, as far as showing it needs. */
export function parseStatus(value: Readonly<Record<string, unknown>>): StatusDocument | undefined {
  return isStatus(value) ? value : undefined;
}

function isStatus(value: unknown): value is StatusDocument {
  if (!isRecord(value) || value["version"] !== 1) return false;
  const { daemon, bfd, lastKnown } = value;
  if (!isRecord(daemon) || !Array.isArray(daemon["processes"]) || !daemon["processes"].every(isRecord)) return false;
  if (typeof daemon["startedAt"] !== "string" || typeof daemon["configuredAt"] !== "string") return false;
  if (!isVrrp(value) || !Array.isArray(bfd) || !bfd.every(isSession)) return false;
  return lastKnown === null || (isRecord(lastKnown) && isVrrp(lastKnown));
}

function isVrrp({ instances, groups, strangers }: Readonly<Record<string, unknown>>): boolean {
  if (!Array.isArray(instances) || !instances.every(isInstance)) return false;
  if (!Array.isArray(strangers) || !strangers.every(isRecord)) return false;
  return Array.isArray(groups) && groups.every(isGroup);
}

function isGroup(value: unknown): value is GroupStatus {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    typeof value["state"] === "string" &&
    typeof value["since"] === "string" &&
    isRecord(value["cause"]) &&
    Array.isArray(value["members"])
  );
}

function isInstance(value: unknown): value is InstanceStatus {
  return (
    isRecord(value) &&
    typeof value["name"] === "string" &&
    typeof value["state"] === "string" &&
    typeof value["since"] === "string" &&
    isRecord(value["cause"]) &&
    Array.isArray(value["virtualAddresses"]) &&
    Array.isArray(value["trackers"]) &&
    Array.isArray(value["peers"])
  );
}

function isSession(value: unknown): value is BfdSessionStatus {
  return (
    isRecord(value) &&
    ["name", "neighbor", "state", "since", "detail"].every((field) => typeof value[field] === "string") &&
    (value["verdict"] === "unknown" || value["verdict"] === "up" || value["verdict"] === "down")
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
