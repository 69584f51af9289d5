import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { needs } from "../require.ts";
import { LAB_NEEDS } from "./cluster.ts";
import {
  batches,
  CELLS,
  nameOfNetwork,
  NETWORKS,
  possibleCells,
  SCENARIOS,
  whyLeftOut,
  type Cell,
  type Network,
  type Scenario,
} from "./matrix/cells.ts";
import { renderDocument } from "./matrix/document.ts";
import { faultsOf } from "./matrix/judge.ts";
import { playTogether, type Played } from "./matrix/play.ts";
import { drawTable } from "./matrix/report.ts";
import { routersOf } from "./matrix/routers.ts";

test("docs/interop.md: says what is expected here", async () => {
  await expect(renderDocument()).toMatchFileSnapshot(fileURLToPath(new URL("../../docs/interop.md", import.meta.url)));
});

/** Every pair of Holdfast, keepalived and FRR's vrrpd, compared with two keepaliveds. docs/interop.md explains it. */
needs({ ...LAB_NEEDS, tools: [...LAB_NEEDS.tools, "vtysh"] })("pairs of implementations", () => {
  const all = new Map<Cell, Played>();
  const batchesOnce = new Map(batches().map((networks) => [networks, once(() => playBatch(networks, all))]));

  afterAll(() => {
    const rows = new Map(CELLS.flatMap((cell) => [...all].filter(([played]) => played === cell)));
    const isAsItShouldBe = (cell: Cell, scenario: Scenario): boolean => faults(all, cell, scenario).length === 0;
    process.stdout.write(`${drawTable(rows, isAsItShouldBe)}\n`);
  });

  describe.for(NETWORKS.map((network) => [nameOfNetwork(network), network] as const))("%s", ([, network]) => {
    beforeAll(async () => {
      for (const [networks, play] of batchesOnce) if (networks.includes(network)) await play();
    }, 120_000);

    describe.for(possibleCells(network).map((cell) => [cell.a, cell.b, cell] as const))("%s over %s", ([, , cell]) => {
      const scenarios = SCENARIOS.filter((scenario) => whyLeftOut(cell, scenario) === undefined);
      test.for(scenarios.map((scenario) => [TITLES[scenario], scenario] as const))("%s", ([, scenario]) => {
        expect(faults(all, cell, scenario), evidence(all, cell, scenario)).toEqual([]);
      });
    });
  });
});

async function playBatch(networks: readonly Network[], all: Map<Cell, Played>): Promise<void> {
  for (const [cell, played] of await playTogether(networks.flatMap(possibleCells))) all.set(cell, played);
}

function faults(all: ReadonlyMap<Cell, Played>, cell: Cell, scenario: Scenario): readonly string[] {
  const played = all.get(cell);
  const [twoKeepaliveds] = [...all].filter(
    ([{ a, b, ...network }]) =>
      a === "keepalived" && b === "keepalived" && nameOfNetwork(network) === nameOfNetwork(cell),
  );
  return played === undefined
    ? ["not played"]
    : faultsOf(cell, scenario, played, twoKeepaliveds?.[1].outcomes.get(scenario));
}

/** What both nodes wrote about the virtual router of the scenario. */
function evidence(all: ReadonlyMap<Cell, Played>, cell: Cell, scenario: Scenario): string {
  const routers = routersOf(cell, "a");
  const router = routers.find((candidate) => candidate.scenario === scenario) ?? routers[0];
  const isAbout = (line: string): boolean =>
    line.includes(`(${router?.name})`) || line.includes(`[VRID ${router?.vrid}]`);
  const logs = Object.entries(all.get(cell)?.logs ?? {});
  return logs.map(([node, lines]) => `--- ${node}:\n${lines.filter(isAbout).join("\n")}`).join("\n");
}

function once(act: () => Promise<void>): () => Promise<void> {
  let acted: Promise<void> | undefined;
  return () => (acted ??= act());
}

const TITLES: Readonly<Record<Scenario, string>> = {
  election: "one master, and again one when they did not hear one another for a while",
  tie: "equal priorities: the higher address wins",
  password: "other passwords: nobody obeys, and Holdfast says why",
  interval: "another interval: version 2 discards, version 3 follows, and Holdfast says so",
  addresses: "an address more: Holdfast obeys and says so",
  "plain checksum": "checksums without a pseudo-header: they agree",
  "mixed checksums": "a checksum without a pseudo-header on one side: it takes both, the other one does not",
  "fail-over": "a is killed: b takes over in time, and after Holdfast nobody else holds the address",
  return: "a is started again: it takes over in time",
  "priority 0": "a is stopped: b takes over after its skew time, and after Holdfast a client sees no outage",
};
