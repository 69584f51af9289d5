import {
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DumpSettings } from "../config/model/daemon.ts";
import { dumpDirectory, openDumpWriter, type DumpWriter } from "../daemon/supervisor/dump-writer.ts";
import { openLinuxFiles } from "../linux/files.ts";

let folder: string;
let told: string[];
let writer: DumpWriter;

const DEFAULTS: DumpSettings = {
  stateFile: undefined,
  statsFile: undefined,
  jsonFile: undefined,
  jsonVersion: 1,
  name: undefined,
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hf-dump-"));
  told = [];
  writer = openDumpWriter(
    { directory: folder, pid: 7 },
    {
      files: openLinuxFiles({ searchPath: undefined }),
      log: { write: (level, text) => void told.push(`${level} ${text}`) },
    },
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("files of dumps", () => {
  test("names of keepalived's, for the owner alone", () => {
    writer.write("data", "d", DEFAULTS);
    writer.write("stats", "s", DEFAULTS);
    writer.write("json", "j", DEFAULTS);
    const read = ["data", "stats", "json"].map((kind) => readFileSync(join(folder, `keepalived.${kind}`), "utf8"));
    expect(read).toEqual(["d", "s", "j"]);
    expect(statSync(join(folder, "keepalived.json")).mode & 0o777).toBe(0o600);
  });

  test("a file that is named in the configuration, with a folder or without", () => {
    writer.write("json", "j", { ...DEFAULTS, jsonFile: join(folder, "deeper", "my.json") });
    writer.write("stats", "s", { ...DEFAULTS, statsFile: "my.stats" });
    expect(readFileSync(join(folder, "deeper", "my.json"), "utf8")).toBe("j");
    expect(readFileSync(join(folder, "my.stats"), "utf8")).toBe("s");
  });

  test("somebody put a symbolic link there, to a file that matters: the link goes, the file stays as it is", () => {
    const precious = join(folder, "precious");
    writeFileSync(precious, "as it was");
    symlinkSync(precious, join(folder, "keepalived.data"));
    writer.write("data", "d", DEFAULTS);
    expect(readFileSync(precious, "utf8")).toBe("as it was");
    expect(lstatSync(join(folder, "keepalived.data")).isFile()).toBe(true);
  });

  test("a link to a device: left alone, and said", () => {
    symlinkSync("/dev/null", join(folder, "keepalived.data"));
    writer.write("data", "d", DEFAULTS);
    expect(readlinkSync(join(folder, "keepalived.data"))).toBe("/dev/null");
    expect(told).toEqual([`error Cannot write ${folder}/keepalived.data: what is there is no file`]);
  });

  test("a folder that is a file: said, and nothing else", () => {
    writeFileSync(join(folder, "full"), "");
    writer.write("data", "d", { ...DEFAULTS, stateFile: join(folder, "full", "x") });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^error Cannot write .*full\/x/);
  });

  test.each([
    [{}, "/tmp"],
    [{ TMPDIR: "/var/tmp/" }, "/var/tmp"],
    [{ TMPDIR: "relative" }, "/tmp"],
    [{ TMPDIR: "/a", KA_TMP_DIR: "/b" }, "/b"],
    [{ TMPDIR: "/" }, "/"],
  ])("the environment %o: %s", (environment, expected) => {
    expect(dumpDirectory(environment)).toBe(expected);
  });
});
