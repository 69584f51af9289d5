import { hasName, INSTANCE_STATES, isRecord } from "./shapes.ts";
import type { Happening, SnmpFacts } from "./snmp-facts.ts";

/** Looks at the shape of facts that another process gave, as far as a mixed-up version would show. */
export function isSnmpFacts(value: unknown): value is SnmpFacts {
  return (
    isRecord(value) &&
    typeof value["atMs"] === "number" &&
    Array.isArray(value["instances"]) &&
    value["instances"].every(
      (instance) =>
        hasName(instance) && typeof instance["state"] === "string" && INSTANCE_STATES.has(instance["state"]),
    ) &&
    ["groups", "scripts", "files", "processes", "bfd", "interfaces"].every((field) => {
      const list = value[field];
      return Array.isArray(list) && list.every(hasName);
    })
  );
}

/** The same of something that happened. */
export function isHappening(value: unknown): value is Happening {
  return hasName(value) && typeof value["kind"] === "string" && HAPPENINGS.has(value["kind"]);
}

/** The same of something that happened. */
const HAPPENINGS: ReadonlySet<string> = new Set([
  "group-state",
  "instance-state",
  "protocol-error",
  "authentication-error",
] satisfies readonly Happening["kind"][]);
