import { expect, test } from "vitest";
import { succeed } from "../../base/result.ts";
import { instant, seconds } from "../../base/time.ts";
import type { NotifySettings } from "../../config/model/telling.ts";
import type { ProgramEnd, ProgramRequest } from "../../ports/processes.ts";
import { Notifier, type NotifierDependencies } from "./notifier.ts";

test("the instance renamed by a reload: scripts are told the new name", () => {
  const started: string[] = [];
  const notifier = new Notifier({ kind: "INSTANCE", name: "web" }, SETTINGS, dependencies(started));
  notifier.tell("BACKUP", 100);
  notifier.reconfigure("shop", SETTINGS);
  notifier.tell("MASTER", 100);
  expect(started).toEqual(["/n INSTANCE web BACKUP 100", "/n INSTANCE shop MASTER 100"]);
});

const SETTINGS: NotifySettings = {
  any: { argv: ["/n"], user: undefined, place: { file: "f", line: 1, column: 1 } },
  master: undefined,
  backup: undefined,
  fault: undefined,
  stop: undefined,
  deleted: undefined,
  tellsDeleted: false,
  lowerPriority: undefined,
  priorityChanges: false,
  mail: false,
  timeout: seconds(10),
  concurrent: true,
};

function dependencies(started: string[]): NotifierDependencies {
  const ignore = (): void => {};
  return {
    clock: {
      now: () => instant(0),
      boottime: () => instant(0),
      outside: () => undefined,
      wallClockMs: () => 0,
      alarm: () => ({ set: ignore, clear: ignore, close: ignore }),
    },
    processes: {
      start: ({ argv }: ProgramRequest, _onEnd: (end: ProgramEnd) => void) => {
        started.push(argv.join(" "));
        return undefined;
      },
      findAccount: (name) => succeed({ uid: 0, gid: 0, name }),
    },
    log: { write: ignore },
    accountOf: () => succeed(undefined),
  };
}
