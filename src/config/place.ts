/** Where something stands in the configuration: counted from 1, columns in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Behind the last character. */
  readonly endColumn?: number;
  /** The include lines that led to the file, outermost first; missing or empty in the first file. */
  readonly include?: readonly IncludeStep[];
}

/** A line that included another file. */
export interface IncludeStep {
  readonly file: string;
  readonly line: number;
}
