import { unreachable } from "../src/base/assert.ts";
import type { Cluster } from "./cluster.ts";
import { serviceOf, type Fault, type NodeFault } from "./fault.ts";
import { invalidAdverts } from "./flood.ts";
import { servicesOf, type Service } from "./services.ts";
import { HEALTHY_FILE, NUMBER_FILE, type Settings } from "./settings.ts";
import type { SoakNode } from "./node.ts";
import { ordinary } from "./urgency.ts";

/** Puts right what a fault has done. */
export type Mend = () => Promise<void>;

/** Carries out a fault. Undefined: it makes no sense any more, since the address moved meanwhile; nothing was done. */
export async function inflict(fault: Fault, cluster: Cluster, settings: Settings): Promise<Mend | undefined> {
  switch (fault.kind) {
    case "loss": {
      const { permille } = fault;
      const mends = await Promise.all(
        cluster.nodes.map(({ host }) => host.impair("in", { what: "adverts", permille })),
      );
      return async () => void (await Promise.all(mends.map((mend) => mend())));
    }
    case "flood": {
      const frames = invalidAdverts(cluster.stranger, settings);
      const flood = await cluster.client.repeatFrames(frames, FLOOD_MS);
      return async () => void (await flood.stop());
    }
    default:
      return inflictOn(cluster.node(fault.node), fault, settings);
  }
}

async function inflictOn(node: SoakNode, fault: NodeFault, settings: Settings): Promise<Mend | undefined> {
  const { host } = node;
  const ip = async (verb: "add" | "del"): Promise<boolean> => {
    const service = servicesOf(settings).find(({ name }) => name === serviceOf(fault));
    return service !== undefined && changeByHand(node, verb, service);
  };
  switch (fault.kind) {
    case "kill":
      await node.signal("SIGKILL", fault.which);
      if (fault.which === "vrrp") return NOTHING;
      return async () => {
        await node.awaitNoProcess();
        await node.start();
      };
    case "freeze":
      await node.signal("SIGSTOP", fault.which);
      return () => node.signal("SIGCONT", "all");
    case "stop":
      await node.stop();
      return () => node.start();
    case "link-down":
      await host.setLink("down");
      return () => node.setLinkUp();
    case "cable-pulled":
      await host.setCable("pulled");
      return () => host.setCable("plugged");
    case "cut":
      return host.impair(fault.direction);
    case "vip-deleted":
      return (await ip("del")) ? NOTHING : undefined;
    case "foreign-vip":
      return (await ip("add")) ? async () => void (await ip("del")) : undefined;
    case "reload":
      await node.reload(fault.priority);
      return NOTHING;
    case "bad-reload":
      return node.reloadMistake();
    case "script-fails":
      await host.runOrThrow(["rm", HEALTHY_FILE]);
      return () => host.writeFile(HEALTHY_FILE, "");
    case "number-written":
      await host.writeFile(NUMBER_FILE, `${fault.value}\n`);
      return () => host.writeFile(NUMBER_FILE, "0\n");
    case "cpu-load": {
      const loops = await Promise.all(
        Array.from({ length: fault.loops }, () => host.start([...ordinary, "sh", "-c", "while :; do :; done"])),
      );
      return async () => void (await Promise.all(loops.map((loop) => loop.stop())));
    }
    case "runtime-full":
      await host.runOrThrow(["sh", "-c", FILL]);
      return async () => void (await host.runOrThrow(["sh", "-c", EMPTY]));
    default:
      return unreachable(fault);
  }
}

async function changeByHand({ host }: SoakNode, verb: "add" | "del", service: Service): Promise<boolean> {
  const { vip, prefixLength, family } = service;
  // Else the kernel would find that somebody has it.
  const flags = family === "ipv6" && verb === "add" ? ["nodad"] : [];
  const { end } = await host.run(["ip", "addr", verb, `${vip}/${prefixLength}`, "dev", "eth0", ...flags]);
  return end.kind === "exited" && end.status === 0;
}

const NOTHING: Mend = () => Promise.resolve();
/**
 * Each node gets some 1,000 a second. With more, a keepalived that writes a line for each, and those who read them, leave no
 * processor to daemons that advert every 0.1 s on the same machine.
 */
const FLOOD_MS = 20;
const FILL = `
set -e
for folder in /run /var/log /var/lib; do
  used=$(df -k --output=used $folder | tail -n 1)
  mount -o remount,size=$((used + 64))k $folder
  cat /dev/zero >$folder/filling 2>/dev/null || true
done
`;
const EMPTY = `
set -e
for folder in /run /var/log /var/lib; do
  rm $folder/filling
  mount -o remount,size=64m $folder
done
`;
