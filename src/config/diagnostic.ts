import type { IncludeStep, Place } from "./place.ts";

/** A stretch of one line of the configuration: counted from 1, columns in characters, `endColumn` behind the last one. */
export interface Span extends Place {
  readonly endColumn: number;
  /** The include lines that led to this file, outermost first. Empty in the file that was named on the command line. */
  readonly include: readonly IncludeStep[];
}

export type Severity = "error" | "warning" | "note";

/**
 * What a finding stops. `stops-start`: neither a start nor a reload goes on. `refuses-reload`: a start goes on as keepalived
 * does, a reload is refused unless forced, since the meaning of something that runs would change. `logged`: nothing.
 */
export type Effect = "stops-start" | "refuses-reload" | "logged";

/** Something to tell the operator about the configuration. Codes are stable; messages are for people and may change. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  readonly effect: Effect;
  readonly message: string;
  readonly place: Span;
  /** What to do about it. */
  readonly help?: string;
}

export interface Finding {
  readonly code: DiagnosticCode;
  readonly at: Place;
  readonly message: string;
  readonly help?: string | undefined;
  /** Instead of the one that belongs to the code. */
  readonly effect?: Effect;
  readonly severity?: Severity;
}

/** Takes a finding. Whoever reads or checks goes on afterwards. */
export type Report = (finding: Finding) => void;

/**
 * Collects findings in the order they are made, each with the severity and effect of its code. After 2,000 of them only
 * the first one of each further code is kept, so that nothing which stops a start is lost.
 */
export function collectDiagnostics(): { readonly report: Report; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const seen = new Set<DiagnosticCode>();
  const keep: Report = (finding) => {
    seen.add(finding.code);
    const [severity, effect] = CLASSES[finding.code];
    diagnostics.push({
      code: finding.code,
      severity: finding.severity ?? severity,
      effect: finding.effect ?? effect,
      message: finding.message,
      place: spanOf(finding.at),
      ...(finding.help === undefined ? {} : { help: finding.help }),
    });
  };
  const report: Report = (finding) => {
    if (diagnostics.length >= DIAGNOSTIC_LIMIT) {
      if (!seen.has("TOO_MANY_FINDINGS")) {
        const message = `There are more than ${DIAGNOSTIC_LIMIT} findings; of the rest only the first of each kind is shown`;
        keep({ code: "TOO_MANY_FINDINGS", at: finding.at, message });
      }
      if (seen.has(finding.code)) return;
    }
    keep(finding);
  };
  return { report, diagnostics };
}

function spanOf(place: Place): Span {
  return { ...place, endColumn: place.endColumn ?? place.column + 1, include: place.include ?? [] };
}

/** All codes, with the severity and the effect that a finding has unless it says otherwise. */
const CLASSES = {
  // Reading files.
  TOO_MANY_FINDINGS: ["warning", "logged"],
  UNREADABLE_FILE: ["error", "stops-start"],
  UNREADABLE_INCLUDE: ["error", "refuses-reload"],
  INCLUDE_LOOP: ["error", "refuses-reload"],
  INCLUDE_NO_MATCH: ["warning", "logged"],
  NON_UTF8: ["warning", "logged"],
  BYTE_ORDER_MARK: ["warning", "logged"],
  CARRIAGE_RETURNS: ["warning", "logged"],
  NO_BREAK_SPACE: ["warning", "logged"],
  NUL_BYTE: ["error", "refuses-reload"],
  LINE_TOO_LONG: ["error", "refuses-reload"],
  EMPTY_CONFIGURATION: ["error", "stops-start"],
  // Text.
  UNMATCHED_QUOTE: ["error", "refuses-reload"],
  TYPOGRAPHIC_QUOTE: ["warning", "logged"],
  UNDEFINED_NAME: ["warning", "logged"],
  DEFINITION_LOOP: ["error", "refuses-reload"],
  DEFINITION_MISUSED: ["error", "refuses-reload"],
  EXPANSION_TOO_LONG: ["error", "refuses-reload"],
  BAD_SEQUENCE: ["error", "refuses-reload"],
  // Structure.
  UNEXPECTED_BRACE: ["error", "refuses-reload"],
  STRAY_BRACE: ["error", "logged"],
  MISSING_OPENING_BRACE: ["error", "refuses-reload"],
  MISSING_CLOSING_BRACE: ["error", "refuses-reload"],
  // Words.
  UNKNOWN_KEYWORD: ["error", "logged"],
  MISPLACED_KEYWORD: ["error", "refuses-reload"],
  OBSOLETE_KEYWORD: ["warning", "logged"],
  DEPRECATED_KEYWORD: ["warning", "logged"],
  DUPLICATE_KEYWORD: ["warning", "logged"],
  EXTRA_WORDS: ["warning", "logged"],
  MISSING_PARAMETER: ["error", "stops-start"],
  INVALID_NUMBER: ["error", "refuses-reload"],
  TRAILING_CHARACTERS: ["error", "logged"],
  OUT_OF_RANGE: ["error", "refuses-reload"],
  INVALID_BOOLEAN: ["error", "refuses-reload"],
  INVALID_CHOICE: ["error", "refuses-reload"],
  INVALID_ADDRESS: ["error", "refuses-reload"],
  UNKNOWN_OPTION: ["error", "refuses-reload"],
  NOT_PORTABLE: ["warning", "logged"],
  UNPREFIXED_EXTENSION: ["error", "refuses-reload"],
  // What this version does not do.
  NOT_ACTED_ON: ["warning", "logged"],
  // Meaning.
  DUPLICATE_NAME: ["error", "refuses-reload"],
  DUPLICATE_VRID: ["error", "refuses-reload"],
  DUPLICATE_ADDRESS: ["warning", "logged"],
  MISSING_INTERFACE: ["error", "refuses-reload"],
  MISSING_VRID: ["error", "refuses-reload"],
  NO_VIRTUAL_ADDRESS: ["warning", "logged"],
  NO_USABLE_INSTANCE: ["error", "stops-start"],
  TOO_MANY_ADDRESSES: ["error", "logged"],
  FAMILY_MISMATCH: ["error", "refuses-reload"],
  FIRST_ADDRESS_NOT_LINK_LOCAL: ["warning", "logged"],
  IPV4_ONLY: ["warning", "logged"],
  ADDRESS_WITHOUT_MASK: ["note", "logged"],
  INTERVAL_ROUNDED: ["error", "logged"],
  OWNER_STATE: ["warning", "logged"],
  NOPREEMPT_IGNORED: ["error", "logged"],
  NOPREEMPT_WITH_WEIGHTS: ["warning", "logged"],
  QUICK_PREEMPT_IGNORED: ["error", "logged"],
  TIMER_EXPIRED_IGNORED: ["warning", "logged"],
  PREEMPT_DELAY_IGNORED: ["warning", "logged"],
  AUTH_PASS_TRUNCATED: ["warning", "logged"],
  AUTH_PASS_CUT_BY_COMMENT: ["warning", "logged"],
  AUTH_IGNORED: ["warning", "logged"],
  AUTH_UNUSABLE: ["error", "refuses-reload"],
  BAD_KEY: ["error", "refuses-reload"],
  EXPOSED_KEY: ["warning", "logged"],
  AUTH_INCOMPLETE: ["error", "refuses-reload"],
  NO_AUTHENTICATION: ["note", "logged"],
  STRICT_MODE: ["error", "logged"],
  GARP_GROUP_IGNORED: ["error", "logged"],
  EMPTY_UNICAST_PEER: ["error", "refuses-reload"],
  IGNORED_MASK: ["warning", "logged"],
  VMAC_XMIT_BASE: ["warning", "logged"],
  DUPLICATE_INTERFACE: ["note", "logged"],
  VMAC_AND_IPVLAN: ["error", "logged"],
  IPVLAN_WITHOUT_ADDRESS: ["error", "refuses-reload"],
  IPVLAN_MODES_DIFFER: ["warning", "logged"],
  VIRTUAL_INTERFACE_IGNORED: ["error", "logged"],
  VRF_IGNORED: ["error", "logged"],
  MISSING_SOURCE: ["error", "refuses-reload"],
  WITHOUT_INTERFACE: ["note", "logged"],
  ADDRESS_WITHOUT_DEVICE: ["warning", "logged"],
  HOST_BITS: ["warning", "logged"],
  RULE_WITHOUT_PREFERENCE: ["warning", "logged"],
  DUPLICATE_ROUTE: ["warning", "logged"],
  PEER_IS_SOURCE: ["warning", "logged"],
  UNKNOWN_SCRIPT: ["error", "refuses-reload"],
  SCRIPT_DEFINED_LATER: ["warning", "logged"],
  SCRIPT_WITHOUT_COMMAND: ["error", "refuses-reload"],
  UNUSED_SCRIPT: ["warning", "logged"],
  BFD_WITHOUT_NEIGHBOR: ["error", "refuses-reload"],
  BFD_SAME_ENDS: ["error", "refuses-reload"],
  UNKNOWN_TRACKER: ["error", "refuses-reload"],
  TRACKER_DEFINED_LATER: ["warning", "logged"],
  TRACKER_WITHOUT_TARGET: ["error", "refuses-reload"],
  UNUSED_TRACKER: ["warning", "logged"],
  PROCESS_NEVER_MATCHES: ["warning", "logged"],
  QUORUM_IMPOSSIBLE: ["error", "refuses-reload"],
  DELAY_TOO_LONG: ["warning", "logged"],
  UNQUOTED_COMMAND: ["error", "logged"],
  SHELL_SYNTAX: ["warning", "logged"],
  RELATIVE_COMMAND: ["warning", "logged"],
  SCRIPT_WITHOUT_TIMEOUT: ["note", "logged"],
  SCRIPT_ACTS_AT_ONCE: ["note", "logged"],
  HASTY_TAKE_OVER: ["warning", "logged"],
  LEASE_TOO_LONG: ["warning", "logged"],
  WEIGHT_CANNOT_MATTER: ["warning", "logged"],
  OWN_INTERFACE_TRACKED: ["error", "logged"],
  TRACKER_IGNORED: ["warning", "logged"],
  DUPLICATE_TRACKER: ["warning", "logged"],
  SCRIPT_SECURITY_OFF: ["warning", "logged"],
  SAMPLE_VALUE: ["note", "logged"],
  UNKNOWN_MEMBER: ["error", "logged"],
  MEMBER_ELSEWHERE: ["error", "logged"],
  LONELY_GROUP: ["warning", "logged"],
  GROUP_IGNORES_WEIGHTS: ["warning", "logged"],
  WEIGHT_CLEARED: ["warning", "logged"],
  GROUP_MEMBERS_DIFFER: ["note", "logged"],
  RELATIVE_PATH: ["warning", "logged"],
  DUPLICATE_FIFO: ["error", "logged"],
  SCRIPT_WITHOUT_FIFO: ["warning", "logged"],
  INVALID_MAIL_ADDRESS: ["error", "logged"],
  LOCAL_MAIL_ADDRESS: ["note", "logged"],
  MAIL_INCOMPLETE: ["warning", "logged"],
  MAIL_UNUSED: ["note", "logged"],
  MAIL_LOGIN_INCOMPLETE: ["error", "logged"],
  PASSWORD_IN_CLEAR: ["warning", "logged"],
  INVALID_MASTER_AGENT: ["error", "logged"],
  // What only this host can tell.
  PASSWORD_FILE_MISSING: ["warning", "logged"],
  PASSWORD_FILE_INSECURE: ["error", "logged"],
  UNKNOWN_INTERFACE: ["error", "refuses-reload"],
  SCRIPTS_AS_ROOT: ["warning", "logged"],
  UNKNOWN_ACCOUNT: ["error", "refuses-reload"],
  UNKNOWN_NAMESPACE: ["error", "stops-start"],
  SCRIPT_MISSING: ["error", "refuses-reload"],
  SCRIPT_NOT_EXECUTABLE: ["error", "refuses-reload"],
  SCRIPT_INSECURE: ["error", "refuses-reload"],
  STOPS_KEEPALIVED: ["warning", "logged"],
  OWN_ADDRESS_AS_PEER: ["warning", "logged"],
  SOURCE_NOT_HERE: ["warning", "logged"],
  ADDRESS_ALREADY_HERE: ["warning", "logged"],
} as const satisfies Record<string, readonly [Severity, Effect]>;

export type DiagnosticCode = keyof typeof CLASSES;

const DIAGNOSTIC_LIMIT = 2_000;
