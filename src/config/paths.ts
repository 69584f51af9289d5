/** The folder part of a path: "." where it has none. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/** `path` as seen from `folder`, without "." and without doubled slashes. Absolute paths stay what they are. */
export function resolveFrom(folder: string, path: string): string {
  return normalize(path.startsWith("/") || folder === "." ? path : `${folder}/${path}`);
}

/**
 * Removes "." and doubled slashes, and ".." together with the folder before it. Symbolic links are not looked at, so the
 * result is good for names and comparisons, not for security.
 */
function normalize(path: string): string {
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !absolute) parts.push(part);
  }
  const joined = parts.join("/");
  if (absolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}
