/**
 * When a reload is due by the first line of a `reload_time_file`, in milliseconds since 1970: `HH:MM:SS`, or a date before it as
 * `YY-MM-DD` or `YYYY-MM-DD`, with a `Z` behind it for UTC, else in the time zone of this host. A time without a date is the next
 * such time. Undefined: it says nothing of the kind, or what it names is past.
 *
 * @see keepalived.conf(5), reload_time_file.
 */
export function reloadDueAt(text: string, nowMs: number): number | undefined {
  const match = FORMAT.exec(text.split("\n", 1)[0] ?? "");
  if (match === null) return undefined;
  const [, years, ...rest] = match;
  const [month, day, hour, minute, second] = rest.slice(0, 5).map(Number);
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const isUtc = match[7] === "Z";
  if (years !== undefined && month !== undefined && day !== undefined) {
    const year = years.length === 2 ? CENTURY + Number(years) : Number(years);
    const at = timeOf(isUtc, year, month - 1, day, hour, minute, second);
    const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
    return isDate && at > nowMs ? at : undefined;
  }
  const now = new Date(nowMs);
  const today = isUtc
    ? [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()]
    : [now.getFullYear(), now.getMonth(), now.getDate()];
  const [year = 0, index = 0, date = 1] = today;
  const at = timeOf(isUtc, year, index, date, hour, minute, second);
  return at > nowMs ? at : timeOf(isUtc, year, index, date + 1, hour, minute, second);
}

function timeOf(isUtc: boolean, ...parts: [number, number, number, number, number, number]): number {
  return isUtc ? Date.UTC(...parts) : new Date(...parts).getTime();
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

const FORMAT = /^(?:(\d{2}|\d{4})-(\d{2})-(\d{2}) )?(\d{2}):(\d{2}):(\d{2})(Z?)$/;

const CENTURY = 2_000;
