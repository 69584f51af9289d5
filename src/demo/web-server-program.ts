/*
 * A small web server that stands in for nginx where that is missing, with as much of its command line as the demo's scripts
 * use: without arguments it reads its configuration and goes to the background, `-s reload` does nothing, since it reads
 * its page for every question. Arguments: configuration [-s reload].
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [, , configuration = "", word] = process.argv;

if (word === undefined) start();
else if (word === "serve") serve();

function start(): void {
  const settings = readSettings();
  if (settings === undefined) {
    process.stderr.write(`[emerg] unknown directive in ${configuration}\n`);
    process.exit(1);
  }
  const argv = [fileURLToPath(import.meta.url), configuration, "serve"];
  const server = spawn(process.execPath, argv, { detached: true, stdio: ["ignore", "ignore", "ignore", "ipc"] });
  server.once("message", () => process.exit(0));
  server.once("exit", () => process.exit(1));
}

function serve(): void {
  // The check script counts processes of this name.
  process.title = "nginx";
  const settings = readSettings();
  if (settings === undefined) process.exit(1);
  const server = createServer((_request, response) => {
    response.setHeader("Connection", "close");
    response.end(readFileSync(`${settings.root}/index.html`));
  });
  server.on("error", () => process.exit(1));
  server.listen(settings.port, () => {
    process.send?.("listening");
    process.disconnect();
  });
}

function readSettings(): { readonly port: number; readonly root: string } | undefined {
  const text = readFileSync(configuration, "utf8");
  const port = /^\s*listen (\d+);$/m.exec(text)?.[1];
  const root = /^\s*root (\S+);$/m.exec(text)?.[1];
  return port === undefined || root === undefined ? undefined : { port: Number(port), root };
}
