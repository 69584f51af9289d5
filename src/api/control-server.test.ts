import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StatusDocument } from "./contract.ts";
import type { ControlReload, ControlServer } from "./control-server.ts";
import { openControlServer } from "./control-server.ts";

let folder = "";
let path = "";
let servers: ControlServer[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hf-ctl-"));
  path = join(folder, "holdfast.sock");
});
afterEach(() => {
  for (const server of servers) server.close();
  servers = [];
  rmSync(folder, { recursive: true });
});

describe("control socket", () => {
  test("GET /v1/status: the document, from a socket that only its owner may open", async () => {
    open();
    expect(await ask("GET", "/v1/status")).toEqual({ status: 200, document: STATUS });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    [{ kind: "accepted" }, 200, { version: 1, accepted: true, reasons: [] }],
    [{ kind: "refused", reasons: ["no vrid"] }, 409, { version: 1, accepted: false, reasons: ["no vrid"] }],
    [{ kind: "stopping" }, 503, { version: 1, code: "STOPPING", message: "The daemon is stopping" }],
  ] as const)("POST /v1/reload, %j: %i", async (outcome, status, document) => {
    open(outcome);
    expect(await ask("POST", "/v1/reload")).toEqual({ status, document });
  });

  test("POST /v1/reload: force only where it is asked for", async () => {
    const forced: boolean[] = [];
    open({ kind: "accepted" }, (force) => forced.push(force));
    for (const query of ["", "?force=1", "?force=0", "?x=1&force=1"]) await ask("POST", `/v1/reload${query}`);
    expect(forced).toEqual([false, true, false, true]);
  });

  test.each([
    ["GET", "/v1/reload", 405, "WRONG_METHOD"],
    ["POST", "/v1/status", 405, "WRONG_METHOD"],
    ["GET", "/", 404, "NOT_FOUND"],
    ["GET", "//", 404, "NOT_FOUND"],
    ["GET", "/v1/status/x", 404, "NOT_FOUND"],
  ])("%s %s: %i %s", async (method, at, status, code) => {
    open();
    expect(await ask(method, at)).toMatchObject({ status, document: { code } });
  });

  test("rubbish instead of HTTP: the next one is served all the same", async () => {
    open();
    await new Promise<void>((resolve) => {
      const rude = request({
        socketPath: path,
        method: "GET",
        path: "/v1/status",
        headers: { "x-long": "x".repeat(99_999) },
      });
      rude.on("response", (response) => response.resume().on("end", resolve));
      rude.on("error", () => resolve());
      rude.end();
    });
    expect((await ask("GET", "/v1/status")).status).toBe(200);
  });

  test("closed: the socket is gone from its folder", async () => {
    const server = open();
    await ask("GET", "/v1/status");
    server.close();
    expect(existsSync(path)).toBe(false);
  });

  test("closed, and somebody is connected and says nothing: cut off", async () => {
    const server = open();
    const silent = connect(path);
    await new Promise((resolve) => silent.once("connect", resolve));
    await ask("GET", "/v1/status");
    const cut = new Promise((resolve) => silent.once("close", resolve));
    server.close();
    await cut;
  });

  test("a socket that somebody serves: left to them, and said", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(path, resolve));
    expect(await failure()).toBe(
      `Cannot open the control socket ${path}: another process serves it; \`holdfast status\` will not work`,
    );
    expect(existsSync(path)).toBe(true);
    await new Promise((resolve) => other.close(resolve));
  });

  test("a path that is too long for a socket: said", async () => {
    path = join(folder, "x".repeat(108));
    expect(await failure()).toContain("the path is longer than 107 bytes");
  });

  test("no such folder: said", async () => {
    path = join(folder, "none", "holdfast.sock");
    expect(await failure()).toContain("there is no such folder");
  });

  test("a plain file in the way: left alone, and said", async () => {
    writeFileSync(path, "keep");
    expect(await failure()).toContain("something that is no socket is there");
    expect(existsSync(path)).toBe(true);
  });
});

function open(
  outcome: ControlReload = { kind: "accepted" },
  onReload: (force: boolean) => void = () => {},
): ControlServer {
  const source = {
    status: (answer: (document: StatusDocument) => void) => answer(STATUS),
    reload: (force: boolean, answer: (outcome: ControlReload) => void) => {
      onReload(force);
      answer(outcome);
    },
    configuration: () => ({ version: 1 as const, configurationFile: "/etc/a.conf", configuration: { instances: [] } }),
  };
  const server = openControlServer(path, source, (sentence) => {
    throw new Error(sentence);
  });
  servers.push(server);
  return server;
}

async function failure(): Promise<string> {
  return await new Promise((resolve) => {
    servers.push(
      openControlServer(path, { status: () => {}, reload: () => {}, configuration: () => undefined }, resolve),
    );
  });
}

async function ask(method: string, at: string): Promise<{ status: number | undefined; document: unknown }> {
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, method, path: at }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode, document: JSON.parse(text) }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

const STATUS: StatusDocument = {
  version: 1,
  daemon: {
    pid: 1,
    holdfast: "0.1.0",
    startedAt: "2026-11-20T10:00:00.000Z",
    configurationFile: "/etc/a.conf",
    configuredAt: "2026-11-20T10:00:00.000Z",
    refusedReload: null,
    processes: [],
    mail: null,
  },
  instances: [],
  bfd: [],
  groups: [],
  strangers: [],
  lastKnown: null,
};
