import { beforeAll, describe, expect, test } from "vitest";
import { reloadDueAt } from "./reload-time.ts";

/** A Friday. */
const NOW = Date.parse("2026-11-20T15:00:00Z");

describe("reload_time_file (keepalived.conf(5))", () => {
  beforeAll(() => {
    process.env["TZ"] = "Europe/Berlin";
  });

  test.each([
    ["15:30:00Z", "2026-11-20T15:30:00Z"],
    ["15:00:00Z", "2026-11-21T15:00:00Z"],
    ["14:59:59Z\nmore", "2026-11-21T14:59:59Z"],
    // Berlin is an hour ahead in November.
    ["16:30:00", "2026-11-20T15:30:00Z"],
    ["26-12-01 02:03:04Z", "2026-12-01T02:03:04Z"],
    ["2026-12-01 02:03:04", "2026-12-01T01:03:04Z"],
    ["2028-02-29 00:00:00Z", "2028-02-29T00:00:00Z"],
  ])("%s", (text, expected) => {
    expect(reloadDueAt(text, NOW)).toBe(Date.parse(expected));
  });

  test.each([
    "2026-11-20 14:00:00Z",
    "2027-02-29 00:00:00Z",
    "2027-13-01 00:00:00Z",
    " 15:30:00",
    "15:30:00 ",
    "15:30",
    "24:00:00",
    "15:60:00",
    "tomorrow",
    "",
  ])('"%s": nothing is due', (text) => {
    expect(reloadDueAt(text, NOW)).toBeUndefined();
  });
});
