import type { Oid } from "../../base/snmp.ts";
import type { SnmpSettings } from "../../config/model/snmp.ts";
import type { AgentSettings } from "../../core/snmp/session.ts";
import { growTree, type Table, type VariableTree } from "../../core/snmp/tree.ts";
import { globalVariables } from "./keepalived-global.ts";
import { groupVariables, instanceVariables } from "./keepalived-instances.ts";
import { routingVariables } from "./keepalived-routing.ts";
import { trackerVariables } from "./keepalived-trackers.ts";
import { KEEPALIVED_GLOBAL, KEEPALIVED_VRRP, type View } from "./view.ts";
import { VRRP_MIB, vrrpVariables } from "./vrrp-mib.ts";
import { VRRPV3_MIB, vrrpv3Variables } from "./vrrpv3-mib.ts";

/** A subtree that is answered for, and what is in it. */
interface Part {
  readonly subtree: Oid;
  /** In sysORTable, keepalived's words. */
  readonly description: string;
  readonly isServed: (settings: SnmpSettings) => boolean;
  readonly variables: (view: View) => readonly Table[];
}

/** What of a master agent's tree is ours. */
export function agentSettings(settings: SnmpSettings): AgentSettings {
  const served = PARTS.filter(({ isServed }) => isServed(settings));
  return {
    subtrees: served.map(({ subtree }) => subtree),
    capabilities: served.map(({ subtree: id, description }) => ({ id, description })),
  };
}

/** All variables of the parts that are served. */
export function treeOf(view: View): VariableTree {
  const served = PARTS.filter((part) => part.isServed(view.configuration.global.snmp));
  return growTree(served.flatMap(({ variables }) => variables(view)));
}

const PARTS: readonly Part[] = [
  {
    subtree: KEEPALIVED_GLOBAL,
    description: "The MIB module for Keepalived",
    isServed: ({ keepalived }) => keepalived,
    variables: globalVariables,
  },
  {
    subtree: KEEPALIVED_VRRP,
    description: "The MIB module for KEEPALIVED-VRRP",
    isServed: ({ keepalived }) => keepalived,
    variables: (view) => [
      ...groupVariables(view),
      ...instanceVariables(view),
      ...routingVariables(view),
      ...trackerVariables(view),
    ],
  },
  {
    subtree: VRRP_MIB,
    description: "The MIB module for VRRP",
    isServed: ({ vrrp2 }) => vrrp2,
    variables: vrrpVariables,
  },
  {
    subtree: VRRPV3_MIB,
    description: "The MIB module for VRRPV3",
    isServed: ({ vrrp3 }) => vrrp3,
    variables: vrrpv3Variables,
  },
];
