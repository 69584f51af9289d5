import { describe, expect, test } from "vitest";
import { GLOBAL_KEYWORDS } from "./keywords/global-defs.ts";
import { ROOT } from "./keywords/root.ts";
import { INSTANCE_KEYWORDS } from "./keywords/vrrp-instance.ts";
import { closest, editDistance, suggest } from "./suggest.ts";

describe("what an unknown keyword was meant to be", () => {
  test.each([
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["weigth", "weight", 1],
    ["ab", "ba", 1],
    ["ca", "abc", 3],
    ["same", "same", 0],
  ])("from %j to %j it is %i steps, a transposition counts as one", (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
    expect(editDistance(right, left)).toBe(distance);
  });

  // Misspellings that users really wrote.
  test.each([
    ["advert_in", "advert_int"],
    ["lvs_sync_daemon_inteface", "lvs_sync_daemon_interface"],
    ["netify_backup", "notify_backup"],
    ["priorityy", "priority"],
    ["interface_name", "interface"],
  ])("%s in an instance: %s", (word, keyword) => {
    expect(suggest(word, INSTANCE_KEYWORDS)).toMatchObject({ kind: "misspelt", keyword });
  });

  test.each([
    ["vvrp_script", "vrrp_script"],
    ["bal_defs", "global_defs"],
    ["vrrp_script_chk_nginx", "vrrp_script"],
  ])("%s outside of blocks: %s", (word, keyword) => {
    expect(suggest(word, ROOT)).toMatchObject({ kind: "misspelt", keyword });
  });

  test("script_security in global_defs: enable_script_security", () => {
    expect(suggest("script_security", GLOBAL_KEYWORDS)).toMatchObject({ keyword: "enable_script_security" });
  });

  test("a keyword of another block: where it belongs", () => {
    expect(suggest("virtual_router_id", ROOT)).toEqual({ kind: "elsewhere", blocks: ["vrrp_instance"], acted: true });
    expect(suggest("delay_loop", INSTANCE_KEYWORDS)).toMatchObject({ kind: "elsewhere", acted: false });
  });

  test("a misspelt keyword of another block: both", () => {
    expect(suggest("virtual_router_idd", ROOT)).toMatchObject({
      kind: "misspelt-elsewhere",
      keyword: "virtual_router_id",
      blocks: ["vrrp_instance"],
    });
  });

  test("something else: nothing", () => {
    expect(suggest("xyzzy_frotz", ROOT)).toBeUndefined();
    expect(closest("ip", ["id", "if"])).toBeUndefined();
  });
});
