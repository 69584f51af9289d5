import { describe, expect, test } from "vitest";
import { mac } from "../../base/address.ts";
import { instant, millis, seconds, type Instant } from "../../base/time.ts";
import { hearConflict, judgeConflict, type Conflict, type ConflictVerdict } from "./conflict.ts";

const OTHER = mac("02:00:00:00:00:02");
const VIRTUAL = mac("00:00:5e:00:02:33");
const THIRD = mac("02:00:00:00:00:03");

describe("somebody else announces an address that is served here", () => {
  test("one announcement: answered 100 ms later, once, with its owner's name", () => {
    const heard = hearConflict(undefined, OTHER, seconds(1), at(0));
    expect(heard.dueAt).toBe(at(0.1));
    expect(judgeConflict(heard, at(0.0999))).toEqual({ conflict: heard, verdict: undefined });
    const { conflict, verdict } = judgeConflict(heard, at(0.1));
    expect(verdict).toEqual({ kind: "answer", owner: OTHER, isNews: true });
    expect(conflict.dueAt).toBeUndefined();
    expect(judgeConflict(conflict, at(100)).verdict).toBeUndefined();
  });

  test("a burst: one answer, after its last", () => {
    const burst = [0, 0.001, 0.002, 0.05, 0.099].map((when): Heard => [when, OTHER]);
    expect(play(burst)).toEqual(["0.1 answer 02, news"]);
  });

  test("the last of a slow burst comes after the answer: one more, a second after the one before", () => {
    expect(
      play([
        [0, OTHER],
        [0.15, OTHER],
        [0.3, OTHER],
      ]),
    ).toEqual(["0.1 answer 02, news", "1.1 answer 02"]);
  });

  test("the latest comes just before a second is over: the answer is later, that it may be the last word", () => {
    expect(
      play([
        [0, OTHER],
        [1.05, OTHER],
      ]),
    ).toEqual(["0.1 answer 02, news", "1.15 answer 02"]);
  });

  // vrrpd of FRR 8.4, over IPv6: its first advert is lost, and it announces once.
  test("announced with a virtual MAC address: answered when its master has had time for an advert", () => {
    expect(play([[0, VIRTUAL]])).toEqual(["1.1 answer 33, news"]);
  });

  test("another owner: named once more", () => {
    const heard: Heard[] = [
      [0, OTHER],
      [2, THIRD],
      [4, THIRD],
      [6, OTHER],
    ];
    expect(play(heard)).toEqual(["0.1 answer 02, news", "2.1 answer 03, news", "4.1 answer 03", "6.1 answer 02, news"]);
  });

  // Two that both answer would go on for ever (RFC 5227 section 2.4).
  test("announced on and on: five answers, then it is given up and told once", () => {
    const heard = Array.from({ length: 600 }, (_, index): Heard => [index / 10, index < 300 ? OTHER : THIRD]);
    expect(play(heard)).toEqual([
      "0.1 answer 02, news",
      "1.1 answer 02",
      "2.1 answer 02",
      "3.1 answer 02",
      "4.1 answer 02",
      "5.1 give-up 02",
    ]);
  });

  test("given up, then announced again after less than 10 s: nothing; after 10 s without a word: answered and told anew", () => {
    const insisting = Array.from({ length: 60 }, (_, index): Heard => [index / 10, OTHER]);
    const heard: Heard[] = [...insisting, [15.8, OTHER], [25.8, OTHER]];
    expect(play(heard).slice(6)).toEqual(["25.9 answer 02, news"]);
  });

  test("two masters that both answer: neither announces more than five times for it", () => {
    let [left, right]: (Conflict | undefined)[] = [hearConflict(undefined, OTHER, seconds(1), at(0)), undefined];
    const answers = { left: 0, right: 0 };
    for (let tick = 0; tick < 120_000; tick += 1) {
      const now = at(tick / 1000);
      const [ours, theirs] = [left && judgeConflict(left, now), right && judgeConflict(right, now)];
      [left, right] = [ours?.conflict, theirs?.conflict];
      if (ours?.verdict?.kind === "answer") {
        answers.left += 1;
        right = hearConflict(right, THIRD, seconds(1), now);
      }
      if (theirs?.verdict?.kind === "answer") {
        answers.right += 1;
        left = hearConflict(left, OTHER, seconds(1), now);
      }
    }
    expect(answers).toEqual({ left: 5, right: 5 });
  });
});

type Heard = readonly [number, typeof OTHER];

/** Plays what is heard at which second, and gives the verdicts at theirs. */
function play(heard: readonly Heard[]): readonly string[] {
  const told: string[] = [];
  let conflict: Conflict | undefined;
  const until = (end: Instant): void => {
    while (conflict?.dueAt !== undefined && conflict.dueAt <= end) {
      const { dueAt } = conflict;
      const judged = judgeConflict(conflict, dueAt);
      conflict = judged.conflict;
      if (judged.verdict !== undefined) told.push(`${dueAt / seconds(1)} ${words(judged.verdict)}`);
    }
  };
  for (const [when, owner] of heard) {
    until(instant(at(when) - 1));
    conflict = hearConflict(conflict, owner, seconds(1), at(when));
  }
  until(at(1_000));
  return told;
}

function words(verdict: ConflictVerdict): string {
  const isNews = verdict.kind === "answer" && verdict.isNews;
  return `${verdict.kind} ${verdict.owner.slice(-2)}${isNews ? ", news" : ""}`;
}

function at(when: number): Instant {
  return instant(millis(when * 1000));
}
