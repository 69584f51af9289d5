import { expect, test } from "vitest";
import { scriptUserOf } from "./script-user.ts";

// keepalived.conf(5), SCRIPTS.
test.each([
  [undefined, { user: "www", group: undefined }],
  ["web", { user: "www", group: "web" }],
  [":web", { user: "www", group: "web", wantsGroups: true }],
  [":", { user: "www", group: undefined, wantsGroups: true }],
])("the account www %s", (group, expected) => {
  expect(scriptUserOf("www", group)).toEqual(expected);
});
