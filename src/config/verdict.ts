import type { Diagnostic } from "./diagnostic.ts";
import type { Configuration } from "./model/configuration.ts";

/** What may be done with a configuration. */
export interface Verdict {
  /** Undefined: it may start. Otherwise keepalived's exit status, and the findings that forbid it. */
  readonly startRefused: { readonly exitStatus: 2 | 6; readonly because: readonly Diagnostic[] } | undefined;
  /** The findings that forbid to put it in the place of a running one. Empty: it may. */
  readonly reloadRefusedBy: readonly Diagnostic[];
  /** Those of them that hold even when a reload is forced. */
  readonly forcedReloadRefusedBy: readonly Diagnostic[];
}

/**
 * Decides whether a configuration may start or be reloaded. Exit status 2: a bad one; 6: there is nothing to run. What
 * `running`, the findings of the configuration that runs, holds already does not forbid its reload again; one that comes
 * once more does.
 */
export function verdict(
  diagnostics: readonly Diagnostic[],
  configuration: Configuration,
  running: readonly Diagnostic[] = [],
): Verdict {
  const known = new Map<string, number>();
  for (const diagnostic of running) {
    const identity = identityOf(diagnostic);
    known.set(identity, (known.get(identity) ?? 0) + 1);
  }
  const isNew = (diagnostic: Diagnostic): boolean => {
    const identity = identityOf(diagnostic);
    const count = known.get(identity) ?? 0;
    known.set(identity, count - 1);
    return count <= 0;
  };
  const stopping = diagnostics.filter((diagnostic) => diagnostic.effect === "stops-start");
  const refusing = diagnostics.filter(
    (diagnostic) =>
      diagnostic.effect === "stops-start" || (diagnostic.effect === "refuses-reload" && isNew(diagnostic)),
  );
  const bad = stopping.filter((diagnostic) => !NOTHING_TO_RUN.includes(diagnostic.code));
  const { instances, statics } = configuration;
  const nothing = instances.length + statics.addresses.length + statics.routing.length === 0;
  return {
    startRefused:
      bad.length > 0
        ? { exitStatus: 2, because: bad }
        : nothing || stopping.length > 0
          ? { exitStatus: 6, because: stopping }
          : undefined,
    reloadRefusedBy: refusing,
    forcedReloadRefusedBy: stopping,
  };
}

/** Exit status of `holdfast check`: 0 no error, 1 warnings where they count, 2 errors, 3 a file that cannot be read. */
export function checkExitStatus(diagnostics: readonly Diagnostic[], strict: boolean): 0 | 1 | 2 | 3 {
  if (diagnostics.some((diagnostic) => diagnostic.code === "UNREADABLE_FILE")) return 3;
  if (diagnostics.some((diagnostic) => diagnostic.severity === "error")) return 2;
  return strict && diagnostics.some((diagnostic) => diagnostic.severity === "warning") ? 1 : 0;
}

/**
 * Exit status of keepalived's `-t`: 0 no error, 2 a missing parameter, 5 errors, 6 scripts that are not secure. The largest
 * wins, as there. A file that cannot be read is 5, where keepalived says 0.
 */
export function configTestExitStatus(diagnostics: readonly Diagnostic[]): 0 | 2 | 5 | 6 {
  // keepalived stops at a missing parameter and sees nothing behind it.
  if (diagnostics.some((diagnostic) => diagnostic.code === "MISSING_PARAMETER" && diagnostic.effect === "stops-start"))
    return 2;
  if (diagnostics.some((diagnostic) => SECURITY_CODES.includes(diagnostic.code))) return 6;
  return diagnostics.some((diagnostic) => diagnostic.severity === "error") ? 5 : 0;
}

/** The same finding in the same file; lines move when a file is edited. */
function identityOf(diagnostic: Diagnostic): string {
  return `${diagnostic.code} ${diagnostic.place.file} ${diagnostic.message}`;
}

const NOTHING_TO_RUN: readonly Diagnostic["code"][] = ["NO_USABLE_INSTANCE", "EMPTY_CONFIGURATION"];
const SECURITY_CODES: readonly Diagnostic["code"][] = ["SCRIPT_SECURITY_OFF", "SCRIPT_INSECURE"];
