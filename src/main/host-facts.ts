import { dirname, isAbsolute, join } from "node:path";
import type { HostFacts, ProgramFacts, SecretFacts } from "../config/check-host.ts";
import { isPrivate } from "../daemon/mail/password.ts";
import type { FileFacts, Files } from "../ports/files.ts";
import type { Kernel } from "../ports/kernel.ts";
import { IFAPROT_HOLDFAST } from "../ports/kernel.ts";
import type { Processes } from "../ports/processes.ts";

export interface HostPorts {
  /** Undefined where the kernel cannot be asked: then nothing is said about interfaces and addresses. */
  readonly kernel: Kernel | undefined;
  readonly files: Files;
  /** A symbolic link itself; undefined where the path is none. */
  readonly readLink: (path: string) => LinkFacts | undefined;
  readonly processes: Pick<Processes, "findAccount">;
}

export interface LinkFacts {
  readonly target: string;
  /** Its owner. */
  readonly uid: number;
}

/** What this host knows at this moment; interfaces and addresses are read once, programs and accounts when asked about. */
export function readHostFacts(ports: HostPorts): HostFacts {
  const { files, kernel, processes } = ports;
  const interfaces = kernel?.interfaces();
  const names = interfaces?.ok === true ? new Set(interfaces.value.map(({ name }) => name)) : undefined;
  const addresses = kernel?.addresses();
  const own =
    addresses?.ok === true
      ? addresses.value.filter(({ protocol }) => !VRRP_DAEMONS.includes(protocol)).map(({ address }) => address)
      : [];
  return {
    interfaceExists: (name) => names?.has(name),
    ownAddresses: () => own,
    accountExists: (user, group) => {
      const account = processes.findAccount(user, group);
      if (account.ok) return true;
      return account.error.errno === "ENOENT" ? false : undefined;
    },
    program: (name) => judgeProgram(ports, name),
    scriptText: (path) => readScript(files, path),
    secret: (path) => judgeSecret(files, path),
  };
}

function judgeProgram({ files, readLink }: HostPorts, name: string): ProgramFacts {
  const found = files.findProgram(name);
  if (!found.ok) return { kind: "missing" };
  // Links are followed before anything is judged: /bin is one on most systems, and says nothing about who may write.
  const resolved = files.resolve(found.value);
  if (!resolved.ok) return resolved.error.errno === "ENOENT" ? { kind: "missing" } : { kind: "unknown" };
  const path = resolved.value;
  const facts = files.facts(path);
  if (!facts.ok) return { kind: "unknown" };
  const executable = facts.value.kind === "file" && (facts.value.mode & ANY_EXECUTE) !== 0;
  const because = insecureBecause(files, path, facts.value) ?? insecureLink(files, readLink, absolute(found.value));
  return { kind: "found", path, executable, insecureBecause: because };
}

function judgeSecret(files: Files, path: string): SecretFacts | undefined {
  const facts = files.facts(path);
  if (!facts.ok) return facts.error.errno === "ENOENT" ? "missing" : undefined;
  return isPrivate(facts.value) ? "private" : "readable-by-others";
}

/** A script may lack its first line; a binary has a NUL byte near its beginning. */
function readScript(files: Files, path: string): string | undefined {
  const facts = files.facts(path);
  if (!facts.ok || facts.value.kind !== "file" || (facts.value.mode & ANY_EXECUTE) === 0) return undefined;
  const read = files.read(path);
  if (!read.ok || read.value.subarray(0, BEGINNING).includes(0)) return undefined;
  return new TextDecoder().decode(read.value);
}

/**
 * keepalived's rule: the file and every folder above it belong to root, and nobody else may write to them. In a folder with
 * the sticky bit, such as /tmp, nobody else may replace what belongs to root.
 */
function insecureBecause(files: Files, path: string, own: FileFacts): string | undefined {
  for (let part = path, facts = own; ;) {
    const { gid, mode, uid } = facts;
    if (uid !== 0) return `"${part}" belongs to user ${uid}`;
    const sticky = facts.kind === "directory" && (mode & STICKY) !== 0;
    if (!sticky && (mode & OTHERS_WRITE) !== 0) return `"${part}" may be written by everybody`;
    if (!sticky && (mode & GROUP_WRITE) !== 0 && gid !== 0) return `"${part}" may be written by group ${gid}`;
    if (part === "/") return undefined;
    part = dirname(part);
    const above = files.facts(part);
    if (!above.ok) return `"${part}" cannot be looked at`;
    facts = above.value;
  }
}

/**
 * The program is run by the path as written, so whoever may replace a link on the way chooses what is run. Walks the path as
 * the kernel does; each link must be root's, and lie in a folder where nobody else may replace it.
 */
function insecureLink(files: Files, readLink: HostPorts["readLink"], written: string): string | undefined {
  const left = written.split("/");
  let at = "/";
  for (let followed = 0; left.length > 0 && followed <= MOST_LINKS;) {
    const path = join(at, left.shift() ?? "");
    const link = readLink(path);
    if (link === undefined) {
      at = path;
      continue;
    }
    followed += 1;
    if (link.uid !== 0) return `the link "${path}" belongs to user ${link.uid}`;
    const folder = files.facts(at);
    const because = folder.ok ? insecureBecause(files, at, folder.value) : `"${at}" cannot be looked at`;
    if (because !== undefined) return because;
    left.unshift(...link.target.split("/"));
    if (link.target.startsWith("/")) at = "/";
  }
  return undefined;
}

/** Not by `resolve`, for which a ".." behind a link leads elsewhere than for the kernel. */
function absolute(path: string): string {
  return isAbsolute(path) ? path : `${process.cwd()}/${path}`;
}

const ANY_EXECUTE = 0o111;
const BEGINNING = 512;
/** path_resolution(7): the kernel follows no more. */
const MOST_LINKS = 40;
const STICKY = 0o1000;
const GROUP_WRITE = 0o020;
const OTHERS_WRITE = 0o002;

/** Holdfast, and keepalived's RTPROT_KEEPALIVED of linux/rtnetlink.h. */
const VRRP_DAEMONS: readonly (number | undefined)[] = [IFAPROT_HOLDFAST, 18];
