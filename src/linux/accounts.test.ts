import { describe, expect, test } from "vitest";
import { findAccount, findEntry, findFurtherGroups, localDatabase } from "./accounts.ts";
import type { AccountDatabase } from "./accounts.ts";

describe("accounts", () => {
  const texts = {
    passwd: "root:x:0:0:root:/root:/bin/bash\n# comment\nweb:x:33:34:web,,,:/var/www:/bin/false\n1000:x:7:8::/:\n",
    group: "root:x:0:\nadm:x:4:web\nwebgroup:x:34:\n",
  };
  const database: AccountDatabase = (name, key) => findEntry(texts[name], key);

  test.each([
    { user: "web", group: undefined, account: { uid: 33, gid: 34, name: "web" } },
    { user: "web", group: "adm", account: { uid: 33, gid: 4, name: "web" } },
    { user: "33", group: undefined, account: { uid: 33, gid: 34, name: "web" } },
    { user: "web", group: "77", account: { uid: 33, gid: 77, name: "web" } },
    { user: "1000", group: undefined, account: { uid: 7, gid: 8, name: "1000" } },
    { user: "555", group: "4", account: { uid: 555, gid: 4, name: "555" } },
  ])("user $user, group $group: $account", ({ user, group, account }) => {
    expect(findAccount(user, group, database)).toEqual({ ok: true, value: account });
  });

  test.each([
    { user: "nobody-here", group: undefined, operation: 'find the user "nobody-here"' },
    { user: "555", group: undefined, operation: 'find the user "555"' },
    { user: "web", group: "nobody-here", operation: 'find the group "nobody-here"' },
    { user: "4294967295", group: "4", operation: 'find the user "4294967295"' },
    { user: "", group: undefined, operation: 'find the user ""' },
    { user: "web:x", group: undefined, operation: 'find the user "web:x"' },
  ])("user $user, group $group: ENOENT", ({ user, group, operation }) => {
    expect(findAccount(user, group, database)).toMatchObject({ ok: false, error: { operation, errno: "ENOENT" } });
  });

  test("further groups: those that name the user, without its own, each once; of nobody: none", () => {
    const group = "root:x:0:web\nadm:x:4:other,web\nwebgroup:x:34:web\nagain:x:4:web\nnone:x:9:\nother:x:10:webx\n";
    expect(findFurtherGroups("web", 34, group)).toEqual([0, 4]);
    expect(findFurtherGroups("holdfast-no-such-user", 34, group)).toEqual([]);
  });

  test("this system's accounts: root is there, and a name that only getent could know is not", () => {
    expect(findAccount("root", undefined)).toEqual({ ok: true, value: { uid: 0, gid: 0, name: "root" } });
    expect(findAccount("--version", undefined)).toMatchObject({ ok: false });
    expect(findAccount("holdfast-no-such-user", undefined)).toMatchObject({ ok: false, error: { errno: "ENOENT" } });
  });
});

test("findAccount, numbers that no local file has: taken as they are, without asking anybody", () => {
  const account = { uid: 424_242, gid: 434_343, name: "424242" };
  expect(findAccount("424242", "434343", localDatabase)).toEqual({ ok: true, value: account });
});
