import { describe, expect, test } from "vitest";
import { fail, succeed } from "../../base/result.ts";
import { textBytes } from "../../wire/text.ts";
import { SysctlKeeper } from "./sysctl-keeper.ts";

const RECORD = "/run/holdfast/sysctls.json";
const ETH0 = "net/ipv4/conf/eth0/promote_secondaries";
const ETH1 = "net/ipv4/conf/eth1/promote_secondaries";
const missing = { operation: "use", errno: "ENOENT", message: "No such file or directory" };

/** A kernel with these settings, a disk with this record, and the order of what is done to them. */
function open(settings: Readonly<Record<string, string>>, record?: string) {
  const values = new Map(Object.entries(settings));
  const disk = new Map(record === undefined ? [] : [[RECORD, record]]);
  const done: string[] = [];
  const lines: string[] = [];
  const unused = () => fail(missing);
  const keeper = new SysctlKeeper(RECORD, {
    sysctls: {
      read: (path) => {
        const value = values.get(path);
        return value === undefined ? fail(missing) : succeed(value);
      },
      write: (path, value) => {
        done.push(`${path}=${value}`);
        if (!values.has(path)) return fail(missing);
        values.set(path, value);
        return succeed(undefined);
      },
    },
    files: {
      read: (path) => {
        const text = disk.get(path);
        return text === undefined ? fail(missing) : succeed(textBytes(text));
      },
      replace: (path, text) => {
        done.push("record");
        disk.set(path, text);
        return succeed(undefined);
      },
      remove: (path) => {
        disk.delete(path);
        return succeed(undefined);
      },
      append: unused,
      facts: unused,
      resolve: unused,
      findProgram: unused,
    },
    log: { write: (_level, text) => lines.push(text) },
  });
  return { keeper, values, disk, done, lines };
}

const wanted = (...settings: readonly string[]) => new Map(settings.map((setting) => [setting, "1"]));

describe("settings of the kernel", () => {
  test("wanted: set, after what was there has been written down", () => {
    const { keeper, values, disk, done } = open({ [ETH0]: "0" });
    keeper.apply(wanted(ETH0));
    expect(values.get(ETH0)).toBe("1");
    expect(done).toEqual(["record", `${ETH0}=1`]);
    expect(disk.get(RECORD)).toBe(`{"${ETH0}":"0"}\n`);
  });

  test("not wanted any more: what was there before, and the record is gone", () => {
    const { keeper, values, disk } = open({ [ETH0]: "0", [ETH1]: "0" });
    keeper.apply(wanted(ETH0, ETH1));
    keeper.apply(wanted(ETH1));
    expect(values.get(ETH0)).toBe("0");
    keeper.apply(wanted());
    expect(values.get(ETH1)).toBe("0");
    expect(disk.size).toBe(0);
  });

  test("as it is wanted already: neither set nor ever given back", () => {
    const { keeper, values, done } = open({ [ETH0]: "1" });
    keeper.apply(wanted(ETH0));
    keeper.apply(wanted());
    expect(values.get(ETH0)).toBe("1");
    expect(done).toEqual([]);
  });

  test("set back by somebody: set again, and what was first there is given back", () => {
    const { keeper, values } = open({ [ETH0]: "7" });
    keeper.apply(wanted(ETH0));
    values.set(ETH0, "0");
    keeper.apply(wanted(ETH0));
    expect(values.get(ETH0)).toBe("1");
    keeper.apply(wanted());
    expect(values.get(ETH0)).toBe("7");
  });

  test("left by a run that crashed, wanted again: what was there before that run is given back", () => {
    const { keeper, values } = open({ [ETH0]: "1" }, `{"${ETH0}":"0"}\n`);
    keeper.apply(wanted(ETH0));
    expect(values.get(ETH0)).toBe("1");
    keeper.apply(wanted());
    expect(values.get(ETH0)).toBe("0");
  });

  test("left by a run that crashed, not wanted any more: given back at once", () => {
    const { keeper, values, disk } = open({ [ETH0]: "1" }, `{"${ETH0}":"0"}\n`);
    keeper.apply(wanted());
    expect(values.get(ETH0)).toBe("0");
    expect(disk.size).toBe(0);
  });

  test.each(["", "{", "[]", `{"../../etc/passwd":"0"}`, `{"kernel/core_pattern":"x"}`, `{"${ETH0}":1}`])(
    "a record that is none (%s): nothing is given back",
    (record) => {
      const { keeper, done } = open({ [ETH0]: "1" }, record);
      keeper.apply(wanted());
      expect(done).toEqual([]);
    },
  );

  test("the interface is missing: nothing is said, and it is set when the interface has come", () => {
    const { keeper, values, lines } = open({});
    keeper.apply(wanted(ETH0));
    expect(lines).toEqual([]);
    values.set(ETH0, "0");
    keeper.apply(wanted(ETH0));
    expect(values.get(ETH0)).toBe("1");
  });
});
