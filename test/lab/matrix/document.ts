import {
  CELLS,
  nameOfNetwork,
  NETWORKS,
  SCENARIOS,
  whyImpossible,
  whyLeftOut,
  type Cell,
  type Network,
  type Scenario,
} from "./cells.ts";
import { expectationOf, REASONS } from "./expectations.ts";

/** Writes docs/interop.md: what is expected of every pair, and what cannot be done and why. */
export function renderDocument(): string {
  const notes = new Notes();
  const networks = NETWORKS.map((network) => renderNetwork(network, notes));
  return [INTRODUCTION, renderScenarios(), ...networks, notes.render()].join("\n\n") + "\n";
}

function renderScenarios(): string {
  const rows = SCENARIOS.map((scenario) => `| ${scenario} | ${MEANINGS[scenario]} |`);
  return ["| scenario | what happens |", "| --- | --- |", ...rows].join("\n");
}

function renderNetwork(network: Network, notes: Notes): string {
  const cells = CELLS.filter((cell) => nameOfNetwork(cell) === nameOfNetwork(network));
  const rows = cells
    .filter((cell) => whyImpossible(cell) === undefined)
    .map((cell) => {
      const entries = SCENARIOS.map((scenario) => renderEntry(cell, scenario, notes));
      return `| ${cell.a} | ${cell.b} | ${entries.join(" | ")} |`;
    });
  const reasons = new Set(cells.map(whyImpossible).filter((reason) => reason !== undefined));
  const name = nameOfNetwork(network);
  return [
    `## ${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    "",
    `| a | b | ${SCENARIOS.join(" | ")} |`,
    `| --- | --- | ${SCENARIOS.map(() => "---").join(" | ")} |`,
    ...rows,
    ...[...reasons].map((reason) => `\nNo pair with vrrpd: ${reason}.`),
  ].join("\n");
}

function renderEntry(cell: Cell, scenario: Scenario, notes: Notes): string {
  const leftOut = whyLeftOut(cell, scenario);
  if (leftOut !== undefined) return `– ${notes.mark(`Not possible: ${leftOut}.`)}`;
  const { holders, because } = expectationOf(cell, scenario);
  const text = holders === "a and b" ? "both" : holders;
  return because === undefined ? text : `${text} ${notes.mark(REASONS[because])}`;
}

/** Sentences with numbers, in the order of their first use. */
class Notes {
  readonly #sentences: string[] = [];

  mark(sentence: string): string {
    if (!this.#sentences.includes(sentence)) this.#sentences.push(sentence);
    return `(${this.#sentences.indexOf(sentence) + 1})`;
  }

  render(): string {
    return ["## Notes", "", ...this.#sentences.map((sentence, index) => `${index + 1}. ${sentence}`)].join("\n");
  }
}

const MEANINGS: Readonly<Record<Scenario, string>> = {
  election:
    "Both start and hear one another; later they do not for a while, are both master, and hear one another again",
  tie: "The same with equal priorities: the higher address wins",
  password: "The passwords differ",
  interval: "The advertisement intervals differ: 2 s and 1 s in version 2, 1 s and 0.2 s in version 3",
  addresses: "b has an address more than a",
  "plain checksum": "Both leave the pseudo-header out of the checksum",
  "mixed checksums": "One Holdfast leaves it out, a where it can choose; the other node does not",
  "fail-over": "All processes of a are killed with SIGKILL; b takes over after its Master_Down_Interval",
  return: "a is started again, and takes over after its own",
  "priority 0": "a is stopped; b takes over after its Skew_Time",
};

const INTRODUCTION = `# Who works with whom

Holdfast, the real keepalived 2.2.7 and FRR's vrrpd 8.4 of Debian 12 in pairs, on real network interfaces, compared with two
keepaliveds in the same run. An entry says who holds the address in the end: a, which has priority 200 and the lower address,
b, which has 150 and the higher one, or both; the numbers lead to the notes. An entry without a number is what two keepaliveds
make of it. Not shown, and looked at too: the time until the address is taken (within the protocol's bounds), for how long both
hold it, how long a client gets no answer, and what Holdfast says of each disagreement and counts.

\`test/lab/matrix.test.ts\` plays all of it, prints the times, and checks that this page says what is expected there
(\`npx vitest run test/lab/matrix.test.ts -t interop.md -u\` writes it).`;
