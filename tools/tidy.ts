// Rules about our own text that neither compiler, linter nor formatter knows. Their tests, and the one that applies them
// to this repository, are in tidy.test.ts.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface TextFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Complaint {
  readonly path: string;
  /** Counted from 1; 0 where it is about the file as a whole. */
  readonly line: number;
  readonly rule: string;
  /** What to do instead. */
  readonly message: string;
}

/**
 * Reads a working copy except what tools made in it (dependencies, output of the build, caches). Of files that are not
 * text the path alone counts; their text is empty.
 */
export function readProject(root: string, folder = ""): TextFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return MADE.has(entry.name) ? [] : readProject(root, path);
    if (!entry.isFile()) return [];
    return [{ path, text: TEXT.test(path) ? readFileSync(join(root, path), "utf8") : "" }];
  });
}

/** Lists everything untidy, in the order of files and lines. Knows nothing outside the files given. */
export function findUntidy(files: readonly TextFile[]): Complaint[] {
  const known = knownPaths(files);
  return files.flatMap((file) => [
    ...checkWords(file),
    ...checkLength(file),
    ...checkName(file),
    ...checkTitle(file),
    ...checkLinks(file, known),
    ...checkLockFile(file),
  ]);
}

function checkWords(file: TextFile): Complaint[] {
  const rules = WORDS.filter(({ where }) => where(file.path));
  return linesOf(file.text).flatMap((text, index) =>
    rules
      .filter(({ pattern }) => pattern.test(text))
      .map(({ rule, message }) => ({ path: file.path, line: index + 1, rule, message })),
  );
}

function checkLength({ path, text }: TextFile): Complaint[] {
  const length = linesOf(text).length;
  if (!isSource(path) || length <= MAX_LINES || /\/\/ Over 400 lines: \S+/.test(text)) return [];
  const message = `${length} lines. Divide it, or say why not in a line "// Over 400 lines: …".`;
  return [{ path, line: 0, rule: "long-file", message }];
}

function checkName({ path }: TextFile): Complaint[] {
  if (!isSource(path)) return [];
  const name = posix.basename(path).replace(/(\.(test|config|d))?\.(ts|mjs)$/, "");
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    return [{ path, line: 0, rule: "file-name", message: "File names are kebab-case." }];
  }
  if (!VAGUE.has(name)) return [];
  return [{ path, line: 0, rule: "file-name", message: `"${name}" says nothing. Name the noun or verb inside.` }];
}

function checkTitle({ path, text }: TextFile): Complaint[] {
  if (!path.endsWith(".md")) return [];
  const titles = proseLines(text).filter(({ text: line }) => /^# \S/.test(line));
  if (titles.length === 1) return [];
  return [
    { path, line: 0, rule: "one-title", message: `A document has one title ("# …"); this one has ${titles.length}.` },
  ];
}

function checkLinks({ path, text }: TextFile, known: ReadonlySet<string>): Complaint[] {
  if (!path.endsWith(".md")) return [];
  return proseLines(text).flatMap(({ line, text: prose }) =>
    [...prose.matchAll(/\]\(<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*<?([^\s>]+)/g)]
      .map((match) => match[1] ?? match[2] ?? "")
      .filter((link) => !/^[a-z][a-z0-9+.-]*:|^#/i.test(link))
      .filter((link) => !known.has(targetOf(path, link)))
      .map((link) => ({ path, line, rule: "dead-link", message: `"${link}" leads nowhere.` })),
  );
}

function checkLockFile({ path, text }: TextFile): Complaint[] {
  if (posix.basename(path) !== "package-lock.json") return [];
  return linesOf(text).flatMap((line, index) =>
    /"resolved":\s*"(https?|git)/.test(line)
      ? [
          {
            path,
            line: index + 1,
            rule: "lock-without-hosts",
            message: "No hosts in the lock file: npm config set omit-lockfile-registry-resolved true.",
          },
        ]
      : [],
  );
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

/** Lines of a document outside fenced code, with code spans blanked out. */
function proseLines(text: string): { readonly line: number; readonly text: string }[] {
  let fence: string | undefined;
  return linesOf(text).flatMap((line, index) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
      return [];
    }
    return fence === undefined ? [{ line: index + 1, text: line.replace(/`[^`]*`/g, "") }] : [];
  });
}

function knownPaths(files: readonly TextFile[]): ReadonlySet<string> {
  const known = new Set(["."]);
  for (const { path } of files) {
    for (let at = path; at !== "."; at = posix.dirname(at)) known.add(at);
  }
  return known;
}

function targetOf(path: string, link: string): string {
  const file = decodeURIComponent(link.replace(/[?#].*$/, ""));
  const joined = file.startsWith("/") ? file.slice(1) : posix.join(posix.dirname(path), file);
  return posix.normalize(joined).replace(/(.)\/$/, "$1");
}

function isSource(path: string): boolean {
  return /^(src|test|tools|bench|soak|web)\/.*\.(ts|tsx|mjs)$/.test(path);
}

function isProduct(path: string): boolean {
  return /^src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts");
}

function isOurs(path: string): boolean {
  // These two hold the patterns and the examples; vectors are what others wrote.
  return !/^tools\/tidy(\.test)?\.ts$|^test\/vectors\/|package-lock\.json$/.test(path);
}

const MAX_LINES = 400;
const TEXT = /\.(ts|mjs|js|json|jsonc|md|conf|txt|sh|html|css|ya?ml)$|^bin\/|^\.ci\//;
const MADE = new Set(["node_modules", "dist", ".git", ".cache", "coverage"]);
const VAGUE = new Set(["index", "utils", "util", "helpers", "helper", "common", "types", "manager", "misc"]);

const WORDS: readonly {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly where: (path: string) => boolean;
  readonly message: string;
}[] = [
  {
    rule: "unfinished",
    pattern: /\b(TODO|FIXME|XXX)\b|not implemented/,
    where: isOurs,
    message: "Finish it, or admit the gap in docs/rfc or an issue.",
  },
  {
    rule: "timer-outside-linux",
    pattern: /\bset(Timeout|Interval|Immediate)\b/,
    where: (path) => isProduct(path) && !/^src\/(linux|lab|api|main|demo)\//.test(path),
    message:
      "Time belongs to the port Clock. What is never simulated (linux, api, main, lab, demo) may keep timers of Node.",
  },
  {
    rule: "console",
    pattern: /\bconsole\./,
    where: (path) => isProduct(path) && !/^src\/(main|cli|demo)\//.test(path),
    message: "Only main, cli and demo speak to a terminal. Use the port Log.",
  },
  {
    rule: "machine-path",
    pattern: /(?<![\w.$}~-])\/(work|farm|Users|home\/[a-z][\w-]*|root)\//,
    where: isOurs,
    message: "A path of somebody's machine.",
  },
  {
    rule: "exception-without-reason",
    pattern: /\/[/*]\s*(oxlint|eslint)-disable(?!.* -- \S)|@ts-expect-error\s*$/,
    where: isOurs,
    message: 'An exception says why: "oxlint-disable-next-line rule -- reason".',
  },
  {
    rule: "partial-run",
    pattern: /\b(test|it|describe)\.(skip|todo|only)\(/,
    where: (path) => path.endsWith(".test.ts") && isOurs(path),
    message: "A test runs or goes. What it cannot do without it says by needs() of test/require.ts.",
  },
];
