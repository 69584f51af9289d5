/** The state that the lines of a FIFO tell last, by `INSTANCE "name"` and `GROUP "name"`. */
export function lastTold(text: string): ReadonlyMap<string, string> {
  const told = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, who = "", what = ""] = /^(\w+ "[^"]*") (\w+) \d+$/.exec(line) ?? [];
    if (STATES.includes(what)) told.set(who, what);
  }
  return told;
}

const STATES: readonly string[] = ["MASTER", "BACKUP", "FAULT", "STOP"];
