import type { Color, Paint } from "../cli/paint.ts";
import { ASK_EVERY_MS, CLIENT_ADDRESS, NODES } from "./cluster.ts";
import type { Happening, Tone } from "./happening.ts";
import { VIP, type NodeIdentity } from "./node-files.ts";
import type { Outcome, Played, Step } from "./story.ts";

/** What stands above everything: who takes part. */
export function renderCast(facts: { readonly holdfast: string; readonly webServer: string }, paint: Paint): string {
  const row = (name: string, address: string, text: string): string =>
    `  ${name.padEnd(8)}${address.padEnd(15)}${text}`;
  const node = ({ name, address, state, priority, page }: NodeIdentity): string =>
    row(name, address, `a node: ${state}, priority ${priority}; its nginx serves <h1>${page}</h1>`);
  return lines([
    paint("bold", `Holdfast ${facts.holdfast}: two nodes, one address, and what a client notices when things break`),
    "",
    node(NODES.lb1),
    node(NODES.lb2),
    row("VIP", VIP, "the virtual address, which the master has"),
    row("client", CLIENT_ADDRESS, `asks http://${VIP}/ every ${ASK_EVERY_MS} ms`),
    "",
    `Web server: ${facts.webServer}. Everything is in namespaces of its own and vanishes with the demo;`,
    "nothing else on this machine is changed. It takes about 70 seconds.",
    "",
  ]);
}

/** The head of a step. */
export function renderStep(step: Step, number: number, paint: Paint): string {
  const why = step.why.split("\n").map((line) => paint("dim", `   ${line}`));
  return lines(["", paint("bold", `${number}. ${step.title}`), ...why]);
}

/** One line for one thing that happened; `startedMs` is what its time counts from. */
export function renderHappening({ atMs, who, text, tone }: Happening, startedMs: number, paint: Paint): string {
  const at = `${((atMs - startedMs) / 1000).toFixed(2).padStart(8)} s`;
  const color = COLORS[tone];
  return `${paint("dim", at)}  ${who.padEnd(7)} ${color === undefined ? text : paint(color, text)}\n`;
}

/** The verdict on one step, where it stands in the story. */
export function renderOutcome({ step, outcome }: Pick<Played, "step" | "outcome">, paint: Paint): string {
  const text = describeOutcome(step, outcome);
  const [color, verdict]: readonly [Color, string] = isGood(outcome)
    ? ["green", "as expected"]
    : ["red", "NOT AS EXPECTED"];
  return lines(text.map((line, index) => (index === 0 ? `   ${paint(color, `${verdict}:`)} ${line}` : `   ${line}`)));
}

/** The table at the end and one closing sentence. */
export function renderSummary(played: readonly Played[], seconds: number, paint: Paint): string {
  const rows = played.map(({ step, outcome }, index) => {
    const measured = outcome.kind === "measured";
    const verdict = isGood(outcome)
      ? paint("green", "ok")
      : paint("red", outcome.kind === "not-run" ? "not run" : "FAILED");
    return (
      `${String(index + 1).padStart(2)}  ${step.title.padEnd(TITLE_WIDTH)}` +
      `${cell(measured ? outcome.outageMs : undefined)}${limit(step.outageLimitMs)}` +
      `${cell(measured ? outcome.twoHoldersMs : undefined)}${limit(step.twoHoldersLimitMs)}  ${verdict}`
    );
  });
  const good = played.filter(({ outcome }) => isGood(outcome)).length;
  const sum = `${good} of ${played.length} steps went as expected, in ${seconds.toFixed(0)} s.`;
  return lines([
    "",
    paint("bold", `    ${"".padEnd(TITLE_WIDTH)}${"no answer".padStart(17)}${"both have it".padStart(17)}`),
    paint("dim", `    ${"".padEnd(TITLE_WIDTH)}${"ms  at most".padStart(17)}${"ms  at most".padStart(17)}`),
    ...rows,
    "",
    "no answer     the longest time in which the client was not answered",
    "both have it  how long both nodes had the address: never after a crash, and at a planned change on purpose",
    "",
    paint(good === played.length ? "green" : "red", sum),
  ]);
}

/** An outcome in words; the first line stands for itself. */
export function describeOutcome(step: Step, outcome: Outcome): readonly [string, ...string[]] {
  switch (outcome.kind) {
    case "measured":
      return [
        `no answer for ${outcome.outageMs} ms (at most ${step.outageLimitMs}), ` +
          `both had the address for ${outcome.twoHoldersMs} ms (at most ${step.twoHoldersLimitMs})`,
      ];
    case "failed": {
      const [first = "", ...rest] = outcome.problem.split("\n");
      return [first, ...rest];
    }
    case "not-run":
      return ["not run, since an earlier step failed"];
  }
}

export function isGood(outcome: Outcome): boolean {
  return outcome.kind === "measured" && outcome.ok;
}

function cell(value: number | undefined): string {
  return (value === undefined ? "-" : String(value)).padStart(8);
}

function limit(value: number): string {
  return String(value).padStart(9);
}

function lines(list: readonly string[]): string {
  return `${list.join("\n")}\n`;
}

const COLORS: Readonly<Record<Tone, Color | undefined>> = {
  plain: undefined,
  action: "cyan",
  good: "green",
  bad: "yellow",
};
const TITLE_WIDTH = 43;
