import type { Result } from "../base/result.ts";

/** Why a file or folder cannot be read. */
export interface ReadFailure {
  /** The kernel's name of the error: ENOENT, EACCES. */
  readonly errno: string;
  /** One sentence for people, without the path. */
  readonly message: string;
}

export interface ConfigFileFacts {
  readonly kind: "file" | "directory" | "other";
  /** Any of the three execute bits is set. keepalived refuses to include such files. */
  readonly executable: boolean;
  /** Its group, or everybody, may read it. Missing where that is not known. */
  readonly readableByOthers?: boolean;
}

/** The only way by which the configuration language reaches files. Symbolic links are followed. */
export interface ConfigReader {
  /** The whole content; the caller may keep it. */
  read(path: string): Result<Uint8Array, ReadFailure>;
  /** The names in a folder, dot files included, without "." and "..", in any order. */
  list(folder: string): Result<readonly string[], ReadFailure>;
  facts(path: string): Result<ConfigFileFacts, ReadFailure>;
}
