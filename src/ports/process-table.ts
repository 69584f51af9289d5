/** What a process looks like to others. */
export interface ObservedProcess {
  readonly pid: number;
  /** comm: the kernel's name of it, at most fifteen bytes. */
  readonly name: string;
  /** argv; empty where it was not asked for, and for threads of the kernel. */
  readonly commandLine: readonly string[];
}

export type ProcessEvent =
  /** Everything that runs has been looked at once; it comes first, and again after events were lost. */
  | { readonly kind: "listed" }
  /**
   * One that is wanted is there, or has become another one that is wanted. `by`: a wanted process has forked it and it is its
   * copy as yet, or anything else.
   */
  | { readonly kind: "began"; readonly process: ObservedProcess; readonly by: "fork" | "other" }
  /** It is not wanted any more, since it goes on as something else. */
  | { readonly kind: "left"; readonly pid: number }
  | { readonly kind: "ended"; readonly pid: number };

export interface ProcessQuery {
  /** Whether command lines are to be read, too. */
  readonly wantsCommandLine: boolean;
  /** Pure: it is asked again whenever a process may look different. */
  readonly isWanted: (process: ObservedProcess) => boolean;
}

/** The processes of this machine, as far as this process can see them. Zombies have ended. */
export interface ProcessTable {
  /**
   * Looks for wanted processes from now on. What is there already is told as `began`, then `listed` comes. `onEvent` comes in
   * turns of its own. That one has ended is told within milliseconds; that one began as well where the kernel tells, which it
   * does outside of containers and network namespaces, and within half a second elsewhere.
   */
  watch(query: ProcessQuery, onEvent: (event: ProcessEvent) => void): ProcessWatch;
}

export interface ProcessWatch {
  /** How it learns that processes begin: `events` of the kernel, or by `looking` again and again. */
  readonly source: "events" | "looking";
  close(): void;
}
