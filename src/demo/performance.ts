import { createPaint, wantsColor, type Paint } from "../cli/paint.ts";
import { run } from "../lab/program.ts";
import { openCluster, watchClient, type Cluster } from "./cluster.ts";
import { documentOf } from "./document.ts";
import type { Happening } from "./happening.ts";
import { awaitEnter, awaitInterruption } from "./interruption.ts";
import { describeLookingAround } from "./look-around.ts";
import { Narrator } from "./narrator.ts";
import { isGood, renderCast, renderHappening, renderOutcome, renderStep, renderSummary } from "./render.ts";
import { playStory, startCluster, type Played } from "./story.ts";
import { findProgram } from "./tools.ts";

export interface DemoOptions {
  readonly json: boolean;
  readonly keep: boolean;
  /** This process is the one that was started again in a user namespace. */
  readonly inUserNamespace: boolean;
  /** The executable `holdfast`, an absolute path. */
  readonly holdfast: string;
  readonly release: string;
}

/** How the demo ends. */
export const DEMO_EXIT = {
  OK: 0,
  /** A step did not go as expected. */
  FAILED: 1,
  /** Namespaces may not be made. */
  NO_PERMISSION: 4,
  /** EX_UNAVAILABLE of sysexits.h: a tool is missing. */
  UNAVAILABLE: 69,
} as const;

/**
 * Plays the story where this process may make namespaces, shows it, and removes everything again.
 *
 * An interrupted one ends the process itself, since what it was waiting for is still being waited for.
 */
export async function showDemo(options: DemoOptions): Promise<number> {
  const interruption = awaitInterruption();
  const show = createShow(options.json, Date.now());
  const narrator = new Narrator(show.happening);
  const nginx = findProgram("nginx");
  const webServer = nginx === undefined ? BUILT_IN : await versionOf(nginx);
  const facts = { holdfast: options.release, webServer };
  show.write((paint) => renderCast(facts, paint));

  const opening = openCluster({ holdfast: options.holdfast, nginx, node: process.execPath }, narrator.tell);
  const interrupted = interruption.then((status) => ({ kind: "interrupted", status }) as const);
  const ended = await Promise.race([perform(opening, narrator, show), interrupted]);
  if (ended.kind === "interrupted") {
    narrator.silence();
    await removeCluster(opening);
    show.write(() => "\nInterrupted. Everything is removed.\n");
    process.exit(ended.status);
  }
  if (ended.kind === "failed") process.stderr.write(`The demo could not be shown: ${ended.problem}\n`);
  const played = ended.kind === "played" ? ended.played : [];
  const ok = played.length > 0 && played.every(({ outcome }) => isGood(outcome));
  const seconds = (Date.now() - show.startedMs) / 1000;
  if (played.length > 0) show.write((paint) => renderSummary(played, seconds, paint));
  if (options.json) {
    const document = documentOf({
      ...facts,
      ok,
      seconds,
      played,
      happenings: show.happenings,
      startedMs: show.startedMs,
    });
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  }
  if (options.keep && played.length > 0) {
    const words = describeLookingAround(await opening, options);
    show.write(() => `\n${words.join("\n")}\n`);
    const enter = awaitEnter();
    await Promise.race([interruption, enter.pressed]);
    enter.stop();
  } else if (ok)
    show.write(() => "\nholdfast demo --keep leaves the cluster running, for you to look at and to break.\n");
  narrator.silence();
  await removeCluster(opening);
  return ok ? DEMO_EXIT.OK : DEMO_EXIT.FAILED;
}

type Performance =
  | { readonly kind: "played"; readonly played: readonly Played[] }
  | { readonly kind: "failed"; readonly problem: string };

/** Where the text goes, and what has been told so far. */
interface Show {
  readonly startedMs: number;
  readonly write: (render: (paint: Paint) => string) => void;
  readonly happening: (happening: Happening) => void;
  readonly happenings: readonly Happening[];
}

function createShow(quiet: boolean, startedMs: number): Show {
  const paint = createPaint(wantsColor(process.stdout, process.env));
  const happenings: Happening[] = [];
  const write: Show["write"] = (render) => {
    if (!quiet) process.stdout.write(render(paint));
  };
  return {
    startedMs,
    write,
    happening: (happening) => {
      happenings.push(happening);
      write(() => renderHappening(happening, startedMs, paint));
    },
    happenings,
  };
}

/** Plays the whole piece. Never rejects. */
async function perform(opening: Promise<Cluster>, narrator: Narrator, show: Show): Promise<Performance> {
  try {
    const cluster = await opening;
    watchClient(cluster.prober, narrator.tell);
    await startCluster(cluster, narrator.tell);
    await narrator.settle();
    const played = await playStory(cluster, {
      tell: narrator.tell,
      begin: (step, number) => show.write((paint) => renderStep(step, number, paint)),
      end: async (one) => {
        await narrator.settle();
        show.write((paint) => renderOutcome(one, paint));
      },
    });
    return { kind: "played", played };
  } catch (error) {
    return { kind: "failed", problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Waits first until nothing is being built any more, so that nothing appears behind the back of the removal. */
async function removeCluster(opening: Promise<Cluster>): Promise<void> {
  try {
    const { lab } = await opening;
    await lab.close();
  } catch {
    // What could not be built was removed by its builder.
  }
}

async function versionOf(nginx: string): Promise<string> {
  const { stderr } = await run([nginx, "-v"]);
  return /nginx\/\S+/.exec(stderr)?.[0] ?? nginx;
}

const BUILT_IN = "one of Holdfast's own, since this machine has no nginx (Debian: nginx-light)";
