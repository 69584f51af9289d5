/** One thing that happened, in plain words. */
export interface Happening {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** A node, the client, or the demo itself. */
  readonly who: string;
  readonly text: string;
  readonly tone: Tone;
}

/** What it means for whoever wants an answer. */
export type Tone = "plain" | "action" | "good" | "bad";

/** Takes happenings in any order. */
export type Tell = (happening: Happening) => void;
