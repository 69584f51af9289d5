import { describe, expect, test } from "vitest";
import { handClock, type HandClock } from "../../../test/fixtures/hand-clock.ts";
import { fail, succeed } from "../../base/result.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import type { FifoSettings } from "../../config/model/telling.ts";
import type { FifoOutcome } from "../../ports/fifos.ts";
import type { ProgramEnd } from "../../ports/processes.ts";
import { FifoSet } from "./fifo-set.ts";

const SECOND = 1_000_000;
const PLACE = { file: "f", line: 1, column: 1 };
const READER: ScriptCommand = { argv: ["/bin/reader", "-v"], user: undefined, place: PLACE };

function fifo(path: string, more: Partial<FifoSettings> = {}): FifoSettings {
  return { keyword: "notify_fifo", path, owner: undefined, script: undefined, place: PLACE, ...more };
}

interface Bench {
  readonly set: FifoSet;
  readonly clock: HandClock;
  /** What happened to FIFOs and readers, in order. */
  readonly deeds: string[];
  readonly log: string[];
  readonly ends: ((end: ProgramEnd) => void)[];
  readonly configure: (...fifos: readonly FifoSettings[]) => void;
}

function bench(outcomes: (path: string) => FifoOutcome | "refused" = () => "written"): Bench {
  const clock = handClock();
  const deeds: string[] = [];
  const log: string[] = [];
  const ends: Bench["ends"] = [];
  const refusal = (operation: string) => fail({ operation, errno: "ENOENT", message: "No such file or directory" });
  const set = new FifoSet({
    clock,
    log: { write: (level, text) => void log.push(`${level} ${text}`) },
    accountOf: ({ user }) => succeed(user === undefined ? undefined : { uid: 7, gid: 7, name: user.user }),
    processes: {
      start: ({ argv, account }, onEnd) => {
        deeds.push(`start ${argv.join(" ")}${account === undefined ? "" : ` as ${account.name}`}`);
        ends.push(onEnd);
        return { pid: 1, signalGroup: (signal) => void deeds.push(signal) };
      },
      findAccount: () => refusal("find it"),
    },
    fifos: {
      open: ({ owner, path }) => {
        if (outcomes(path) === "refused") return refusal(`open the FIFO ${path}`);
        deeds.push(`open ${path}${owner === undefined ? "" : ` for ${owner.name}`}`);
        return succeed({
          write: (text) => {
            const outcome = outcomes(path);
            if (outcome === "refused") return refusal(`write to ${path}`);
            deeds.push(`${outcome} ${path} ${text}`);
            return succeed(outcome);
          },
          close: () => void deeds.push(`close ${path}`),
        });
      },
    },
  });
  return {
    set,
    clock,
    deeds,
    log,
    ends,
    configure: (...fifos) => {
      const global = JSON.parse("{}");
      set.configure({ global: { ...global, fifos } });
    },
  };
}

describe("FIFOs", () => {
  test("two of them: both get each line, byte for byte as keepalived writes it (captured from 2.2.7)", () => {
    const { configure, deeds, set } = bench();
    configure(fifo("/a"), fifo("/b"));
    set.tell("INSTANCE", "V 1", "MASTER_PRIORITY", 110);
    set.tell("GROUP", "G1", "MASTER", 0);
    expect(deeds.slice(2)).toEqual([
      'written /a INSTANCE "V 1" MASTER_PRIORITY 110\n',
      'written /b INSTANCE "V 1" MASTER_PRIORITY 110\n',
      'written /a GROUP "G1" MASTER 0\n',
      'written /b GROUP "G1" MASTER 0\n',
    ]);
  });

  test("its program: started with the path behind its arguments, under its account", () => {
    const { configure, deeds } = bench();
    const user = { user: "ops", group: undefined };
    configure(fifo("/a", { owner: user, script: { ...READER, user } }));
    expect(deeds).toEqual(["open /a for ops", "start /bin/reader -v /a as ops"]);
  });

  test("its program ends: said, and started again after a second, then two", () => {
    const { clock, configure, deeds, ends, log } = bench();
    configure(fifo("/a", { script: READER }));
    ends[0]?.({ kind: "exited", status: 3 });
    expect(log).toEqual(["warn The program /bin/reader that reads /a exited with status 3; it is started again"]);
    clock.pass(0.9 * SECOND);
    expect(ends).toHaveLength(1);
    clock.pass(0.1 * SECOND);
    expect(ends).toHaveLength(2);
    ends[1]?.({ kind: "killed", signal: "SIGKILL" });
    clock.pass(1.9 * SECOND);
    expect(ends).toHaveLength(2);
    clock.pass(0.2 * SECOND);
    expect(deeds.filter((deed) => deed.startsWith("start"))).toHaveLength(3);
  });

  test("a reload: what stays is not touched, even where its line has moved; what changes is closed and opened", () => {
    const { configure, deeds } = bench();
    configure(fifo("/a", { script: READER }), fifo("/b"));
    deeds.length = 0;
    configure(fifo("/a", { script: { ...READER, place: { ...PLACE, line: 9 } } }), fifo("/c"));
    expect(deeds).toEqual(["close /b", "open /c"]);
    deeds.length = 0;
    configure(fifo("/a", { script: { ...READER, argv: ["/bin/other"] } }));
    expect(deeds).toEqual(["SIGTERM", "close /a", "close /c", "open /a", "start /bin/other /a"]);
  });

  test("full: said once, and how much was lost when it is read again", () => {
    let outcome: FifoOutcome = "full";
    const { configure, log, set } = bench(() => outcome);
    configure(fifo("/a"));
    for (const priority of [1, 2, 3]) set.tell("INSTANCE", "a", "MASTER", priority);
    outcome = "written";
    set.tell("INSTANCE", "a", "BACKUP", 4);
    set.tell("INSTANCE", "a", "MASTER", 5);
    expect(log).toEqual([
      "warn FIFO /a is full, nobody reads it: what happens is not written to it",
      "warn FIFO /a is written again; 3 lines were lost",
    ]);
  });

  test("it cannot be opened: said once, and opened with the first line that can be written", () => {
    let outcome: FifoOutcome | "refused" = "refused";
    const { configure, deeds, log, set } = bench(() => outcome);
    configure(fifo("/a"));
    set.tell("INSTANCE", "a", "BACKUP", 1);
    expect(log).toEqual(["error Cannot open the FIFO /a: No such file or directory (ENOENT)"]);
    outcome = "written";
    set.tell("INSTANCE", "a", "MASTER", 1);
    expect(deeds).toEqual(["open /a", 'written /a INSTANCE "a" MASTER 1\n']);
  });

  test("somebody has removed it: made anew, and the line is written there", () => {
    const { configure, deeds, set } = bench(() => (deeds.length === 1 ? "gone" : "written"));
    configure(fifo("/a"));
    set.tell("INSTANCE", "a", "MASTER", 1);
    set.tell("INSTANCE", "a", "BACKUP", 1);
    expect(deeds.slice(1)).toEqual([
      'gone /a INSTANCE "a" MASTER 1\n',
      "close /a",
      "open /a",
      'written /a INSTANCE "a" MASTER 1\n',
      'written /a INSTANCE "a" BACKUP 1\n',
    ]);
  });

  test("the end: the FIFO is closed so that its program sees the end; one that goes on is told to end", () => {
    const { clock, configure, deeds, ends, set } = bench();
    configure(fifo("/a", { script: READER }));
    deeds.length = 0;
    set.finish();
    expect([deeds, set.quiet]).toEqual([["close /a"], false]);
    ends[0]?.({ kind: "exited", status: 0 });
    expect(set.quiet).toBe(true);
    clock.pass(120 * SECOND);
    expect(deeds).toEqual(["close /a"]);

    const other = bench();
    other.configure(fifo("/a", { script: READER }));
    other.set.finish();
    other.set.close();
    expect(other.deeds.at(-2)).toBe("SIGTERM");
  });
});
