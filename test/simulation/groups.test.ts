import { beforeEach, describe, expect, test } from "vitest";
import { ip, type IpAddress } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { instant, micros, millis, seconds, toMillis, type Micros } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import type { NotifySettings } from "../../src/config/model/telling.ts";
import { Lan } from "../../src/sim/lan.ts";
import { LAN_INTERFACE, SECOND_INTERFACE, SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, syncGroup, virtualAddress } from "./settings.ts";

const FIRST = ip("10.0.0.100");
const SECOND = ip("10.0.1.100");
const NOTE = "/usr/local/bin/note";

/** Two nodes on two LANs, and what their scripts were told. */
class Stage {
  readonly world = new World();
  readonly told: string[] = [];
  readonly log: string[] = [];
  readonly lan: Lan;
  readonly secondLan: Lan;
  readonly a: SimNode;
  readonly b: SimNode;

  constructor() {
    const { world } = this;
    const random = seededRandom(1);
    const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
    const lan = new Lan(quality, { world, random });
    const secondLan = new Lan(quality, { world, random });
    [this.lan, this.secondLan] = [lan, secondLan];
    const node = (name: string, number: number): SimNode => {
      const options = { name, number, outside: undefined, keepsProtocol: true, origin: instant(seconds(3600)) };
      const onLog = (_: SimNode, _level: string, text: string): void => void this.log.push(`${name} ${text}`);
      const created = new SimNode(options, { world, lan, secondLan, random, onLog });
      created.programs.install(NOTE, (argv) => {
        this.told.push(argv.slice(1).join(" "));
        return { status: 0, duration: millis(1), stubborn: false };
      });
      return created;
    };
    this.a = node("a", 1);
    this.b = node("b", 2);
  }

  run(duration: number): void {
    this.world.runFor(seconds(duration));
  }

  /** What the scripts were told meanwhile. */
  tellings(duration: number): readonly string[] {
    this.told.length = 0;
    this.run(duration);
    return [...this.told];
  }

  /** For how long nobody served an address, and for how long two did. */
  watch(duration: number, ...vips: readonly IpAddress[]): { readonly nobodyMs: number; readonly twoMs: number } {
    const [nobody, two] = [{ time: 0 }, { time: 0 }];
    const step: Micros = millis(1);
    for (let passed = 0; passed < seconds(duration); passed += step) {
      this.world.runFor(step);
      const holders = vips.map((vip) => [this.a, this.b].filter((node) => node.serves(vip)).length);
      if (holders.includes(0)) nobody.time += step;
      if (holders.includes(2)) two.time += step;
    }
    return { nobodyMs: toMillis(micros(nobody.time)), twoMs: toMillis(micros(two.time)) };
  }

  states(node: SimNode): readonly string[] {
    return [...node.groups(), ...node.status()].map(({ state }) => state);
  }
}

interface Settings extends Partial<InstanceSettings> {
  readonly members?: readonly string[];
}

function modelOf({ members = ["A", "B"], ...common }: Settings = {}): Configuration {
  const on = (name: string, vrid: number, device: string, vip: IpAddress): InstanceSettings =>
    instance({
      ...common,
      name,
      vrid,
      interface: device,
      virtualAddresses: [virtualAddress(vip, 24, device)],
      notify: noted,
    });
  const model = configuration([on("A", 1, LAN_INTERFACE, FIRST), on("B", 2, SECOND_INTERFACE, SECOND)]);
  const group = { ...syncGroup("G", members), notify: noted };
  return { ...model, groups: members.length === 0 ? [] : [group] };
}

const PLACE = { file: "keepalived.conf", line: 1, column: 1 };
const noted: NotifySettings = {
  any: { argv: [NOTE], user: undefined, place: PLACE },
  master: undefined,
  backup: undefined,
  fault: undefined,
  stop: undefined,
  deleted: undefined,
  tellsDeleted: false,
  lowerPriority: undefined,
  priorityChanges: false,
  mail: false,
  timeout: seconds(10),
  concurrent: false,
};

const MASTER = ["MASTER", "MASTER", "MASTER"];
const BACKUP = ["BACKUP", "BACKUP", "BACKUP"];
const FAULT = ["FAULT", "FAULT", "FAULT"];

let stage = new Stage();
beforeEach(() => {
  stage = new Stage();
});

/** What keepalived 2.2.7 wrote to its FIFO with the same configuration, but for the order of A and B at the same instant. */
describe("what scripts are told, in keepalived's order", () => {
  test("start, MASTER, link of A down, up, stop", () => {
    stage.a.start(modelOf());
    expect(stage.tellings(3)).toEqual(["GROUP G BACKUP 0", "INSTANCE A BACKUP 100", "INSTANCE B BACKUP 100"]);
    const claimed = stage.tellings(2);
    expect(claimed.toSorted()).toEqual(["GROUP G MASTER 0", "INSTANCE A MASTER 100", "INSTANCE B MASTER 100"]);
    expect(claimed.at(-1)).toBe("GROUP G MASTER 0");
    stage.a.plug(false);
    expect(stage.tellings(2)).toEqual(["INSTANCE A FAULT 100", "INSTANCE B FAULT 100", "GROUP G FAULT 0"]);
    stage.a.plug(true);
    expect(stage.tellings(2)).toEqual(["INSTANCE A BACKUP 100", "INSTANCE B BACKUP 100", "GROUP G BACKUP 0"]);
    stage.run(4);
    stage.a.shutDown();
    expect(stage.tellings(4)).toEqual(["INSTANCE A STOP 100", "INSTANCE B STOP 100", "GROUP G STOP 0"]);
  });

  test("start while the link of A is down: FAULT, the group last", () => {
    stage.a.plug(false);
    stage.a.start(modelOf());
    expect(stage.tellings(1)).toEqual(["INSTANCE A FAULT 100", "INSTANCE B FAULT 100", "GROUP G FAULT 0"]);
  });

  test("somebody removes the address of A, repair off: both are back after the skew, and the group tells of MASTER alone", () => {
    stage.a.start(modelOf({ repair: false }));
    stage.run(10);
    stage.a.removeByHand(FIRST);
    const told = stage.tellings(2);
    expect(told.slice(0, 2)).toEqual(["INSTANCE A BACKUP 100", "INSTANCE B BACKUP 100"]);
    expect(told.slice(2).toSorted()).toEqual(["GROUP G MASTER 0", "INSTANCE A MASTER 100", "INSTANCE B MASTER 100"]);
    expect(told.at(-1)).toBe("GROUP G MASTER 0");
    expect(stage.states(stage.a)).toEqual(MASTER);
  });

  test("a stronger node comes: BACKUP without a farewell", () => {
    stage.a.start(modelOf());
    stage.run(10);
    stage.log.length = 0;
    stage.b.start(modelOf({ priority: 150 }));
    stage.run(10);
    expect(stage.log.filter((line) => line.includes("sent 0 priority"))).toEqual([]);
    expect(stage.states(stage.a)).toEqual(BACKUP);
    expect(stage.states(stage.b)).toEqual(MASTER);
  });
});

describe("two nodes", () => {
  beforeEach(() => {
    stage.a.start(modelOf({ priority: 150 }));
    stage.b.start(modelOf());
    stage.run(10);
    expect(stage.states(stage.a)).toEqual(MASTER);
    expect(stage.states(stage.b)).toEqual(BACKUP);
  });

  test("planned stop and return: both addresses are served at every moment", () => {
    stage.a.shutDown();
    expect(stage.watch(5, FIRST, SECOND).nobodyMs).toBe(0);
    expect(stage.states(stage.b)).toEqual(MASTER);
    stage.a.start(modelOf({ priority: 150 }));
    const { nobodyMs, twoMs } = stage.watch(10, FIRST, SECOND);
    expect(nobodyMs).toBe(0);
    expect(twoMs).toBeLessThan(10);
    expect(stage.states(stage.a)).toEqual(MASTER);
  });

  test("the second network of the master fails: both addresses move, after 3 s and the skew at the latest", () => {
    stage.a.plug(false, "second");
    // 3 x 1 s + (256 - 100) / 256 s.
    stage.run(3.62);
    expect(stage.states(stage.a)).toEqual(FAULT);
    expect(stage.states(stage.b)).toEqual(MASTER);
    expect(stage.b.serves(FIRST) && stage.b.serves(SECOND)).toBe(true);
    expect(stage.a.serves(FIRST)).toBe(false);
  });

  test("the process stands still for 5 s: none of its members claims, and nobody shares an address", () => {
    stage.a.stop();
    expect(stage.watch(5, FIRST, SECOND).twoMs).toBe(0);
    stage.a.resume();
    expect(stage.watch(0.5, FIRST, SECOND)).toEqual({ nobodyMs: 0, twoMs: 0 });
    expect(stage.states(stage.a)).toEqual(BACKUP);
  });

  test("killed and restarted while the leases run: resumes both", () => {
    stage.a.crash();
    stage.a.start(modelOf({ priority: 150 }));
    stage.run(0.1);
    expect(stage.states(stage.a)).toEqual(MASTER);
  });

  test("killed, one address goes meanwhile, restarted: resumes neither", () => {
    stage.a.crash();
    stage.a.removeByHand(SECOND);
    stage.a.start(modelOf({ priority: 150 }));
    stage.run(0.1);
    expect(stage.states(stage.a)).toEqual(BACKUP);
    expect(stage.a.serves(FIRST)).toBe(false);
  });

  test("one member hears a weaker master: the other one announces its addresses, too", () => {
    const announced: string[] = [];
    stage.secondLan.observe(({ name }, frame) => {
      if (frame.kind === "arp") announced.push(name);
    });
    stage.b.reload(modelOf({ members: [] }));
    stage.run(1);
    expect(announced).toEqual([]);
    // On the first network b hears nobody any more, and is heard.
    stage.lan.cut("a", "b");
    stage.run(4);
    expect(stage.b.status()[0]?.state).toBe("MASTER");
    // garp_lower_prio_repeat 5, for one address.
    expect(announced.slice(0, 5)).toEqual(["a", "a", "a", "a", "a"]);
    expect(stage.states(stage.a)).toEqual(MASTER);
  });
});

describe("reload", () => {
  test("a member joins a group that is MASTER: the others go on, and it joins them", () => {
    stage.a.start(modelOf({ members: ["A"] }));
    stage.run(10);
    stage.a.reload(modelOf({ members: ["A", "B"] }));
    expect(stage.watch(5, FIRST, SECOND).nobodyMs).toBe(0);
    expect(stage.states(stage.a)).toEqual(MASTER);
  });

  test("a new instance in a group that is MASTER: the others go on until it has listened", () => {
    const whole = modelOf();
    const alone = { ...whole, instances: whole.instances.slice(0, 1), groups: [syncGroup("G", ["A"])] };
    stage.a.start(alone);
    stage.run(10);
    stage.a.reload(whole);
    expect(stage.watch(3, FIRST).nobodyMs).toBe(0);
    expect(stage.states(stage.a)).toEqual(["MASTER", "MASTER", "BACKUP"]);
    stage.run(1);
    expect(stage.states(stage.a)).toEqual(MASTER);
  });

  test("a new instance whose addresses another node has: the group leaves", () => {
    const whole = modelOf();
    stage.b.start({
      ...modelOf({ priority: 150 }),
      instances: modelOf({ priority: 150 }).instances.slice(1),
      groups: [],
    });
    stage.a.start({ ...whole, instances: whole.instances.slice(0, 1), groups: [syncGroup("G", ["A"])] });
    stage.run(10);
    stage.a.reload(whole);
    stage.run(2);
    expect(stage.states(stage.a)).toEqual(BACKUP);
    expect(stage.log.some((line) => line.includes("sync group G: B is not MASTER any more: 10.0.1.2 is master"))).toBe(
      true,
    );
  });

  test("a member leaves with its instance: the others go on", () => {
    const whole = modelOf();
    stage.a.start(whole);
    stage.run(10);
    stage.a.reload({ ...whole, instances: whole.instances.slice(0, 1), groups: [syncGroup("G", ["A"])] });
    expect(stage.watch(5, FIRST).nobodyMs).toBe(0);
    expect(stage.states(stage.a)).toEqual(["MASTER", "MASTER"]);
    expect(stage.a.serves(SECOND)).toBe(false);
  });

  test("the group goes while a member waits for the others: it claims alone", () => {
    stage.b.start({
      ...modelOf({ priority: 150 }),
      instances: modelOf({ priority: 150 }).instances.slice(1),
      groups: [],
    });
    stage.a.start(modelOf());
    stage.run(10);
    expect(stage.states(stage.a)).toEqual(BACKUP);
    stage.a.reload(modelOf({ members: [] }));
    stage.run(0.1);
    expect(stage.a.status().map(({ state }) => state)).toEqual(["MASTER", "BACKUP"]);
  });

  test("the group goes while one member has a fault: the other one takes part again", () => {
    stage.a.start(modelOf());
    stage.run(10);
    stage.a.plug(false);
    stage.run(1);
    stage.a.reload(modelOf({ members: [] }));
    stage.run(4);
    expect(stage.a.status().map(({ state }) => state)).toEqual(["FAULT", "MASTER"]);
  });

  test("members that were apart come into a group: they are together again", () => {
    stage.b.start({
      ...modelOf({ priority: 150 }),
      instances: modelOf({ priority: 150 }).instances.slice(1),
      groups: [],
    });
    stage.a.start(modelOf({ members: [] }));
    stage.run(10);
    stage.a.reload(modelOf());
    stage.run(0.1);
    expect(stage.states(stage.a)).toEqual(BACKUP);
  });
});
