import type { BfdInstanceSettings } from "../../config/model/bfd.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { BfdVerdict } from "../../core/bfd/session.ts";
import type { Log } from "../../ports/log.ts";
import { learnNews, type BfdNews } from "../bfd-news.ts";
import type { JournalSink } from "./journal-sink.ts";

export interface BfdSetDependencies {
  readonly log: Log;
  readonly journal: JournalSink;
}

/** The part of a model that says which sessions there are, and who tracks them. */
export interface TrackedSessions {
  readonly bfd: readonly BfdInstanceSettings[];
  readonly instances: readonly Pick<InstanceSettings, "name" | "trackBfd">[];
}

/** What the bfd process has told of the sessions that instances track. It stays true until something else is told. */
export class BfdSet {
  readonly #known = new Map<string, BfdNews>();
  readonly #dependencies: BfdSetDependencies;
  readonly #onChange: () => void;
  #sessions: ReadonlyMap<string, string> = new Map();
  /** Who tracks them, for keepalived's log lines. */
  #instances: TrackedSessions["instances"] = [];

  /** `onChange` comes after each change of a verdict. */
  constructor(onChange: () => void, dependencies: BfdSetDependencies) {
    this.#onChange = onChange;
    this.#dependencies = dependencies;
  }

  verdictOf(name: string): BfdVerdict {
    return this.#known.get(name)?.verdict ?? "unknown";
  }

  /** In words: `Up`, `Down (Control Detection Time Expired)`. */
  detailOf(name: string): string {
    return this.#known.get(name)?.detail ?? "not known yet";
  }

  /** What was told of a session that is another one now, or none any more, is forgotten. */
  configure({ bfd, instances }: TrackedSessions): void {
    const sessions = new Map(bfd.map((settings) => [settings.name, endsOf(settings)]));
    for (const [name, ends] of this.#sessions) if (sessions.get(name) !== ends) this.#known.delete(name);
    this.#sessions = sessions;
    this.#instances = instances;
  }

  learn(news: readonly BfdNews[]): void {
    const before = new Map([...this.#known].map(([name, { verdict }]) => [name, verdict]));
    learnNews(this.#known, news);
    const changed = [...this.#known.values()].filter(
      ({ name, verdict }) => verdict !== (before.get(name) ?? "unknown"),
    );
    for (const item of changed) this.#tell(item);
    if (changed.length > 0) this.#onChange();
  }

  #tell({ name, verdict, detail }: BfdNews): void {
    const { log, journal } = this.#dependencies;
    const word = verdict.toUpperCase();
    for (const instance of this.#instances) {
      if (!instance.trackBfd.some(({ bfd }) => bfd === name)) continue;
      log.write("info", `VRRP_Instance(${instance.name}) Tracked BFD instance ${name} is ${word}`);
    }
    const cause = {
      code: `BFD_${word}`,
      text: `BFD session ${name} is ${detail}`,
      evidence: { session: name, detail },
    };
    journal.append({ instance: null, from: null, to: null, cause });
  }
}

function endsOf({ neighbor, source, multihop }: BfdInstanceSettings): string {
  return JSON.stringify([neighbor, source ?? null, multihop]);
}
