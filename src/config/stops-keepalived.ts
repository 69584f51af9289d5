/**
 * Finds a command in a shell script, or in a command line, that stops or restarts a program called keepalived: the way in
 * which many check scripts give the addresses away. It does not stop Holdfast, and often succeeds all the same.
 *
 * @returns the command as it is written; undefined where there is none. A comment is none, nor is a test with signal 0.
 */
export function findStopOfKeepalived(text: string): string | undefined {
  for (const line of text.split("\n")) {
    const code = line.replace(/(^|\s)#.*$/, "");
    for (const command of code.split(/;|&&|\|\||[|&`]/)) {
      const found = STOPS.map((pattern) => pattern.exec(command)?.[0]).find((match) => match !== undefined);
      if (found !== undefined && !/\s-(?:0|s\s*0)\b/.test(found)) return found.trim();
    }
  }
  return undefined;
}

const STOPS: readonly RegExp[] = [
  /\bsystemctl\s(?:.*\s)?(?:stop|kill|restart|try-restart)\s(?:.*\s)?keepalived\b(?:\.service)?/,
  /\b(?:rc-)?service\s+keepalived\s+(?:stop|restart)\b/,
  /\S*\binit\.d\/keepalived\s+(?:stop|restart)\b/,
  /\b(?:pkill|killall5?)\s(?:.*\s)?\S*keepalived\b/,
  /\bkill\s.*\bkeepalived\S*\.pid\b/,
  /\bkill\s.*\bpidof\s+(?:\S+\s+)*keepalived\b/,
];
