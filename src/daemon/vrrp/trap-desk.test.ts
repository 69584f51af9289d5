import { describe, expect, test } from "vitest";
import { ip } from "../../base/address.ts";
import { seconds } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { SnmpSettings } from "../../config/model/snmp.ts";
import { EMPTY_MODEL } from "../../../test/fixtures/empty-model.ts";
import { handClock } from "../../../test/fixtures/hand-clock.ts";
import type { Happening } from "../snmp-facts.ts";
import { TrapDesk } from "./trap-desk.ts";

const STATE: Happening = { kind: "group-state", name: "G", state: "MASTER" };
const STRANGE: Happening = {
  kind: "authentication-error",
  name: "web",
  sender: ip("10.0.0.9"),
  error: "failure",
  interfaceIndex: 2,
};

describe("TrapDesk", () => {
  test.each([
    ["enable_traps and a MIB", { traps: true, vrrp3: true }, 1],
    ["enable_traps alone: nobody would send them", { traps: true }, 0],
    ["tables alone", { keepalived: true, vrrp2: true, vrrp3: true }, 0],
  ])("%s", (_, snmp, told) => {
    const posted: Happening[] = [];
    const desk = new TrapDesk(modelOf(snmp), { clock: handClock(), post: (happening) => void posted.push(happening) });
    desk.tell(STATE);
    expect(posted).toHaveLength(told);
  });

  test("a reload turns them on and off", () => {
    const posted: Happening[] = [];
    const desk = new TrapDesk(EMPTY_MODEL, { clock: handClock(), post: (happening) => void posted.push(happening) });
    desk.configure(modelOf({ traps: true, keepalived: true }));
    desk.tell(STATE);
    desk.configure(EMPTY_MODEL);
    desk.tell(STATE);
    expect(posted).toEqual([STATE]);
  });

  test("packets of strangers: ten at once and one a second; states are always told", () => {
    const posted: Happening[] = [];
    const clock = handClock();
    const model = modelOf({ traps: true, vrrp2: true });
    const desk = new TrapDesk(model, { clock, post: (happening) => void posted.push(happening) });
    for (let packet = 0; packet < 1_000; packet += 1) desk.tell(STRANGE);
    expect(posted).toHaveLength(10);
    desk.tell(STATE);
    expect(posted).toHaveLength(11);
    clock.pass(seconds(1));
    for (let packet = 0; packet < 1_000; packet += 1) desk.tell(STRANGE);
    expect(posted).toHaveLength(12);
  });
});

function modelOf(snmp: Partial<SnmpSettings>): Configuration {
  const { global } = EMPTY_MODEL;
  return { ...EMPTY_MODEL, global: { ...global, snmp: { ...global.snmp, ...snmp } } };
}
