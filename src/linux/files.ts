import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { FileFacts, Files } from "../ports/files.ts";
import { thrownFailure } from "./file-failure.ts";

export interface LinuxFilesOptions {
  /** PATH: folders joined by colons, an empty one meaning the working directory. Undefined where there is none. */
  readonly searchPath: string | undefined;
}

export function openLinuxFiles(options: LinuxFilesOptions): Files {
  return {
    read: (path) => attempt(`read ${path}`, () => Uint8Array.from(readFileSync(path))),
    append: (path, text) =>
      attempt(`append to ${path}`, () => {
        createFolderOf(path);
        const fd = openSync(path, "a", OWNER_ONLY);
        try {
          appendWhole(fd, text);
        } finally {
          closeSync(fd);
        }
      }),
    replace: (path, text) => attempt(`write ${path}`, () => replace(path, text)),
    remove: (path) => attempt(`remove ${path}`, () => rmSync(path, { force: true })),
    facts: (path) => attempt(`look at ${path}`, () => facts(path)),
    resolve: (path) => attempt(`resolve ${path}`, () => realpathSync.native(path)),
    findProgram: (name) => findProgram(name, options.searchPath ?? DEFAULT_SEARCH_PATH),
  };
}

function attempt<Value>(operation: string, action: () => Value): Result<Value, SystemFailure> {
  try {
    return succeed(action());
  } catch (thrown) {
    return fail(thrownFailure(operation, thrown));
  }
}

/** A line that does not fit on the disk is taken back, so that no reader finds half of one. */
function appendWhole(fd: number, text: string): void {
  const before = fstatSync(fd);
  try {
    writeWhole(fd, text);
  } catch (thrown) {
    if (before.isFile()) ftruncateSync(fd, before.size);
    throw thrown;
  }
}

/** Never waits for the disk: nobody may who has adverts to send. After a power failure the file may be empty. */
function replace(path: string, text: string): void {
  createFolderOf(path);
  const temporary = `${path}.${process.pid}.new`;
  try {
    // One that a crashed run left behind must not lend its mode or its owner.
    rmSync(temporary, { force: true });
    const fd = openSync(temporary, "wx", OWNER_ONLY);
    try {
      writeWhole(fd, text);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}

function writeWhole(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

function createFolderOf(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
}

function facts(path: string): FileFacts {
  const stat = statSync(path);
  const kind = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other";
  return { kind, uid: stat.uid, gid: stat.gid, mode: stat.mode & 0o7777 };
}

/** @see execvp(3): a file that is there and may not be executed is remembered, and the search goes on. */
function findProgram(name: string, searchPath: string): Result<string, SystemFailure> {
  if (name.includes("/")) return succeed(name);
  const operation = `find the program ${name}`;
  let forbidden = false;
  for (const folder of name === "" ? [] : searchPath.split(":")) {
    const path = join(folder === "" ? "." : folder, name);
    const found = attempt(operation, () => {
      const isFile = statSync(path).isFile();
      accessSync(path, constants.X_OK);
      return isFile;
    });
    if (found.ok && found.value) return succeed(path);
    forbidden ||= !found.ok && found.error.errno === "EACCES";
  }
  return fail(
    forbidden
      ? { operation, errno: "EACCES", message: "Permission denied" }
      : { operation, errno: "ENOENT", message: "No such file or directory" },
  );
}

const OWNER_ONLY = 0o600;
/** What execvp(3) searches where PATH is not set. */
const DEFAULT_SEARCH_PATH = "/bin:/usr/bin";
