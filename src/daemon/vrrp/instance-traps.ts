import type { IpAddress } from "../../base/address.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { HappeningState } from "../snmp-facts.ts";
import { authenticationErrorOf, protocolErrorOf, type History } from "./history.ts";
import type { InterfaceTable } from "./interface-table.ts";
import type { TrapTeller } from "./trap-desk.ts";

export interface InstanceTrapDependencies {
  readonly traps: TrapTeller;
  readonly history: History;
  readonly interfaces: Pick<InterfaceTable, "byName">;
}

/** Tells managers of networks what happens to one instance: its states, and packets that it cannot accept. */
export class InstanceTraps {
  readonly #dependencies: InstanceTrapDependencies;
  #settings: InstanceSettings;

  constructor(settings: InstanceSettings, dependencies: InstanceTrapDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
  }

  reconfigure(settings: InstanceSettings): void {
    this.#settings = settings;
  }

  /** A state was entered, which the history knows already. `source` is the address that it sends from. */
  tellState(state: HappeningState, source: IpAddress): void {
    const { name } = this.#settings;
    const { traps, history } = this.#dependencies;
    const { newMasterReason } = history;
    const interfaceIndex = this.#advertInterfaceIndex();
    traps.tell({ kind: "instance-state", name, state, source, newMasterReason, interfaceIndex });
  }

  /** A packet of `sender` was discarded. Most reasons mean nothing to the MIBs, and are not told. */
  tellDiscarded(reason: string, sender: IpAddress): void {
    const { name } = this.#settings;
    const { traps, history } = this.#dependencies;
    const protocol = protocolErrorOf(reason);
    const authentication = authenticationErrorOf(reason);
    const interfaceIndex = this.#advertInterfaceIndex();
    if (protocol !== undefined) {
      history.noteError(protocol);
      traps.tell({ kind: "protocol-error", name, error: protocol, interfaceIndex });
    }
    if (authentication === undefined) return;
    traps.tell({ kind: "authentication-error", name, sender, error: authentication, interfaceIndex });
  }

  /** 0: there is no such interface. */
  #advertInterfaceIndex(): number {
    return this.#dependencies.interfaces.byName(this.#settings.advertInterface)?.index ?? 0;
  }
}
