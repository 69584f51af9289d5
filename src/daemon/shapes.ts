/** Whether it is an object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function hasName(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value["name"] === "string";
}

/** The names of the states, as they cross a pipe. */
export const INSTANCE_STATES: ReadonlySet<string> = new Set(["INIT", "BACKUP", "MASTER", "FAULT", "STOP"]);
