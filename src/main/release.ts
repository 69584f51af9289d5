import { readFileSync } from "node:fs";

/** The version in package.json, which lies beside the compiled folder. */
export function release(): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  } catch {
    // An installation that was taken apart still runs.
  }
  return "unknown";
}
