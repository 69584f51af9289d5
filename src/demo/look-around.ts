import type { Cluster } from "./cluster.ts";
import { JOURNAL, LOG, shellWord, VIP } from "./node-files.ts";
import { findProgram } from "./tools.ts";

/**
 * Says how to look at a cluster that stays: three shell functions, and what to try with them. Everything can be pasted into
 * another terminal of the same user.
 */
export function describeLookingAround(
  { lb1, lb2, client }: Cluster,
  facts: { readonly holdfast: string; readonly inUserNamespace: boolean },
): string[] {
  const enter = (words: readonly string[]): string => {
    const [nsenter = "", ...rest] = words;
    const user = facts.inUserNamespace ? ["--user", "--preserve-credentials"] : [];
    return [nsenter, ...user, ...rest].join(" ");
  };
  const holdfast = shellWord(facts.holdfast);
  return [
    "The cluster stays until you press Enter or Ctrl-C. To look at it, paste this into another terminal:",
    "",
    ...[lb1.host, lb2.host, client].map((host) => `  ${host.name}() { ${enter(host.entrance)} "$@"; }`),
    "",
    "and then, for example:",
    "",
    `  lb1 ${holdfast} status`,
    `  lb1 ${holdfast} events`,
    "  lb1 ip addr show eth0",
    `  client ${askingCommand()}`,
    `  lb2 tail -f ${LOG}  # the journal is ${JOURNAL}`,
    "  lb1 /etc/init.d/keepalived stop  # and start; what happens is told here",
    "",
  ];
}

function askingCommand(): string {
  const url = `http://${VIP}/`;
  if (findProgram("curl") !== undefined) return `curl -s ${url}`;
  if (findProgram("wget") !== undefined) return `wget -qO- ${url}`;
  const script = `fetch('${url}').then(async (answer) => process.stdout.write(await answer.text()))`;
  return `${shellWord(process.execPath)} -e "${script}"`;
}
