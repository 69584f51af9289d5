import { readFileSync } from "node:fs";
import { CONTRACT_VERSION } from "../api/contract.ts";
import { CLIENT_EXIT } from "./exit-codes.ts";
import { readJournal } from "./read-journal.ts";
import { renderEvents } from "./render-events.ts";

export interface EventsRequest {
  readonly json: boolean;
  /** Only the last so many; undefined: all. */
  readonly number: number | undefined;
  /** The state directory. */
  readonly directory: string;
}

/** Shows the journal on standard output and tells the exit status. No journal means that nothing has happened. */
export function showEvents(options: EventsRequest): number {
  const texts: string[] = [];
  for (const name of JOURNAL_FILES) {
    const path = `${options.directory}/${name}`;
    try {
      texts.push(readFileSync(path, "utf8"));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT") continue;
      process.stderr.write(`Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}\n`);
      return code === "EACCES" ? CLIENT_EXIT.NO_PERMISSION : CLIENT_EXIT.NO_ANSWER;
    }
  }
  const all = readJournal(texts);
  const events = options.number === undefined ? all : all.slice(-options.number);
  if (options.json) process.stdout.write(`${JSON.stringify({ version: CONTRACT_VERSION, events }, undefined, 2)}\n`);
  else if (events.length > 0) process.stdout.write(renderEvents(events));
  else process.stderr.write(`Nothing has happened yet: there is no entry in ${options.directory}\n`);
  return CLIENT_EXIT.OK;
}

/** In the opposite direction to that in which entries move, so that none is missed while they do. */
const JOURNAL_FILES = ["journal.jsonl", "journal.1.jsonl"];
