import { lstatSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** One entry of one folder that decides what stands at a path. */
export interface PathStep {
  /** Absolute; no part of it is a symbolic link. */
  readonly folder: string;
  readonly name: string;
  /** The entry is the file itself, or would be. */
  readonly isFile: boolean;
}

/**
 * Follows a path to its end, or to where nothing is, through symbolic links. The answer is every entry that was looked
 * at: as long as none of them changes, the path leads to the same file, or to none.
 */
export function followPath(path: string): readonly PathStep[] {
  const steps: PathStep[] = [];
  const rest = partsOf(resolve(path));
  let folder = "/";
  for (let links = 0; rest.length > 0;) {
    const name = rest.shift() ?? "";
    if (name === "..") {
      folder = dirname(folder);
      continue;
    }
    const here = join(folder, name);
    const kind = kindOf(here);
    steps.push({ folder, name, isFile: rest.length === 0 && kind.is !== "link" });
    if (kind.is === "folder") folder = here;
    else if (kind.is === "link" && (links += 1) <= MOST_LINKS) {
      rest.unshift(...partsOf(kind.target));
      if (kind.target.startsWith("/")) folder = "/";
    } else break;
  }
  return steps;
}

type Kind = { readonly is: "folder" | "other" | "nothing" } | { readonly is: "link"; readonly target: string };

function kindOf(path: string): Kind {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return { is: "link", target: readlinkSync(path) };
    return { is: stat.isDirectory() ? "folder" : "other" };
  } catch {
    // Not there, not to be looked at, or just replaced: the watch on its folder tells when that changes.
    return { is: "nothing" };
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

/** As many as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;
