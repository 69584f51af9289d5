import { chmodSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { dirname } from "node:path";
import type { ConfigurationDocument, ErrorDocument, ReloadDocument, StatusDocument } from "./contract.ts";

/** What the control socket shows and asks for. */
export interface ControlSource {
  status(answer: (document: StatusDocument) => void): void;
  reload(force: boolean, answer: (outcome: ControlReload) => void): void;
  /** Undefined while nothing is in force yet. */
  configuration(): ConfigurationDocument | undefined;
}

export type ControlReload =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly reasons: readonly string[] }
  | { readonly kind: "stopping" };

export interface ControlServer {
  /** Closes the socket with its connections, and removes it from its folder, at once. */
  close(): void;
}

/**
 * Serves the control socket: HTTP/1.1 over a unix socket that only its owner may open (mode 0600).
 *
 * `GET /v1/status` answers a StatusDocument, `GET /v1/configuration` a ConfigurationDocument; `POST /v1/reload`, with `?force=1` where errors shall be overruled, a
 * ReloadDocument; everything else an ErrorDocument.
 *
 * A socket left behind by a dead process is replaced, one that somebody serves is not. `onFailure` comes with one
 * sentence when nothing can be served, in a later turn; nothing else happens then.
 */
export function openControlServer(
  path: string,
  source: ControlSource,
  onFailure: (sentence: string) => void,
): ControlServer {
  let http: Promise<HttpServer> | undefined;
  let open = true;
  const connections = new Set<Socket>();
  const serve = (socket: Socket): void => {
    // A server of node:http that does not listen itself neither counts its connections nor limits them.
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
    socket.on("error", () => {});
    socket.setTimeout(IDLE_LIMIT_MS, () => socket.destroy());
    // node:http costs 3 MB and some milliseconds, so it is loaded by the first who asks.
    http ??= createHttp(source);
    http.then(
      (server) => server.emit("connection", socket),
      () => socket.destroy(),
    );
  };
  const server = createServer({ pauseOnConnect: false }, serve);

  const refuse = (why: string): void => {
    if (open) onFailure(`Cannot open the control socket ${path}: ${why}; \`holdfast status\` will not work`);
  };
  let replaced = false;
  server.on("error", (error: NodeJS.ErrnoException) => {
    // libuv says EACCES where the folder is missing.
    if (!existsSync(dirname(path))) return refuse("there is no such folder");
    if (error.code !== "EADDRINUSE" || replaced) return refuse(error.message);
    // Connecting to a plain file is refused too, and a file is somebody's.
    if (!isSocket(path)) return refuse("something that is no socket is there");
    replaced = true;
    whenDead(path, (dead) => {
      if (!open) return;
      if (!dead) return refuse("another process serves it");
      removeQuietly(path);
      listen(server, path);
    });
  });
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    setImmediate(() => refuse(`the path is longer than ${LONGEST_PATH} bytes`));
  } else listen(server, path);

  return {
    close() {
      open = false;
      server.close();
      for (const connection of connections) connection.destroy();
    },
  };
}

function listen(server: Server, path: string): void {
  // The socket is bound before listen() returns, so nobody finds it with wider permissions.
  const before = process.umask(0o177);
  try {
    server.listen(path, () => {
      try {
        chmodSync(path, 0o600);
      } catch {
        // Gone again already; the umask has done it anyway.
      }
    });
  } finally {
    process.umask(before);
  }
}

/** Tells whether nobody listens on a socket that is there. */
function whenDead(path: string, answer: (dead: boolean) => void): void {
  const probe = connect(path);
  probe.once("connect", () => {
    probe.destroy();
    answer(false);
  });
  probe.once("error", (error: NodeJS.ErrnoException) => answer(error.code === "ECONNREFUSED"));
}

async function createHttp(source: ControlSource): Promise<HttpServer> {
  const { createServer: createHttpServer } = await import("node:http");
  return createHttpServer((request, response) => route(source, request, response));
}

function route(source: ControlSource, request: IncomingMessage, response: ServerResponse): void {
  // Nobody needs a body here; one that is sent is thrown away.
  request.resume();
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  switch (path) {
    case "/v1/status":
      if (request.method !== "GET") return refuseMethod(response, "GET");
      return source.status((document) => answer(response, 200, document));
    case "/v1/configuration": {
      if (request.method !== "GET") return refuseMethod(response, "GET");
      const document = source.configuration();
      if (document === undefined) return answer(response, 404, error("NOT_FOUND", "Nothing is in force yet"));
      return answer(response, 200, document);
    }
    case "/v1/reload":
      if (request.method !== "POST") return refuseMethod(response, "POST");
      return source.reload(new URLSearchParams(query).get("force") === "1", (outcome) =>
        answerReload(response, outcome),
      );
    default:
      return answer(response, 404, error("NOT_FOUND", `There is nothing at ${path}`));
  }
}

function answerReload(response: ServerResponse, outcome: ControlReload): void {
  if (outcome.kind === "stopping") return answer(response, 503, error("STOPPING", "The daemon is stopping"));
  const accepted = outcome.kind === "accepted";
  const reasons = outcome.kind === "refused" ? outcome.reasons : [];
  answer(response, accepted ? 200 : 409, { version: 1, accepted, reasons });
}

function refuseMethod(response: ServerResponse, allowed: "GET" | "POST"): void {
  response.setHeader("Allow", allowed);
  answer(response, 405, error("WRONG_METHOD", `Ask with ${allowed}`));
}

function error(code: ErrorDocument["code"], message: string): ErrorDocument {
  return { version: 1, code, message };
}

function answer(
  response: ServerResponse,
  status: number,
  document: StatusDocument | ReloadDocument | ConfigurationDocument | ErrorDocument,
): void {
  if (response.destroyed) return;
  response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
  response.end(`${JSON.stringify(document)}\n`);
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== false;
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else was quicker; listening tells the rest.
  }
}

/** sun_path of unix(7) holds 108 bytes with the closing zero. */
const LONGEST_PATH = 107;

/** Far longer than any answer takes. */
const IDLE_LIMIT_MS = 60_000;
