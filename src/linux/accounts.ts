import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type { Account } from "../ports/processes.ts";

/** Where names of users and groups are looked up: one line of passwd(5) or group(5), or undefined. */
export type AccountDatabase = (database: "passwd" | "group", key: string) => string | undefined;

/**
 * Looks a user up by name or number, and a group likewise; without one the user's own group.
 *
 * @throws nothing; a name that nobody has is ENOENT.
 * @see passwd(5), group(5).
 */
export function findAccount(
  user: string,
  group: string | undefined,
  database: AccountDatabase = systemDatabase,
): Result<Account, SystemFailure> {
  const entry = database("passwd", user)?.split(":");
  const uid = parseId(entry?.[2] ?? user);
  if (uid === undefined) return fail(unknown("user", user));
  const name = entry?.[0] ?? user;
  if (group === undefined) {
    const own = parseId(entry?.[3] ?? "");
    return own === undefined ? fail(unknown("user", user)) : succeed({ uid, gid: own, name });
  }
  const gid = parseId(database("group", group)?.split(":")[2] ?? group);
  return gid === undefined ? fail(unknown("group", group)) : succeed({ uid, gid, name });
}

/**
 * The groups of a user beside its own: those of this host's files, else those that the name service knows, for which it waits
 * five seconds at the most.
 *
 * @see group(5), getent(1): initgroups.
 */
export function findFurtherGroups(user: string, own: number, text = readText("/etc/group")): readonly number[] {
  const lines = text.split("\n").map((line) => line.split(":"));
  const local = lines.filter(([, , , members]) => members?.split(",").includes(user)).map(([, , id]) => id ?? "");
  const known = local.length > 0 ? local : (askNameService("initgroups", user)?.split(/\s+/).slice(1) ?? []);
  const ids = known.map(parseId).filter((id) => id !== undefined && id !== own);
  return [...new Set(ids)].flatMap((id) => id ?? []);
}

/** Finds the line of a key in the text of passwd(5) or group(5): by name, else by number. */
export function findEntry(text: string, key: string): string | undefined {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return lines.find((line) => line.split(":")[0] === key) ?? lines.find((line) => line.split(":")[2] === key);
}

/** The files of this host and nobody else, so that it never waits. */
export function localDatabase(database: "passwd" | "group", key: string): string | undefined {
  return findEntry(readText(`/etc/${database}`), key);
}

function systemDatabase(database: "passwd" | "group", key: string): string | undefined {
  return localDatabase(database, key) ?? askNameService(database, key);
}

/** Directories that only the C library's name service knows (sssd, LDAP). Waits for it, five seconds at the most. */
function askNameService(database: string, key: string): string | undefined {
  // getent reads a key that looks like an option as one.
  if (key.startsWith("-") || key.includes("\0") || key === "") return undefined;
  const asked = spawnSync("getent", [database, key], {
    encoding: "utf8",
    timeout: 5_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const line = asked.status === 0 ? asked.stdout.split("\n")[0] : undefined;
  return line === "" ? undefined : line;
}

function parseId(text: string): number | undefined {
  if (!/^[0-9]{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  // 2^32 - 1 means "leave it as it is" to setuid's relatives.
  return id < 0xffff_ffff ? id : undefined;
}

function unknown(what: string, name: string): SystemFailure {
  return { operation: `find the ${what} ${JSON.stringify(name)}`, errno: "ENOENT", message: `No such ${what}` };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
