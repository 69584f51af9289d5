import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { fail, succeed } from "../base/result.ts";
import { loadConfiguration } from "../config/load.ts";
import type { Configuration } from "../config/model/configuration.ts";
import type { Processes } from "../ports/processes.ts";
import { withDefaultUser, withNumbers } from "./script-accounts.ts";

describe("withDefaultUser", () => {
  test("a script or a notify line without an account, keepalived_script exists: runs as that (keepalived.conf(5))", () => {
    for (const text of [CHECK, NOTIFY]) expect(userOf(text, HOST)).toEqual({ user: "keepalived_script" });
  });

  test("no such account: as this process", () => {
    expect(userOf(CHECK, { ...HOST, keepalived_script: undefined })).toBeUndefined();
  });

  test("script_user: that one", () => {
    expect(userOf(`global_defs {\nscript_user www\n}\n${CHECK}`, HOST)).toEqual({ user: "www" });
  });

  test("every command has an account of its own, or there is none: nobody is looked up", () => {
    for (const text of [CHECK.replace("script /c", "script /c\nuser www"), NOTIFY.replace("/n", "/n www"), INSTANCE]) {
      expect(userOf(text, "nobody may be asked")).toBeUndefined();
    }
  });
});

test("withNumbers: names by their numbers, one that nobody knows as it is", () => {
  const text = `global_defs {\nscript_user www\n}\n${CHECK.replace("script /c", "script /c\nuser ghost")}`;
  const { global, scripts } = withNumbers(modelOf(text), accountsOf(HOST), () => [4]);
  expect(global.scriptUser).toEqual({ user: "33", group: "34" });
  expect(scripts[0]?.check).toMatchObject({ user: { user: "ghost" } });
});

test("withNumbers, set_supplementary_groups: with the further groups of the user", () => {
  const text = `global_defs {\nset_supplementary_groups\nscript_user www\n}\n${CHECK}`;
  const asked: unknown[] = [];
  const groupsOf = (user: string, own: number): readonly number[] => (asked.push([user, own]), [4, 24]);
  const { global } = withNumbers(modelOf(text), accountsOf(HOST), groupsOf);
  expect(global.scriptUser).toEqual({ user: "33", group: "34", groups: [4, 24] });
  expect(asked).toEqual([["www", 34]]);
});

test("withNumbers, a colon before the group: the further groups of that user alone (keepalived.conf(5), SCRIPTS)", () => {
  const text = `global_defs {\nscript_user www\n}\n${NOTIFY.replace("/n", "/n www :")}${CHECK.replaceAll("A {", "B {")}`;
  const { global, instances } = withNumbers(modelOf(text), accountsOf(HOST), () => [4, 24]);
  expect(global.scriptUser).toEqual({ user: "33", group: "34" });
  expect(instances[0]?.notify.any?.user).toEqual({ user: "33", group: "34", groups: [4, 24] });
});

type Host = Readonly<Record<string, readonly [number, number] | undefined>>;

const HOST: Host = { keepalived_script: [988, 987], www: [33, 34] };
const INSTANCE = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n10.0.0.9\n}\n}\n";
const CHECK = `vrrp_script s {\nscript /c\n}\n${INSTANCE.replace(/}\n$/, "track_script {\ns\n}\n}\n")}`;
const NOTIFY = INSTANCE.replace(/}\n$/, "notify /n\n}\n");

function userOf(text: string, host: Host | string): unknown {
  const { user, group } = withDefaultUser(modelOf(text), accountsOf(host)).global.scriptUser ?? {};
  return user === undefined ? undefined : { user, ...(group === undefined ? {} : { group }) };
}

function modelOf(text: string): Configuration {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  return loadConfiguration(
    "f",
    { read: () => succeed(new TextEncoder().encode(text)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  ).configuration;
}

/** The accounts of a host, or why nobody may ask for one. */
function accountsOf(host: Host | string): Pick<Processes, "findAccount"> {
  return {
    findAccount: (name) => {
      if (typeof host === "string") throw new Error(host);
      const ids = host[name];
      if (ids === undefined) return fail({ operation: "find", errno: "ENOENT", message: "No such user" });
      return succeed({ uid: ids[0], gid: ids[1], name });
    },
  };
}
