import { readFileSync, readdirSync, statSync } from "node:fs";
import type { Result } from "../base/result.ts";
import { fail, succeed } from "../base/result.ts";
import type { ConfigReader, ReadFailure } from "../config/reader.ts";
import { thrownFailure } from "../linux/file-failure.ts";

/** The files of this machine for the configuration language. */
export function openConfigReader(): ConfigReader {
  return {
    // A fifo or a device could hold up the daemon for ever, or never end.
    read: (path) =>
      attempt(() => {
        const facts = statSync(path);
        if (!facts.isFile()) throw Object.assign(new Error(notAFile(facts.isDirectory())), { code: "EINVAL" });
        return Uint8Array.from(readFileSync(path));
      }),
    list: (folder) => attempt(() => readdirSync(folder)),
    facts: (path) =>
      attempt(() => {
        const facts = statSync(path);
        const kind = facts.isFile() ? "file" : facts.isDirectory() ? "directory" : "other";
        return {
          kind,
          executable: (facts.mode & ANY_EXECUTE) !== 0,
          readableByOthers: (facts.mode & OTHERS_READ) !== 0,
        };
      }),
  };
}

function attempt<Value>(action: () => Value): Result<Value, ReadFailure> {
  try {
    return succeed(action());
  } catch (thrown) {
    const { errno, message } = thrownFailure("read", thrown);
    return fail({ errno, message });
  }
}

function notAFile(isDirectory: boolean): string {
  return `EINVAL: ${isDirectory ? "it is a directory" : "it is not a regular file"}`;
}

const ANY_EXECUTE = 0o111;
const OTHERS_READ = 0o044;
