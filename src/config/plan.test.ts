import { describe, expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { fail, succeed } from "../base/result.ts";
import { loadConfiguration } from "./load.ts";
import type { Configuration } from "./model/configuration.ts";
import { planReload } from "./plan.ts";

const GOOD = `global_defs {
 router_id one
}
vrrp_script chk {
 script "/usr/bin/true"
 interval 2
}
vrrp_instance A {
 interface eth0
 virtual_router_id 5
 priority 150
 virtual_ipaddress {
  10.0.0.9/24
  10.0.0.10/24
 }
 track_script {
  chk
 }
}
vrrp_instance B {
 interface eth0
 virtual_router_id 6
 virtual_ipaddress {
  10.0.0.19/24
 }
}
`;

describe("what a reload would change", () => {
  test("the same words elsewhere in the file: nothing", () => {
    expect(plan(GOOD, `# a comment\n\n${GOOD.replaceAll("\n ", "\n\t")}`)).toEqual([]);
  });

  test("another name: it keeps its life", () => {
    expect(plan(GOOD, GOOD.replace("vrrp_instance A", "vrrp_instance Z"))).toEqual(["instance-renamed Z none A -> Z"]);
  });

  test("another VRID under the old name: the old one goes, a new one comes, and their addresses move", () => {
    expect(plan(GOOD, GOOD.replace("router_id 6", "router_id 7"))).toEqual([
      "instance-removed B interrupts VRID 6 on eth0, ipv4, multicast -> ",
      "address-moved B none B -> B",
      "instance-added B none  -> VRID 7 on eth0, ipv4, multicast",
    ]);
  });

  test("an address more: every node needs it; one less: it goes", () => {
    expect(plan(GOOD, GOOD.replace("  10.0.0.19/24\n", "  10.0.0.19/24\n  10.0.0.20\n"))).toEqual([
      "address-added B peers  -> 10.0.0.20/32 on eth0",
    ]);
    expect(plan(GOOD, GOOD.replace("  10.0.0.10/24\n", ""))).toEqual([
      "address-removed A interrupts 10.0.0.10/24 on eth0 -> ",
    ]);
  });

  test("an address goes from one instance to another: told once, and nothing is interrupted", () => {
    const moved = GOOD.replace("  10.0.0.10/24\n", "").replace("  10.0.0.19/24\n", "  10.0.0.19/24\n  10.0.0.10/24\n");
    expect(plan(GOOD, moved)).toEqual(["address-moved B none A -> B"]);
  });

  test.each([
    ["priority 150", "priority 90", "setting-changed A interrupts 150 -> 90"],
    ["priority 150", "priority 150\n advert_int 2", "setting-changed A peers 1000000 -> 2000000"],
    ["router_id one", "router_id two", "setting-changed * none one -> two"],
    ["router_id one", "router_id one\n vrrp_startup_delay 3", "setting-changed * restart 0 -> 3000000"],
    ["interval 2", "interval 3", "setting-changed chk none 2000000 -> 3000000"],
  ])("%s becomes %s", (before, after, expected) => {
    expect(plan(GOOD, GOOD.replace(before, after))).toContain(expected);
  });

  test("a sync group comes: said, and its members go on", () => {
    expect(plan(GOOD, `${GOOD}vrrp_sync_group G {\n group {\n  A\n  B\n }\n}\n`)).toContain("group-added G none  -> ");
    expect(plan(`${GOOD}vrrp_sync_group G {\n group {\n  A\n  B\n }\n}\n`, GOOD)).toContain(
      "group-removed G none  -> ",
    );
  });

  test("a model that came through a pipe, where undefined fields are missing: no difference", () => {
    const model = load(GOOD);
    // Plain data, as the control socket gives it.
    const sent: Configuration = JSON.parse(JSON.stringify(model));
    expect(planReload(sent, model)).toEqual([]);
  });
});

function plan(before: string, after: string): readonly string[] {
  return planReload(load(before), load(after)).map(
    ({ kind, subject, effect, from, to }) => `${kind} ${subject ?? "*"} ${effect} ${from ?? ""} -> ${to ?? ""}`,
  );
}

function load(text: string): Configuration {
  const missing = fail({ errno: "ENOENT", message: "No such file or directory" });
  return loadConfiguration(
    "/etc/a.conf",
    { read: () => succeed(new TextEncoder().encode(text)), list: () => missing, facts: () => missing },
    { configId: "node1", environment: () => undefined, random: seededRandom(1) },
  ).configuration;
}
