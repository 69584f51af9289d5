import { loadavg } from "node:os";
import { rounded, rowOf, type Row, type Samples, type Value } from "./figures.ts";
import { Pair, type Contestants } from "./pair.ts";
import type { Effort, Measurement, Work } from "./work.ts";

type Contest = "holdfast" | "peer";

/**
 * Has both daemons do a work so many times, in turns, and gives the rows. A run that goes wrong is a failure of its row and
 * does not stop the others.
 *
 * @param tell Called with a few words after every round.
 */
export async function runWork(
  work: Work,
  wanted: number,
  effort: Effort,
  tell: (progress: string) => void,
): Promise<Row[]> {
  const runs = Math.min(wanted, work.mostRuns ?? wanted);
  const booths = await openBooths(work, Math.min(work.width, runs));
  const taken: Record<Contest, Run[]> = { holdfast: [], peer: [] };
  try {
    for (let done = 0; done < runs; done += work.width) {
      const round = booths.slice(0, 2 * Math.min(work.width, runs - done));
      for (const { contest, run } of await runRound(work, round, effort)) taken[contest].push(run);
      tell(`${Math.min(done + work.width, runs)} of ${runs}`);
    }
  } finally {
    await Promise.all(booths.map(({ pair }) => pair.close()));
  }
  const load = loadavg()[0] ?? 0;
  return work.rows.map((plan, index) =>
    rowOf(work.name, plan, samplesOf(taken.holdfast, index), samplesOf(taken.peer, index), load),
  );
}

/** Where one daemon is measured. */
interface Booth {
  readonly contest: Contest;
  readonly pair: Pair;
}

type Run =
  | { readonly kind: "measured"; readonly measurement: Measurement }
  | { readonly kind: "failed"; readonly reason: string };

/** Both daemons alternately, so that they are measured in turns. */
async function openBooths(work: Work, width: number): Promise<Booth[]> {
  const booths: Booth[] = [];
  try {
    for (let index = 0; index < width; index++) {
      for (const contest of ["holdfast", "peer"] as const) {
        const pair = await Pair.open(contestants(work, contest), work);
        booths.push({ contest, pair });
        await work.furnish?.(pair);
      }
    }
  } catch (error) {
    await Promise.all(booths.map(({ pair }) => pair.close()));
    throw error;
  }
  return booths;
}

function contestants(work: Work, contest: Contest): Contestants {
  return contest === "holdfast"
    ? { stronger: "holdfast", weaker: work.partner }
    : { stronger: "keepalived", weaker: "keepalived" };
}

async function runRound(
  work: Work,
  booths: readonly Booth[],
  effort: Effort,
): Promise<{ contest: Contest; run: Run }[]> {
  const readied = await Promise.all(booths.map(({ pair }) => attempt(() => work.ready(pair))));
  const measureAt = async (index: number): Promise<{ contest: Contest; run: Run }[]> => {
    const booth = booths[index];
    const ready = readied[index];
    if (booth === undefined || ready === undefined) return [];
    const { contest, pair } = booth;
    if (!ready.ok) return [{ contest, run: { kind: "failed", reason: ready.reason } }];
    const measured = await attempt(() => work.measure(pair, effort));
    const run: Run = measured.ok
      ? { kind: "measured", measurement: measured.value }
      : { kind: "failed", reason: measured.reason };
    return [{ contest, run }];
  };
  const taken: { contest: Contest; run: Run }[] = [];
  if (work.measured === "together") {
    taken.push(...(await Promise.all(booths.map((_, index) => measureAt(index)))).flat());
  } else {
    for (const index of booths.keys()) taken.push(...(await measureAt(index)));
  }
  await Promise.all(booths.map(({ pair }) => pair.reset()));
  return taken;
}

type Attempt<Given> = { readonly ok: true; readonly value: Given } | { readonly ok: false; readonly reason: string };

async function attempt<Given>(action: () => Promise<Given>): Promise<Attempt<Given>> {
  try {
    return { ok: true, value: await action() };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

function samplesOf(runs: readonly Run[], row: number): Samples {
  const values: Value[] = [];
  const failures: string[] = [];
  for (const run of runs) {
    if (run.kind === "failed") {
      failures.push(run.reason);
      continue;
    }
    const value = run.measurement.values[row];
    if (value !== undefined) values.push(value === null ? null : rounded(value, 3));
    if (run.measurement.objection !== undefined) failures.push(run.measurement.objection);
  }
  return { values, failures };
}
