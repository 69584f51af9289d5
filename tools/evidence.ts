// Rules about the tables of docs/rfc: each row names tests, which there are, or says in words that there is none. Their
// tests, and the one that applies them to this repository, are in evidence.test.ts.
import type { Complaint, TextFile } from "./tidy.ts";

/**
 * Lists every row that names no test and admits no gap, and every test named that is not there.
 *
 * A row is judged by its column `test`: `FILE "part of a title"`, or FILE alone for a scenario or a configuration, which
 * are one test each. FILE is so much of the end of a path that only one test has it, without what follows the first dot
 * of its name. What stands between the quotes has to be in one string of that file: of titles that are made from rows, the
 * part that is written there. `none: …` says why there is no test; a row whose status is `gap` or `n/a` says it in its column `why`.
 */
export function findUnproven(files: readonly TextFile[]): Complaint[] {
  const tests = files.filter(({ path }) => /\.test\.ts$|^test\/.*\.txt$/.test(path));
  return files
    .filter(({ path }) => /^docs\/rfc\/.*\.md$/.test(path))
    .flatMap(({ path, text }) =>
      rowsOf(text).flatMap(({ line, id, cells }) =>
        judge(cells, tests).map((fault) => ({ path, line, rule: "evidence", message: `${id}: ${fault}` })),
      ),
    );
}

interface Row {
  readonly line: number;
  readonly id: string;
  /** By the names of the columns. */
  readonly cells: ReadonlyMap<string, string>;
}

/** Rows of the tables whose first column is `id`. */
function rowsOf(text: string): Row[] {
  let columns: readonly string[] | undefined;
  return text.split("\n").flatMap((content, index) => {
    if (!content.startsWith("|")) {
      columns = undefined;
      return [];
    }
    const cells = content
      .replace(/^\||\|\s*$/g, "")
      .split("|")
      .map((cell) => cell.trim());
    if (columns === undefined) columns = cells;
    const [id = ""] = cells;
    if (columns[0] !== "id" || columns === cells || /^-+$/.test(id)) return [];
    return [{ line: index + 1, id, cells: new Map(columns.map((column, at) => [column, cells[at] ?? ""])) }];
  });
}

function judge(cells: ReadonlyMap<string, string>, tests: readonly TextFile[]): string[] {
  const evidence = cells.get("test");
  if (evidence === undefined) return ["its table has no column `test`."];
  const status = cells.get("status");
  if (status !== undefined && !STATUS.test(status)) return [`"${status}" is no status.`];
  if (evidence === "") {
    const isAdmitted = /^(gap|n\/a)$/.test(status ?? "") && cells.get("why") !== "";
    return isAdmitted ? [] : ["names no test. Name one, or say why there is none: `none: …`."];
  }
  const [named = ""] = evidence.split(/(?:^|; )none: (?=\S)/);
  const rest = named.replace(REFERENCE, "");
  if (rest !== "") return [`"${rest}" cannot be read.`];
  return [...named.matchAll(REFERENCE)].flatMap(([, file = "", title]) => faultOf(file, title, tests));
}

function faultOf(file: string, title: string | undefined, tests: readonly TextFile[]): string[] {
  const found = tests.filter(({ path }) => `/${path}`.replace(/\.[^/]*$/, "").endsWith(`/${file}`));
  const [only] = found;
  if (only === undefined) return [`there is no test ${file}.`];
  if (found.length > 1) return [`${file} may be ${found.map(({ path }) => path).join(" or ")}.`];
  if (only.path.endsWith(".txt")) return title === undefined ? [] : [`${file} is one test: it has no titles.`];
  if (title === undefined) return [`${file} has many tests. Name one.`];
  return stringsOf(only.text).some((words) => words.includes(title)) ? [] : [`${file} has no test "${title}".`];
}

/** What stands between quotes of any kind, outside of comments. */
function stringsOf(source: string): string[] {
  const tokens = source.matchAll(/\/\/.*|\/\*[^]*?\*\/|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...tokens].map(([, double, back]) => (double ?? back ?? "").replace(/\\(.)/g, "$1"));
}

const STATUS = /^(kept|differs|gap|n\/a)$/;
const REFERENCE = /(?:; |, |^)(?:not: )?([\w./-]+)(?: "([^"]+)")?(?=; |, |$)/g;
