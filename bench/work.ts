import type { RowPlan, Value } from "./figures.ts";
import type { Daemon, Pair } from "./pair.ts";

/** Something both daemons have to do, and what is measured while they do it. */
export interface Work {
  /** What `--only` takes. */
  readonly name: string;
  /** One measurement gives one value for each. */
  readonly rows: readonly RowPlan[];
  /** The peer of Holdfast on the other node. keepalived's is always keepalived. */
  readonly partner: Daemon;
  /**
   * False: nobody listens to what the kernels tell of addresses, whose many renewals would keep the machine busy; what the
   * hosts hold is then not known.
   */
  readonly watched?: boolean;
  /** Longer works are done no more often than this, whatever `--runs` says. */
  readonly mostRuns?: number;
  /** Whether both nodes serve HTTP and a client asks. */
  readonly withService: boolean;
  /**
   * How many pairs of each daemon stand ready at the same time, to wait together. They wait and are measured together if
   * nothing depends on milliseconds of computing, else they wait together and are measured one after another.
   */
  readonly width: number;
  readonly measured: "together" | "one-by-one";
  /** Once for each pair, before its first run. */
  readonly furnish?: (pair: Pair) => Promise<void>;
  /** Brings a pair to where the measurement begins. Both hosts are as if no daemon had ever run. */
  readonly ready: (pair: Pair) => Promise<void>;
  readonly measure: (pair: Pair, effort: Effort) => Promise<Measurement>;
}

export interface Effort {
  /** Works that watch for minutes watch for half a minute only. */
  readonly quick: boolean;
}

export interface Measurement {
  /** In the order of the work's rows. */
  readonly values: readonly Value[];
  /** What was not as the row says; the value then counts, and the run as failed. */
  readonly objection?: string;
}
