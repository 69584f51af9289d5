import type { Result } from "../base/result.ts";
import type { SystemFailure } from "./failure.ts";

export interface FileFacts {
  readonly kind: "file" | "directory" | "other";
  readonly uid: number;
  readonly gid: number;
  /** The permission bits, 0-07777. */
  readonly mode: number;
}

/** The few files that the drivers touch. Calls are answered at once; the files are small and local. */
export interface Files {
  read(path: string): Result<Uint8Array, SystemFailure>;
  /** Appends whole lines; creates the file, mode 0600, and its folder. The text ends in a newline. */
  append(path: string, text: string): Result<void, SystemFailure>;
  /** The file has either its old content or the new one, whatever becomes of this process meanwhile. Mode 0600. */
  replace(path: string, text: string): Result<void, SystemFailure>;
  /** Nothing happens if it is not there. */
  remove(path: string): Result<void, SystemFailure>;
  /** Follows symbolic links. */
  facts(path: string): Result<FileFacts, SystemFailure>;
  /** The absolute path without any symbolic link. */
  resolve(path: string): Result<string, SystemFailure>;
  /** Searches PATH for an executable, as execvp(3) does. A name with a slash is returned as it is. */
  findProgram(name: string): Result<string, SystemFailure>;
}
