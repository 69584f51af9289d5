/** A duration in words of two units at most: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `12 d 3 h`. */
export function describeDuration(ms: number): string {
  const shown = Math.max(0, ms);
  if (shown < 10_000) return `${(Math.floor(shown / 100) / 10).toFixed(1)} s`;
  const total = Math.floor(shown / 1_000);
  if (total < MINUTE) return `${total} s`;
  if (total < HOUR) return pair(Math.floor(total / MINUTE), "min", total % MINUTE, "s");
  if (total < DAY) return pair(Math.floor(total / HOUR), "h", Math.floor((total % HOUR) / MINUTE), "min");
  return pair(Math.floor(total / DAY), "d", Math.floor((total % DAY) / HOUR), "h");
}

/** A time of day in the local zone, in the order that sorts: `2026-11-20 10:42:05`. */
export function describeTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(two).join("-");
  return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function two(part: number): string {
  return String(part).padStart(2, "0");
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
