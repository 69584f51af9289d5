import { expect, test } from "vitest";
import { fail, succeed } from "../../base/result.ts";
import type { ScriptCommand } from "../../config/model/script-command.ts";
import type { Processes } from "../../ports/processes.ts";
import { ScriptSet } from "./script-set.ts";

const PLACE: ScriptCommand["place"] = { file: "keepalived.conf", line: 1, column: 1 };
const NOBODY = { uid: 65_534, gid: 65_534, name: "nobody" };

test("accountOf, the user cannot be found: a failure, never the account of this process", () => {
  const command = { argv: ["/bin/true"], user: { user: "gone", group: undefined }, place: PLACE };
  const set = scriptSet(() => fail({ operation: "find", errno: "ENOENT", message: "No such user" }));
  expect(set.accountOf(command)).toMatchObject({ ok: false, error: { errno: "ENOENT" } });
});

test("accountOf, asked twice: looked up once, since a name service may take seconds", () => {
  let asked = 0;
  const command = { argv: ["/bin/true"], user: { user: "nobody", group: undefined }, place: PLACE };
  const set = scriptSet(() => {
    asked += 1;
    return succeed(NOBODY);
  });
  expect(set.accountOf(command)).toEqual({ ok: true, value: NOBODY });
  expect(set.accountOf(command)).toEqual({ ok: true, value: NOBODY });
  expect(asked).toBe(1);
});

test("accountOf, no user at all: as this process", () => {
  const set = scriptSet(() => fail({ operation: "find", errno: "ENOENT", message: "No such user" }));
  expect(set.accountOf({ user: undefined })).toEqual({ ok: true, value: undefined });
});

function scriptSet(findAccount: Processes["findAccount"]): ScriptSet {
  const nothing = (): never => {
    throw new Error("not expected");
  };
  return new ScriptSet(() => {}, {
    clock: { now: nothing, boottime: nothing, outside: nothing, wallClockMs: nothing, alarm: nothing },
    processes: { start: nothing, findAccount },
    files: {
      read: nothing,
      append: nothing,
      replace: nothing,
      remove: nothing,
      facts: nothing,
      resolve: nothing,
      findProgram: nothing,
    },
    log: { write: () => {} },
  });
}
