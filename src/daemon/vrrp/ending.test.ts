import { describe, expect, test } from "vitest";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import { Ending } from "./ending.ts";

/** What happens when nobody can be waited for any more. */
const END = ["closed", "groups closed", "telling closed", "end", "done"];

describe("Ending", () => {
  test("nobody stops: nothing happens", () => {
    const { ending, seen } = bench({ finished: true, quiet: true });
    ending.look();
    expect(seen).toEqual([]);
  });

  test("all has been handed over and told: it is over at once, and only once", () => {
    const { ending, seen } = bench({ finished: true, quiet: true });
    ending.begin(() => void seen.push("done"));
    ending.look();
    ending.look();
    expect(seen).toEqual(["repaired", "released", "told", ...END]);
  });

  test("a hand-over under way is waited for, 3.5 s at most", () => {
    const { ending, seen, clock } = bench({ finished: false, quiet: true });
    ending.begin(() => void seen.push("done"));
    clock.pass(3_499_999);
    ending.look();
    expect(seen).toEqual(["repaired"]);
    clock.pass(1);
    ending.look();
    expect(seen).toEqual(["repaired", "repaired", "released", "told", ...END]);
  });

  test("a stop script that runs is waited for, a second at most (keepalived)", () => {
    const { ending, seen, clock } = bench({ finished: true, quiet: false });
    ending.begin(() => void seen.push("done"));
    ending.look();
    clock.pass(999_999);
    ending.look();
    expect(seen).toEqual(["repaired", "released", "told"]);
    clock.pass(1);
    ending.look();
    expect(seen.slice(3)).toEqual(["hurried", ...END]);
  });
});

/** One instance, which stays as it is, and what is done with it and about it. */
function bench(instance: { readonly finished: boolean; readonly quiet: boolean }) {
  const clock = handClock();
  const seen: string[] = [];
  const see = (what: string) => () => void seen.push(what);
  const stopped = {
    ...instance,
    repair: see("repaired"),
    hurry: see("hurried"),
    close: see("closed"),
    holder: { release: see("released") },
  };
  const ending = new Ending({
    clock,
    instances: { everybody: () => [stopped] },
    groups: { quiet: true, close: see("groups closed") },
    telling: { finish: see("told"), quiet: true, close: see("telling closed") },
    onEnd: see("end"),
  });
  return { ending, seen, clock };
}
