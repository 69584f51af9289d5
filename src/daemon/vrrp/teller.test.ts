import { describe, expect, test } from "vitest";
import { handClock, type HandClock } from "../../../test/fixtures/hand-clock.ts";
import { succeed } from "../../base/result.ts";
import { seconds } from "../../base/time.ts";
import type { NotifySettings } from "../../config/model/telling.ts";
import type { NotifySubject } from "./notifier.ts";
import { Teller } from "./teller.ts";

const command = (word: string): NotifySettings["any"] => ({
  argv: [`/${word}`],
  user: undefined,
  place: { file: "f", line: 1, column: 1 },
});

const ALL: NotifySettings = {
  any: command("any"),
  master: command("master"),
  backup: command("backup"),
  fault: command("fault"),
  stop: command("stop"),
  deleted: command("deleted"),
  tellsDeleted: true,
  lowerPriority: command("lower"),
  priorityChanges: true,
  mail: true,
  timeout: seconds(10),
  concurrent: true,
};

function bench(
  settings: Partial<NotifySettings> = {},
  subject: NotifySubject = { kind: "INSTANCE", name: "web" },
): { teller: Teller; told: string[]; clock: HandClock } {
  const told: string[] = [];
  const clock = handClock();
  const teller = new Teller(
    subject,
    { ...ALL, ...settings },
    {
      clock,
      log: { write: () => {} },
      accountOf: () => succeed(undefined),
      processes: {
        start: ({ argv }) => {
          told.push(`run ${argv.join(" ")}`);
          return undefined;
        },
        findAccount: () => succeed({ uid: 0, gid: 0, name: "root" }),
      },
      fifos: { tell: (kind, name, what, priority) => void told.push(`fifo ${kind} ${name} ${what} ${priority}`) },
      traps: { tell: () => {} },
      mail: { tell: ({ kind, name }, state) => void told.push(`mail ${kind} ${name} ${state}`) },
    },
  );
  return { teller, told, clock };
}

describe("teller", () => {
  test("a state of a group: scripts, FIFOs and mail name the group", () => {
    const { teller, told } = bench({}, { kind: "GROUP", name: "G" });
    teller.tell("MASTER", 0);
    expect(told).toEqual(["run /master", "run /any GROUP G MASTER 0", "fifo GROUP G MASTER 0", "mail GROUP G MASTER"]);
  });

  test("the same state twice: mailed once; another in between: again (keepalived)", () => {
    const { teller, told } = bench();
    for (const state of ["MASTER", "MASTER", "BACKUP", "MASTER"] as const) teller.tell(state, 100);
    expect(told.filter((each) => each.startsWith("mail"))).toEqual([
      "mail INSTANCE web MASTER",
      "mail INSTANCE web BACKUP",
      "mail INSTANCE web MASTER",
    ]);
  });

  test("smtp_alert is off: no mail, everything else", () => {
    const { teller, told } = bench({ mail: false });
    teller.tell("BACKUP", 100);
    expect(told).toEqual(["run /backup", "run /any INSTANCE web BACKUP 100", "fifo INSTANCE web BACKUP 100"]);
  });

  test("removed by a reload, notify_deleted: DELETED (captured from keepalived 2.2.7)", () => {
    const { teller, told } = bench();
    teller.tellRemoved(100);
    expect(told).toEqual([
      "run /deleted",
      "run /any INSTANCE web DELETED 100",
      "fifo INSTANCE web DELETED 100",
      "mail INSTANCE web DELETED",
    ]);
  });

  test("removed by a reload without it: FAULT (captured from keepalived 2.2.7)", () => {
    const { teller, told } = bench({ tellsDeleted: false, deleted: undefined });
    teller.tellRemoved(100);
    expect(told).toEqual([
      "run /fault",
      "run /any INSTANCE web FAULT 100",
      "fifo INSTANCE web FAULT 100",
      "mail INSTANCE web FAULT",
    ]);
  });

  test("a change of priority: FIFOs alone, where it is wanted (captured from keepalived 2.2.7)", () => {
    const { teller, told } = bench();
    teller.tellPriority("MASTER", 110);
    expect(told).toEqual(["fifo INSTANCE web MASTER_PRIORITY 110"]);
    const silent = bench({ priorityChanges: false });
    silent.teller.tellPriority("BACKUP", 110);
    expect(silent.told).toEqual([]);
  });

  test("a lower advert: its own script without arguments, and the FIFOs (captured from keepalived 2.2.7)", () => {
    const { teller, told } = bench();
    teller.tellLowerPriority(110);
    expect(told).toEqual(["run /lower", "fifo INSTANCE web MASTER_RX_LOWER_PRI 110"]);
  });

  test("thousands of lower adverts: told ten times, then once a second", () => {
    const { clock, teller, told } = bench({ lowerPriority: undefined });
    for (let count = 0; count < 5_000; count += 1) teller.tellLowerPriority(110);
    expect(told).toHaveLength(10);
    clock.pass(3_000_000);
    for (let count = 0; count < 5_000; count += 1) teller.tellLowerPriority(110);
    expect(told).toHaveLength(13);
  });

  test("renamed by a reload: the new name everywhere", () => {
    const { teller, told } = bench();
    teller.reconfigure("shop", ALL);
    teller.tell("MASTER", 1);
    expect(told.slice(1)).toEqual([
      "run /any INSTANCE shop MASTER 1",
      "fifo INSTANCE shop MASTER 1",
      "mail INSTANCE shop MASTER",
    ]);
  });
});
