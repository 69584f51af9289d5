import { readFileSync } from "node:fs";
import { run } from "../lab/program.ts";

/** How this process may get namespaces. */
export type Privileges =
  | { readonly kind: "own" }
  /** In a user namespace, where it is root. */
  | { readonly kind: "user-namespace" }
  | { readonly kind: "none"; readonly refusal: string };

/** Tries out what this process may do. Nothing stays of the attempt. */
export async function findPrivileges(): Promise<Privileges> {
  if (process.geteuid?.() === 0 && (await isAllowed([])).kind === "allowed") return { kind: "own" };
  const attempt = await isAllowed(["--user", "--map-root-user"]);
  return attempt.kind === "allowed" ? { kind: "user-namespace" } : { kind: "none", refusal: attempt.words };
}

/** Says what whoever may not make namespaces can do about it, one line each. */
export function describeRemedies(refusal: string): string[] {
  const isRoot = process.geteuid?.() === 0;
  const remedies = REMEDIES.flatMap(({ setting, wrong, remedy }) => (wrong(readSetting(setting)) ? [remedy] : []));
  return [
    `The demo lives in namespaces, and ${isRoot ? "this root" : "this user"} may not make any: ${refusal}`,
    ...(isRoot ? [] : ["  Run it as root: sudo npm run demo"]),
    ...remedies.map((remedy) => `  ${isRoot ? "" : "or "}let users make them: ${remedy}`),
    "  In a container: start that with --privileged, or run the demo outside of it.",
  ];
}

/** The words that run the rest of a command in a user namespace, with a /run that `ip netns` may write to. */
export function userNamespaceEntrance(): string[] {
  const script = 'mount -t tmpfs -o mode=755 tmpfs /run && exec "$@"';
  return ["unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, "sh"];
}

async function isAllowed(
  userOptions: readonly string[],
): Promise<{ readonly kind: "allowed" } | { readonly kind: "refused"; readonly words: string }> {
  const kinds = ["--net", "--mount", "--uts", "--pid", "--fork", "--mount-proc"];
  const { end, stderr } = await run(["unshare", ...userOptions, ...kinds, "true"]);
  if (end.kind === "exited" && end.status === 0) return { kind: "allowed" };
  return { kind: "refused", words: stderr.trim().split("\n").at(-1) ?? "" };
}

function readSetting(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined; // Not every kernel has every setting.
  }
}

const REMEDIES: readonly {
  readonly setting: string;
  readonly wrong: (value: string | undefined) => boolean;
  readonly remedy: string;
}[] = [
  {
    setting: "/proc/sys/kernel/unprivileged_userns_clone",
    wrong: (value) => value === "0",
    remedy: "sysctl -w kernel.unprivileged_userns_clone=1",
  },
  {
    setting: "/proc/sys/user/max_user_namespaces",
    wrong: (value) => value === "0",
    remedy: "sysctl -w user.max_user_namespaces=10000",
  },
  {
    setting: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    wrong: (value) => value === "1",
    remedy: "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
  },
];
