import { beforeEach, describe, expect, test } from "vitest";
import { formatPrefix, ip } from "../../src/base/address.ts";
import { seededRandom } from "../../src/base/random.ts";
import { RTPROT_KEEPALIVED, type Route, type Rule } from "../../src/base/route.ts";
import { micros, seconds } from "../../src/base/time.ts";
import type { Configuration } from "../../src/config/model/configuration.ts";
import type { InstanceSettings } from "../../src/config/model/instance.ts";
import type { RoutingSettings } from "../../src/config/model/routing.ts";
import type { StaticSettings } from "../../src/config/model/statics.ts";
import type { Place } from "../../src/config/place.ts";
import { Lan } from "../../src/sim/lan.ts";
import { SimNode } from "../../src/sim/node.ts";
import { World } from "../../src/sim/world.ts";
import { configuration, instance, virtualAddress } from "./settings.ts";

const VIP = ip("10.0.0.100");

let world: World;
let log: string[];
let a: SimNode;
let b: SimNode;

beforeEach(() => {
  world = new World();
  log = [];
  const random = seededRandom(1);
  const quality = { delay: micros(200), jitter: micros(0), lossPermille: 0, duplicationPermille: 0 };
  const lan = new Lan(quality, { world, random });
  const node = (name: string, number: number): SimNode =>
    new SimNode(
      { name, number, outside: undefined, keepsProtocol: true },
      { world, lan, random, onLog: (_, level, text) => void log.push(`${name} ${level} ${text}`) },
    );
  a = node("a", 1);
  b = node("b", 2);
});

describe("routes and rules of the master", () => {
  test("come with mastership, go with it, and none is left after a clean stop", () => {
    a.start(model({ priority: 200 }));
    b.start(model({ priority: 100 }));
    world.runFor(seconds(5));
    expect([shown(a), shown(b)]).toEqual([ALL, []]);
    a.shutDown();
    world.runFor(seconds(5));
    expect([shown(a), shown(b)]).toEqual([[], ALL]);
  });

  test("a crash leaves them behind, the next start removes them, those of the configuration before too", () => {
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    a.crash();
    world.runFor(seconds(5));
    // What came from the address has gone with it; the kernel cannot be told to drop the others.
    expect(shown(a)).toEqual([WAY, RULE_TEXT]);
    a.start(model({ priority: 200, routing: [] }));
    world.runFor(seconds(1));
    expect(shown(a)).toEqual([]);
    expect(log.filter((line) => line.includes("left over"))).toHaveLength(1);
  });

  test("a crash and a start while the lease runs: mastership is resumed, and they stay", () => {
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    a.crash();
    a.start(model({ priority: 200 }));
    world.runFor(seconds(1));
    expect(a.status()[0]?.state).toBe("MASTER");
    expect(shown(a)).toEqual(ALL);
    expect(log.filter((line) => line.includes("never removed"))).toEqual([]);
    a.shutDown();
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([]);
  });

  test("the disk was full when they were added, a crash, a start while the lease runs: known for ours, none is left", () => {
    a.files.full = true;
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    a.crash();
    a.start(model({ priority: 200 }));
    world.runFor(seconds(1));
    expect(shown(a)).toEqual(ALL);
    a.shutDown();
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([]);
  });

  test("removed by somebody else: put back, mastership kept", () => {
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    a.routing.removeByHand(() => true);
    world.runFor(seconds(1));
    expect(shown(a)).toEqual(ALL);
    expect(a.status()[0]?.state).toBe("MASTER");
    expect(log.filter((line) => line.includes("put back"))).toHaveLength(3);
  });

  test("removed again and again: put back ten times, then once a second", () => {
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    for (let round = 0; round < 100; round++) {
      a.routing.removeByHand(({ kind }) => kind === "rule");
      world.runFor(micros(10_000));
    }
    expect(log.filter((line) => line.includes("put back")).length).toBeLessThan(13);
    world.runFor(seconds(2));
    expect(shown(a)).toEqual(ALL);
  });

  test("@holdfast repair off, a tracked one removed: steps down and takes back, as keepalived", () => {
    a.start(model({ priority: 200, repair: false }));
    world.runFor(seconds(5));
    a.routing.removeByHand(({ kind }) => kind === "rule");
    world.runFor(micros(1_000));
    expect(a.status()[0]).toMatchObject({ state: "BACKUP", cause: { code: "ADDRESS_LOST" } });
    expect(a.status()[0]?.cause.text).toBe("somebody removed rule 1000: from 10.30.0.0/16 table 100");
    expect(shown(a)).toEqual([]);
    world.runFor(seconds(2));
    expect(a.status()[0]?.state).toBe("MASTER");
    expect(shown(a)).toEqual(ALL);
  });

  test("@holdfast repair off, one with no_track removed: put back, mastership kept", () => {
    const untracked = ROUTING.map((settings) => ({ ...settings, tracked: false }));
    a.start(model({ priority: 200, repair: false, routing: untracked }));
    world.runFor(seconds(5));
    a.routing.removeByHand(({ kind }) => kind === "rule");
    world.runFor(seconds(1));
    expect(a.status()[0]?.state).toBe("MASTER");
    expect(shown(a)).toEqual(ALL);
  });

  test("the address removed by somebody: put back, and then the route that comes from it, which the kernel dropped", () => {
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    a.removeByHand(VIP);
    expect(shown(a)).toEqual([WAY, RULE_TEXT]);
    world.runFor(seconds(1));
    expect(shown(a).toSorted()).toEqual(ALL.toSorted());
  });

  test("its interface replaced by another of the name: the route is added there", () => {
    a.start(model({ priority: 200, routing: [routeTo("10.40.0.0", { device: "eth0" })] }));
    world.runFor(seconds(5));
    expect(shown(a)).toEqual(["10.40.0.0/16 dev 2"]);
    a.removeInterface();
    world.runFor(seconds(1));
    expect(shown(a)).toEqual([]);
    a.createInterface();
    world.runFor(seconds(6));
    expect(shown(a)).toEqual(["10.40.0.0/16 dev 3"]);
  });

  test("the same was there before by somebody else's protocol: used, never removed", () => {
    const theirs = { ...routeFacts<number>("10.31.0.0", GATEWAY), protocol: RTPROT_STATIC };
    const ours = { ...routeFacts<string>("10.31.0.0", GATEWAY), protocol: RTPROT_STATIC };
    a.routing.addByHand({ kind: "route", route: theirs });
    const settings = { kind: "route", route: ours, tracked: true, group: undefined, place: PLACE } as const;
    a.start(model({ priority: 200, routing: [settings] }));
    world.runFor(seconds(5));
    a.shutDown();
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([WAY]);
    expect(log.filter((line) => line.includes("was not added by Holdfast"))).toHaveLength(1);
  });

  test("reload: what is new is added, what is gone is removed, the rest is not touched", () => {
    a.start(model({ priority: 200 }));
    world.runFor(seconds(5));
    const added = routeTo("10.50.0.0", GATEWAY);
    a.reload(model({ priority: 200, routing: [...ROUTING.slice(1), added] }));
    world.runFor(seconds(1));
    expect(shown(a)).toEqual([WAY, RULE_TEXT, "10.50.0.0/16 via 10.0.0.254"]);
    expect(a.status()[0]?.state).toBe("MASTER");
  });

  test("two instances want the same: there once, gone with the last", () => {
    const second = instance({ name: "VI_2", vrid: 52, priority: 200, routing: ROUTING.slice(1) });
    const first = instance({ priority: 200, virtualAddresses: [virtualAddress(VIP, 24)], routing: ROUTING.slice(1) });
    a.start(configuration([first, second]));
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([WAY, RULE_TEXT]);
    a.reload(configuration([second]));
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([WAY, RULE_TEXT]);
    a.reload(configuration([{ ...second, routing: [] }]));
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([]);
  });
});

describe("static objects", () => {
  const address = { ...virtualAddress(ip("10.9.9.1"), 24), group: "g" };
  const statics: StaticSettings = {
    addresses: [address],
    routing: [{ ...routeTo("10.60.0.0", { device: "eth0" }), group: "g" }],
    groups: { g: ["VI_1"] },
  };

  test("are there from the start on, whoever is master, and go at a clean stop", () => {
    a.start({ ...model({ priority: 100, routing: [] }), statics });
    world.runFor(micros(100_000));
    expect(a.status()[0]?.state).toBe("BACKUP");
    expect(shown(a)).toEqual(["10.60.0.0/16 dev 2"]);
    expect(a.kernel.addresses.records().find((record) => record.address === "10.9.9.1")).toMatchObject({
      prefixLength: 24,
      protocol: 18,
      validLifetime: "forever",
    });
    a.shutDown();
    world.runFor(seconds(5));
    expect(shown(a)).toEqual([]);
    expect(a.kernel.addresses.has(ip("10.9.9.1"))).toBe(false);
  });

  test("removed by somebody: put back; after a crash: taken over by the next run and removed by its stop", () => {
    a.start({ ...model({ priority: 100, routing: [] }), statics });
    world.runFor(seconds(1));
    a.removeByHand(ip("10.9.9.1"));
    a.routing.removeByHand(() => true);
    world.runFor(seconds(1));
    expect(a.kernel.addresses.has(ip("10.9.9.1"))).toBe(true);
    expect(shown(a)).toEqual(["10.60.0.0/16 dev 2"]);
    a.crash();
    world.runFor(seconds(1));
    expect(a.kernel.addresses.has(ip("10.9.9.1"))).toBe(true);
    a.start({ ...model({ priority: 100, routing: [] }), statics });
    world.runFor(seconds(1));
    a.shutDown();
    world.runFor(seconds(5));
    expect(a.kernel.addresses.has(ip("10.9.9.1"))).toBe(false);
    expect(shown(a)).toEqual([]);
  });

  test("track_group, one that cannot be added: FAULT of its instances until it can", () => {
    const lost: StaticSettings = { ...statics, routing: [{ ...routeTo("10.61.0.0", FAR), group: "g" }] };
    a.start({ ...model({ priority: 200, routing: [] }), statics: lost });
    world.runFor(seconds(5));
    expect(a.status()[0]?.state).toBe("FAULT");
    expect(a.status()[0]?.cause.text).toBe("static route 10.61.0.0/16 via 10.99.0.1 is missing");
    a.addByHand(ip("10.99.0.2"), 24);
    world.runFor(seconds(6));
    expect(a.status()[0]?.state).toBe("MASTER");
  });
});

function model(settings: Partial<InstanceSettings>): Configuration {
  return configuration([instance({ virtualAddresses: [virtualAddress(VIP, 24)], routing: ROUTING, ...settings })]);
}

/** What the kernel of a node has, as ip(8) would put it. */
function shown(node: SimNode): readonly string[] {
  return node.routing.items().map((item) => {
    if (item.kind === "rule") return `rule ${item.rule.preference}`;
    const { destination, preferredSource, hops } = item.route;
    const [first] = hops;
    const way = first?.gateway === undefined ? `dev ${first?.device}` : `via ${first.gateway}`;
    return `${formatPrefix(destination)} ${way}${preferredSource === undefined ? "" : ` src ${preferredSource}`}`;
  });
}

interface Way {
  readonly gateway?: string;
  readonly device?: string;
  readonly source?: string;
}

function routeTo(destination: string, way: Way): RoutingSettings {
  return {
    kind: "route",
    route: routeFacts(destination, way, way.device),
    tracked: true,
    group: undefined,
    place: PLACE,
  };
}

function routeFacts<Device>(destination: string, { gateway, source }: Way, device?: Device): Route<Device> {
  const way = { gateway: gateway === undefined ? undefined : ip(gateway), device };
  return {
    family: "ipv4",
    type: "unicast",
    destination: { address: ip(destination), length: 16 },
    from: undefined,
    tos: 0,
    table: 254,
    vrf: undefined,
    protocol: RTPROT_KEEPALIVED,
    scope: 0,
    metric: undefined,
    preferredSource: source === undefined ? undefined : ip(source),
    hops: [{ ...way, weight: 1, onlink: false, realms: undefined, encapsulation: undefined }],
    metrics: {},
    congestionControl: undefined,
    expires: undefined,
    preference: undefined,
    propagatesTtl: undefined,
    insertion: "prepend",
  };
}

const RULE: Rule = {
  family: "ipv4",
  action: { kind: "lookup", table: 100 },
  inverted: false,
  from: { address: ip("10.30.0.0"), length: 16 },
  to: undefined,
  preference: 1000,
  tos: 0,
  mark: undefined,
  realms: undefined,
  suppressPrefixLength: undefined,
  suppressGroup: undefined,
  incoming: undefined,
  outgoing: undefined,
  tunnel: undefined,
  users: undefined,
  protocol: RTPROT_KEEPALIVED,
  ipProtocol: undefined,
  sourcePorts: undefined,
  destinationPorts: undefined,
};

const PLACE: Place = { file: "keepalived.conf", line: 1, column: 1 };
const GATEWAY: Way = { gateway: "10.0.0.254" };
const FAR: Way = { gateway: "10.99.0.1" };
const ROUTING: readonly RoutingSettings[] = [
  routeTo("10.30.0.0", { ...GATEWAY, source: "10.0.0.100" }),
  routeTo("10.31.0.0", GATEWAY),
  { kind: "rule", rule: RULE, tracked: true, group: undefined, place: PLACE },
];
const WAY = "10.31.0.0/16 via 10.0.0.254";
const RULE_TEXT = "rule 1000";
const ALL: readonly string[] = ["10.30.0.0/16 via 10.0.0.254 src 10.0.0.100", WAY, RULE_TEXT];
const RTPROT_STATIC = 4;
