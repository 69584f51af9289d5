/** The part of checks.mjs that tests call. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  readonly remarks: readonly string[];
}

export function tallyOf(report: unknown, status: number, strict?: boolean): Tally;
