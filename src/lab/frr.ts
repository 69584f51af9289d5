import type { Host } from "./host.ts";

/** FRR's bfdd, at work on a host. */
export interface Bfdd {
  /** What `show bfd peers json` says. */
  readonly peers: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
  /** SIGKILL, as it is. */
  readonly kill: () => void;
}

/**
 * Starts FRR's bfdd with one peer, and zebra, which it needs. `lines` stand in the block of the peer. Comes back when it has
 * read them.
 */
export async function startBfdd(host: Host, peer: string, ...lines: readonly string[]): Promise<Bfdd> {
  const common = ["-z", `${FOLDER}/zserv.api`, "--vty_socket", FOLDER, "-u", "frr", "-g", "frr"];
  // The account that the package made; FRR refuses root.
  await host.runOrThrow(["install", "-d", "-o", "frr", "-g", "frr", FOLDER]);
  await host.writeFile(`${FOLDER}/zebra.conf`, "log stdout\n");
  const block = [`bfd`, ` peer ${peer}`, ...lines.map((line) => `  ${line}`), ` !`, `!`, ``];
  await host.writeFile(`${FOLDER}/bfdd.conf`, ["log stdout", ...block].join("\n"));
  const files = (name: string): string[] => ["-f", `${FOLDER}/${name}.conf`, "-i", `${FOLDER}/${name}.pid`];
  const zebra = await host.start([`${PROGRAMS}/zebra`, ...files("zebra"), ...common]);
  await awaitSocket(host, "zserv.api");
  const control = ["--bfdctl", `${FOLDER}/bfdd.ctl`];
  const bfdd = await host.start([`${PROGRAMS}/bfdd`, ...files("bfdd"), ...control, ...common]);
  await awaitSocket(host, "bfdd.vty");
  return {
    peers: async (): Promise<unknown> => {
      const command = ["vtysh", "--vty_socket", FOLDER, "-d", "bfdd", "-c", "show bfd peers json"];
      return JSON.parse(await host.runOrThrow(command));
    },
    stop: async () => {
      await bfdd.stop();
      await zebra.stop();
    },
    kill: () => bfdd.signal("SIGKILL"),
  };
}

/** FRR says on no stream that it is ready. */
async function awaitSocket(host: Host, name: string): Promise<void> {
  await host.runOrThrow(["timeout", "10", "sh", "-c", `until test -S ${FOLDER}/${name}; do sleep 0.05; done`]);
}

const FOLDER = "/run/frr";
const PROGRAMS = "/usr/lib/frr";
