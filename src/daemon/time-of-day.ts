/** A time of day as documents show it: ISO 8601 in UTC with milliseconds, from milliseconds since 1970. */
export function timeOfDay(wallClockMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- it writes down an instant that it is given, and reads no clock
  return new Date(Math.round(wallClockMs)).toISOString();
}
