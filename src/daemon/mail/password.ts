import { fail, succeed, type Result } from "../../base/result.ts";
import { describeFailure } from "../../ports/failure.ts";
import type { FileFacts, Files } from "../../ports/files.ts";
import { textFromBytes } from "../../wire/text.ts";

/** Whether nobody but root may read or change a file. Who may change its folder is not looked at. */
export function isPrivate(facts: FileFacts): boolean {
  return facts.kind === "file" && facts.uid === 0 && (facts.mode & OTHERS) === 0;
}

/** The first line of a file that is private. The error is one sentence, for a log. */
export function readPassword(files: Files, path: string): Result<string, string> {
  const facts = files.facts(path);
  if (!facts.ok) return fail(describeFailure(facts.error));
  if (!isPrivate(facts.value))
    return fail(`the password in ${path} is not used: others than root may read or change it`);
  const read = files.read(path);
  if (!read.ok) return fail(describeFailure(read.error));
  const [password = ""] = textFromBytes(read.value).split(/\r?\n/, 1);
  return password === "" ? fail(`there is no password in the first line of ${path}`) : succeed(password);
}

/** Permission bits of everybody but the owner. */
const OTHERS = 0o077;
