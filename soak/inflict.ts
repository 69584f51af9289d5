import { unreachable } from "../src/base/assert.ts";
import type { Cluster } from "./cluster.ts";
import type { Fault, NodeFault } from "./fault.ts";
import { invalidAdverts } from "./flood.ts";
import { HEALTHY_FILE, NUMBER_FILE, PREFIX_LENGTH, VIP, type Settings } from "./settings.ts";
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
      const stations = cluster.nodes.map(({ host }) => host);
      const flood = await cluster.client.repeatFrames(invalidAdverts(cluster.client, stations, settings));
      return async () => void (await flood.stop());
    }
    default:
      return inflictOn(cluster.node(fault.node), fault);
  }
}

async function inflictOn(node: SoakNode, fault: NodeFault): Promise<Mend | undefined> {
  const { host } = node;
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
      return () => host.setLink("up");
    case "cable-pulled":
      await host.setCable("pulled");
      return () => host.setCable("plugged");
    case "cut":
      return host.impair(fault.direction);
    case "vip-deleted":
      return (await ip(node, "del")) ? NOTHING : undefined;
    case "foreign-vip":
      return (await ip(node, "add")) ? async () => void (await ip(node, "del")) : undefined;
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

async function ip({ host }: SoakNode, verb: "add" | "del"): Promise<boolean> {
  const { end } = await host.run(["ip", "addr", verb, `${VIP}/${PREFIX_LENGTH}`, "dev", "eth0"]);
  return end.kind === "exited" && end.status === 0;
}

const NOTHING: Mend = () => Promise.resolve();
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
