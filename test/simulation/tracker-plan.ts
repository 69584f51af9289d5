import { seededRandom } from "../../src/base/random.ts";
import { micros, millis, type Micros } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { SimNode } from "../../src/sim/node.ts";
import type { Plan, PlannedFault } from "./plan.ts";

/** What all nodes track beside the script, and how patient they are with their links. */
export interface TrackerPlan {
  readonly fileWeight: number;
  readonly fileReverse: boolean;
  readonly processWeight: number;
  /** What terminate_delay is. */
  readonly terminateDelay: Micros;
  /** Within what an instance can bear. */
  readonly linkDownDelay: Micros;
  readonly linkUpDelay: Micros;
  readonly polling: boolean;
}

/** The same plan with trackers and what may befall them. By a random stream of its own: the plan itself stays as it was. */
export function withTrackers(plan: Plan): Plan {
  const random = seededRandom(plan.seed ^ 0x7ac4);
  random.next();
  const pick = (...numbers: readonly number[]): number => numbers[random.below(numbers.length)] ?? 0;
  const trackers: TrackerPlan = {
    fileWeight: pick(0, 1, -2, 254),
    fileReverse: random.chance(1, 4),
    processWeight: pick(0, -30, 20, -254),
    terminateDelay: millis(pick(0, 0, 50, 700)),
    linkDownDelay: random.chance(1, 2) ? micros(random.below(2 * plan.interval)) : micros(0),
    linkUpDelay: random.chance(1, 2) ? micros(random.below(2 * plan.interval)) : micros(0),
    polling: random.chance(1, 4),
  };
  const further = Array.from({ length: 1 + random.below(4) }, (): PlannedFault => {
    const node = plan.nodes[random.below(plan.nodes.length)]?.name ?? "";
    const at = micros(random.below(plan.healedAt));
    const length = micros(1 + random.below(4 * plan.interval));
    const value = pick(-254, -100, -1, 1, 30, 300);
    return {
      at,
      length,
      lans: ["first"],
      fault: random.chance(1, 2) ? { kind: "number-written", node, value } : { kind: "process-dies", node },
    };
  });
  const faults = [...plan.faults, ...further].toSorted((left, right) => left.at - right.at);
  return { ...plan, trackers, faults, healedAt: micros(Math.max(...faults.map(({ at, length }) => at + length))) };
}

/** What a node needs so that nothing is wrong with what it tracks. */
export function furnish(node: SimNode, trackers: TrackerPlan): void {
  node.others.launch(TRACKED_PROCESS);
  writeGoodNumber(node, trackers);
}

export function writeGoodNumber(node: SimNode, { fileWeight, fileReverse }: TrackerPlan): void {
  // With weight 0 and reverse it is the number 0 that means FAULT.
  node.trackedFiles.write(TRACKED_FILE, fileWeight === 0 && fileReverse ? "1\n" : "0\n");
}

/** Adds what is tracked to a configuration of one instance. */
export function tracking(configuration: Configuration, trackers: TrackerPlan): Configuration {
  const { fileWeight, fileReverse, processWeight, terminateDelay, linkDownDelay, linkUpDelay, polling } = trackers;
  const place = { file: "keepalived.conf", line: 1, column: 1 };
  const instances = configuration.instances.map((instance) => {
    const weighted = instance.priority < 255;
    return {
      ...instance,
      trackFiles: weighted || fileWeight === 0 ? [{ file: "number", weight: fileWeight, reverse: fileReverse }] : [],
      trackProcesses:
        weighted || processWeight === 0 ? [{ process: "service", weight: processWeight, reverse: false }] : [],
    };
  });
  return {
    ...configuration,
    instances,
    trackFiles: [{ name: "number", path: TRACKED_FILE, initial: undefined, place }],
    trackProcesses: [
      {
        name: "service",
        command: TRACKED_PROCESS,
        parameters: [],
        match: "name",
        least: 1,
        most: undefined,
        forkDelay: micros(0),
        terminateDelay,
        place,
      },
    ],
    links: configuration.instances.map((instance) => ({
      interface: instance.interface,
      down: linkDownDelay,
      up: linkUpDelay,
      polling: polling ? "ETHTOOL" : undefined,
    })),
  };
}

export const TRACKED_FILE = "/run/number";
export const TRACKED_PROCESS = "service";
