import { request } from "node:http";

/** What became of a request to the daemon. */
export type ControlAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly document: Readonly<Record<string, unknown>> }
  /** No socket, or nobody behind it. */
  | { readonly kind: "not-running" }
  | { readonly kind: "no-permission" }
  /** It did not answer in time, or not in JSON; the words say which. */
  | { readonly kind: "no-answer"; readonly why: string };

/** Asks the daemon at a control socket, and waits for `CONTROL_LIMIT_MS` at most. Never rejects. */
export async function askDaemon(socketPath: string, method: "GET" | "POST", path: string): Promise<ControlAnswer> {
  return await new Promise((resolve) => {
    const asked = request({ socketPath, method, path, signal: AbortSignal.timeout(CONTROL_LIMIT_MS) }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", (error) => resolve({ kind: "no-answer", why: error.message }));
      response.on("end", () => resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(chunks).toString("utf8"))));
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(readError(error)));
    asked.end();
  });
}

/** The sentence for standard error about an answer that is none. */
export function describeNoAnswer(answer: Exclude<ControlAnswer, { kind: "answered" }>, socketPath: string): string {
  switch (answer.kind) {
    case "not-running":
      return `Holdfast is not running here: nobody listens at ${socketPath}`;
    case "no-permission":
      return `No permission to open ${socketPath}: run this command as root`;
    case "no-answer":
      return `Holdfast does not answer at ${socketPath}: ${answer.why}`;
  }
}

function readAnswer(status: number, text: string): ControlAnswer {
  try {
    const document: unknown = JSON.parse(text);
    if (isRecord(document)) return { kind: "answered", status, document };
  } catch {
    // Said below.
  }
  return { kind: "no-answer", why: "what it says is not understood; is it another version?" };
}

function readError(error: NodeJS.ErrnoException): ControlAnswer {
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
      return { kind: "not-running" };
    case "EACCES":
    case "EPERM":
      return { kind: "no-permission" };
    case "ABORT_ERR":
    case "TIMEOUT_ERR":
      return { kind: "no-answer", why: `nothing came within ${CONTROL_LIMIT_MS / 1_000} s` };
    default:
      return { kind: "no-answer", why: error.message };
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const CONTROL_LIMIT_MS = 5_000;
