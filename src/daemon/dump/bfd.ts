import { familyOf } from "../../base/address.ts";
import { micros, type Micros } from "../../base/time.ts";
import type { BfdInstanceSettings } from "../../config/model/bfd.ts";
import type { GlobalSettings } from "../../config/model/global.ts";
import type { BfdSession } from "../../core/bfd/session.ts";
import { bfdStateName, describeDiagnostic } from "../bfd/words.ts";
import { globalLines } from "./data.ts";
import { timestampOfBfd } from "./words.ts";

/** All that the bfd process knows of one session, as far as keepalived's dump shows it. */
export interface BfdFacts {
  readonly settings: BfdInstanceSettings;
  readonly session: BfdSession;
  readonly localDiscriminator: number;
  /** The period of our packets; undefined: none leave. */
  readonly transmitInterval: Micros | undefined;
  readonly detectionTime: Micros | undefined;
  /** Milliseconds since 1970; undefined: never. */
  readonly heardAtMs: number | undefined;
}

/**
 * keepalived_bfd.data, as far as Holdfast has something of the kind: descriptors and threads are left out, and so is
 * `max_hops`, of which only the least TTL is kept that follows from it.
 */
export function renderBfdData(global: GlobalSettings, sessions: readonly BfdFacts[]): string {
  const lines = [
    ...globalLines(global),
    "------< BFD Data >------",
    "------< BFD Topology >------",
    ...sessions.flatMap(sessionLines),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function sessionLines(facts: BfdFacts): string[] {
  const { settings, session, localDiscriminator, heardAtMs } = facts;
  const { remote } = session;
  const period = facts.transmitInterval ?? settings.idleTx;
  const remotePeriod = remote === undefined ? 0 : Math.max(remote.desiredMinTx, settings.minRx);
  return [
    ` BFD Instance = ${settings.name}`,
    `   Neighbor IP = ${settings.neighbor}`,
    ...(settings.source === undefined ? [] : [`   Source IP = ${settings.source}`]),
    `   Required min RX interval = ${settings.minRx} us`,
    `   Desired min TX interval = ${settings.minTx} us`,
    `   Desired idle TX interval = ${settings.idleTx} us`,
    `   Detection multiplier = ${settings.multiplier}`,
    `   ${familyOf(settings.neighbor) === "ipv4" ? "TTL" : "hoplimit"} = ${settings.hopLimit}`,
    `   passive = ${settings.passive}`,
    `   local state = ${bfdStateName(session.state)}`,
    `   remote state = ${bfdStateName(remote?.state ?? "down")}`,
    `   local discriminator = 0x${localDiscriminator.toString(16)}`,
    `   remote discriminator = 0x${(remote?.discriminator ?? 0).toString(16)}`,
    `   local diag = ${describeDiagnostic(session.diagnostic)}`,
    `   remote diag = ${describeDiagnostic(remote?.diagnostic ?? 0)}`,
    `   remote min tx intv = ${remote?.desiredMinTx ?? 0} us`,
    `   remote min rx intv = ${remote?.requiredMinRx ?? 0} us`,
    "   local demand = 0",
    `   remote demand = ${remote?.demand === true ? 1 : 0}`,
    `   remote detect multiplier = ${remote?.multiplier ?? 0}`,
    `   ${session.polling ? "" : "!"}poll, !final`,
    `   local tx intv = ${period} us`,
    `   remote tx intv = ${remotePeriod} us`,
    `   local detection time = ${facts.detectionTime ?? 0} us`,
    `   remote detection time = ${remote === undefined ? 0 : micros(settings.multiplier * period)} us`,
    heardAtMs === undefined ? "   last_seen = [never]" : `   last seen = ${timestampOfBfd(heardAtMs)}`,
  ];
}
