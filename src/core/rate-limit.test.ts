import fc from "fast-check";
import { expect, test } from "vitest";
import { instant, millis } from "../base/time.ts";
import { fullBucket, takePermission } from "./rate-limit.ts";
import type { RateLimit } from "./rate-limit.ts";

const at = (milliseconds: number) => instant(milliseconds * 1_000);
const limit: RateLimit = { burst: 3, period: millis(500) };

/** For each request, whether it was granted: "+" or "-". */
function ask(moments: readonly number[]): string {
  let bucket = fullBucket(limit, at(0));
  return moments
    .map((moment) => {
      const permission = takePermission(limit, bucket, at(moment));
      bucket = permission.bucket;
      return permission.kind === "granted" ? "+" : "-";
    })
    .join("");
}

const rows = [
  { name: "a full bucket: three at once, the fourth is refused", moments: [0, 0, 0, 0], answers: "+++-" },
  { name: "empty, just before a period has passed: refused", moments: [0, 0, 0, 499], answers: "+++-" },
  { name: "empty, one period later: one more, not two", moments: [0, 0, 0, 500, 500], answers: "++++-" },
  { name: "refusals cost nothing", moments: [0, 0, 0, 100, 200, 300, 400, 500], answers: "+++----+" },
  { name: "parts of a period are not lost", moments: [0, 0, 0, 700, 1_000, 1_000], answers: "+++++-" },
  { name: "two periods later: two more", moments: [0, 0, 0, 1_000, 1_000, 1_000], answers: "+++++-" },
  { name: "just full again: what was in the making is gone", moments: [0, 700, 700, 700, 1_000], answers: "++++-" },
  {
    name: "after a long quiet time: no more than three",
    moments: [0, 90_000, 90_000, 90_000, 90_000],
    answers: "++++-",
  },
  {
    name: "full for long: the first period starts with the first taking",
    moments: [1_400, 1_400, 1_400, 1_500],
    answers: "+++-",
  },
];
test.each(rows)("$name", ({ moments, answers }) => {
  expect(ask(moments)).toBe(answers);
});

test("a refusal says when asking is worth it", () => {
  const empty = { tokens: 0, since: at(2_000) };
  expect(takePermission(limit, empty, at(2_300))).toEqual({ kind: "refused", bucket: empty, availableAt: at(2_500) });
});

test("any requests: within any time no more than the burst and one per period", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 }), (gaps) => {
      let now = 0;
      const moments = gaps.map((gap) => (now += gap));
      const answers = ask(moments);
      const granted = moments.filter((_, index) => answers[index] === "+");
      const tooMany = granted.flatMap((start, first) =>
        granted.slice(first).filter((stop, more) => more + 1 > 3 + Math.ceil((stop - start) / 500)),
      );
      expect(tooMany).toEqual([]);
    }),
  );
});
