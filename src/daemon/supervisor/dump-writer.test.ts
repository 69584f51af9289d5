import { expect, test } from "vitest";
import { fail, succeed } from "../../base/result.ts";
import type { DumpSettings } from "../../config/model/daemon.ts";
import { openDumpWriter } from "./dump-writer.ts";

const PLAIN: DumpSettings = {
  stateFile: undefined,
  statsFile: undefined,
  jsonFile: undefined,
  jsonVersion: 1,
  name: undefined,
};

// keepalived.conf(5): data_use_instance, state_file_location. Where the name stands: seen of 2.2.7.
test.each([
  [{}, ["/dumps/keepalived.data", "/dumps/keepalived_bfd.data", "/dumps/keepalived.stats", "/dumps/keepalived.json"]],
  [
    { name: "blue" },
    [
      "/dumps/keepalived.blue.data",
      "/dumps/keepalived_bfd.blue.data",
      "/dumps/keepalived.blue.stats",
      "/dumps/keepalived.blue.json",
    ],
  ],
  [
    { stateFile: "/run/x/", statsFile: "/run/y/" },
    ["/run/x/keepalived.data", "/run/x/keepalived_bfd.data", "/run/y/keepalived.stats", "/dumps/keepalived.json"],
  ],
  [
    { stateFile: "/run/my.state", statsFile: "here", jsonFile: "/run/.d/j", name: "blue" },
    ["/run/my.blue.state", "/run/my_bfd.blue.state", "/dumps/here.blue", "/run/.d/j.blue"],
  ],
  [
    { stateFile: "/run/.state" },
    ["/run/.state", "/run/.state_bfd", "/dumps/keepalived.stats", "/dumps/keepalived.json"],
  ],
])("the files of dumps with %j", (settings, expected) => {
  const written: string[] = [];
  const writer = openDumpWriter(
    { directory: "/dumps", pid: 1 },
    {
      log: { write: () => {} },
      files: {
        facts: () => fail({ operation: "look", errno: "ENOENT", message: "No such file or directory" }),
        replace: (path) => (written.push(path), succeed(undefined)),
      },
    },
  );
  for (const subject of ["data", "bfd", "stats", "json"] as const) writer.write(subject, "", { ...PLAIN, ...settings });
  expect(written).toEqual(expected);
});
