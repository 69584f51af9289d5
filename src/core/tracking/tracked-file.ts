import { unreachable } from "../../base/assert.ts";
import { after, millis, type Instant } from "../../base/time.ts";
import { readFileNumber } from "./file-number.ts";

/** What somebody saw who wanted to read a tracked file. */
export type FileSight =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  /** It is there and cannot be read; `reason` is for people. */
  | { readonly kind: "unreadable"; readonly reason: string };

export interface FileState {
  /** What counts. */
  readonly value: number;
  /** What is to be said of it beside its number. */
  readonly remark: FileRemark | undefined;
  /** The file is gone, which counts from then on unless it is back. */
  readonly goneAt: Instant | undefined;
}

export type FileRemark =
  | { readonly kind: "missing" | "no-number" }
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "out-of-range"; readonly text: string };

/**
 * Decides what counts of a tracked file after it has been looked at. No file, one that cannot be read and one without a number
 * count as 0; a number beyond 32 bits changes nothing. A file that vanishes counts for a moment more as it did: editors
 * replace a file by moving the old one away and writing a new one.
 */
export function followFile(state: FileState | undefined, sight: FileSight, now: Instant): FileState {
  switch (sight.kind) {
    case "missing": {
      const remark: FileRemark = { kind: "missing" };
      if (state === undefined || state.value === 0) return { value: 0, remark, goneAt: undefined };
      const goneAt = state.goneAt ?? after(now, REPLACING);
      return now < goneAt ? { ...state, goneAt } : { value: 0, remark, goneAt: undefined };
    }
    case "unreadable":
      return { value: 0, remark: sight, goneAt: undefined };
    case "text": {
      const read = readFileNumber(sight.text);
      if (read.kind === "number") return { value: read.value, remark: undefined, goneAt: undefined };
      return { value: read.kind === "no-number" ? 0 : (state?.value ?? 0), remark: read, goneAt: undefined };
    }
    default:
      return unreachable(sight);
  }
}

/** Longer than any editor takes from moving the old file away to closing the new one. */
const REPLACING = millis(100);
