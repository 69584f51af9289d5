import type {
  BfdSessionStatus,
  GroupStatus,
  InstanceStatus,
  MailStatus,
  PeerStatus,
  ProcessStatus,
  StatusDocument,
  StrangerStatus,
  TrackerStatus,
  VirtualAddressStatus,
} from "../api/contract.ts";
import { interfaceText } from "../base/every-interface.ts";
import type { Color, Paint } from "./paint.ts";
import { describeDuration, describeTime } from "./times.ts";

export interface StatusView {
  readonly paint: Paint;
  /** Milliseconds since 1970, for how long ago something was. */
  readonly nowMs: number;
}

/**
 * A status for somebody who was woken up by it: what is wrong first, then one block per sync group and instance. The text ends in a
 * newline. Control characters in names from the configuration are shown as `?`.
 */
export function renderStatus(document: StatusDocument, view: StatusView): string {
  const { daemon } = document;
  const lines = [
    `Holdfast ${daemon.holdfast}, pid ${daemon.pid}, running for ${ago(daemon.startedAt, view)}`,
    `Configuration ${daemon.configurationFile}, read ${describeTime(daemon.configuredAt)}`,
    ...daemon.processes.flatMap((process) => processLines(process, view)),
    ...mailLines(daemon.mail, view),
    ...refusedReload(document, view),
    ...staleness(document, view),
  ];
  const { instances: shown, groups, strangers } = document.lastKnown ?? document;
  for (const group of groups) lines.push("", ...groupLines(group, shown, view));
  for (const instance of shown) lines.push("", ...instanceLines(instance, view));
  if (document.bfd.length > 0) lines.push("", ...document.bfd.flatMap((session) => sessionLines(session, view)));
  if (strangers.length > 0) lines.push("", "Other virtual routers on these networks:", ...strangers.map(strangerLine));
  if (shown.length === 0) lines.push("", view.paint("yellow", "No instance is known."));
  return `${lines.map(printable(view)).join("\n")}\n`;
}

function processLines(process: ProcessStatus, view: StatusView): string[] {
  const restarts = process.restarts === 0 ? "" : `, restarted ${times(process.restarts)}`;
  const pid = process.pid === null ? "" : `, pid ${process.pid}`;
  if (process.name === "supervisor") return [];
  const silent = process.silentMs === null ? "" : ` for ${describeDuration(process.silentMs)}`;
  const text = `Process ${process.name} ${process.state}${silent}${pid}${restarts}`;
  return [process.state === "running" ? text : view.paint("red", text)];
}

/** Says nothing while all is well, and where the daemon is older than this program. */
function mailLines(mail: MailStatus | null | undefined, view: StatusView): string[] {
  if (mail === null || mail === undefined || (mail.waiting === 0 && mail.failure === null)) return [];
  const count = `${mail.waiting} ${mail.waiting === 1 ? "mail waits" : "mails wait"} for ${mail.server}`;
  if (mail.failure === null) return [count];
  const again = mail.nextAttemptAt === null ? "" : `; next attempt ${describeTime(mail.nextAttemptAt)}`;
  return [view.paint("yellow", `${count}: ${mail.failure}${again}`)];
}

function refusedReload(document: StatusDocument, view: StatusView): string[] {
  const refused = document.daemon.refusedReload;
  if (refused === null) return [];
  return [
    view.paint("red", `RELOAD REFUSED ${ago(refused.at, view)} ago: what runs is older than the file, because of`),
    ...refused.reasons.map((reason) => view.paint("red", `  ${reason}`)),
  ];
}

function staleness(document: StatusDocument, view: StatusView): string[] {
  const known = document.lastKnown;
  if (known === null) return [];
  const text = `The vrrp process does not answer. What follows was true ${ago(known.at, view)} ago and may be wrong now.`;
  return [view.paint("red", text)];
}

function groupLines(group: GroupStatus, instances: readonly InstanceStatus[], view: StatusView): string[] {
  const { paint } = view;
  const members = group.members.map((name) => {
    const state = instances.find((instance) => instance.name === name)?.state;
    return state === undefined ? name : `${name} ${paint(STATE_COLORS[state], state)}`;
  });
  return [
    `${paint("bold", group.name)}  ${paint(STATE_COLORS[group.state], group.state)}  sync group, ${sinceText(group, view)}`,
    field("cause", group.cause.text),
    field("members", members.join(", ")),
  ];
}

function instanceLines(instance: InstanceStatus, view: StatusView): string[] {
  const { paint } = view;
  const state = paint(STATE_COLORS[instance.state], instance.state);
  return [
    `${paint("bold", instance.name)}  ${state}  ${sinceText(instance, view)}`,
    field("cause", instance.cause.text),
    ...sendingLines(instance, paint),
    ...instance.virtualAddresses.map((address) => addressLine(address, instance, view)),
    ...filterLines(instance, paint),
    field("priority", priorityText(instance)),
    field("master", masterText(instance)),
    field("network", networkText(instance)),
    ...instance.trackers.map((tracker) => trackerLine(tracker, paint)),
    ...instance.peers.map(peerLine),
  ];
}

/** Says nothing where the daemon is older than this program. */
function sendingLines({ sendFailure, state }: InstanceStatus, paint: Paint): string[] {
  if (sendFailure === null || sendFailure === undefined) return [];
  const color = state === "MASTER" ? "red" : "yellow";
  return [field("adverts", paint(color, `the latest could not be sent: ${sendFailure}`))];
}

function sinceText({ since }: { readonly since: string }, view: StatusView): string {
  return `since ${describeTime(since)} (${ago(since, view)})`;
}

function addressLine(address: VirtualAddressStatus, instance: InstanceStatus, view: StatusView): string {
  const { paint } = view;
  const where = `${address.address} on ${address.device}${address.excluded ? " (not advertised)" : ""}`;
  if (address.foreign) return field("address", `${where}  ${paint("yellow", "there before us, left alone")}`);
  if (!address.held) {
    const missing = instance.state === "MASTER";
    return field("address", `${where}  ${missing ? paint("red", "NOT HELD") : "not held"}`);
  }
  const lease = address.leaseUntil === null ? "no lease" : `lease ${leaseText(address.leaseUntil, view)}`;
  // Whoever is not master and holds the address is about to let go, or a second holder.
  const held = instance.state === "MASTER" ? paint("green", "held") : paint("yellow", "still held");
  return field("address", `${where}  ${held}, ${lease}`);
}

function filterLines({ fineLock, accept }: InstanceStatus, paint: Paint): string[] {
  const lines: string[] = [];
  if (fineLock.state === "on") lines.push(field("lock", fineLock.detail));
  else if (fineLock.state !== "off") lines.push(field("lock", `${paint("red", fineLock.state)}: ${fineLock.detail}`));
  if (!accept) lines.push(field("accept", "no: hosts cannot talk to the addresses"));
  return lines;
}

function leaseText(until: string, view: StatusView): string {
  const left = Date.parse(until) - view.nowMs;
  return left > 0 ? `runs ${describeDuration(left)} more` : "has run out";
}

function priorityText(instance: InstanceStatus): string {
  if (instance.effectivePriority === instance.priority) return String(instance.priority);
  return `${instance.effectivePriority}, configured ${instance.priority}`;
}

function masterText(instance: InstanceStatus): string {
  if (instance.state === "MASTER") return "this node";
  const { master } = instance;
  if (master === null) return "nobody is heard";
  return `${master.address}, priority ${master.priority}, heard ${describeDuration(master.heardMsAgo)} ago`;
}

function networkText(instance: InstanceStatus): string {
  // Exact, since both nodes must have the same.
  const interval = instance.advertisementIntervalMs / 1_000;
  return `${interfaceText(instance.interface)}, VRID ${instance.vrid}, VRRPv${instance.protocolVersion}, adverts every ${interval} s`;
}

function trackerLine(tracker: TrackerStatus, paint: Paint): string {
  const color = TRACKER_COLORS[tracker.state];
  const sign = tracker.weight > 0 ? "+" : "";
  const weight = tracker.weight === 0 ? "" : `, weight ${sign}${tracker.weight}${tracker.reverse ? " reversed" : ""}`;
  const detail = tracker.detail === "" ? "" : `: ${tracker.detail}`;
  return field(tracker.kind, `${tracker.name} ${paint(color, tracker.state)}${detail}${weight}`);
}

function sessionLines(session: BfdSessionStatus, view: StatusView): string[] {
  const state = view.paint(TRACKER_COLORS[session.verdict], session.state);
  const since = `since ${describeTime(session.since)} (${ago(session.since, view)})`;
  const from = session.source === null ? "" : ` from ${session.source}`;
  const lines = [
    `${view.paint("bold", `BFD ${session.name}`)}  ${state}  ${since}`,
    field("neighbor", `${session.neighbor}${from}${session.multihop ? ", multihop" : ""}`),
  ];
  if (session.detail !== session.state) lines.push(field("cause", session.detail));
  return session.remote === null ? lines : [...lines, field("pace", paceText(session))];
}

function paceText({ transmitIntervalMs, detectionTimeMs }: BfdSessionStatus): string {
  const sending = transmitIntervalMs === null ? "sends nothing periodic" : `sends every ${transmitIntervalMs} ms`;
  return detectionTimeMs === null ? sending : `${sending}, down after ${detectionTimeMs} ms of silence`;
}

function peerLine(peer: PeerStatus): string {
  const rhythm =
    peer.intervalMs === null || peer.jitterMs === null
      ? ""
      : `, every ${Math.round(peer.intervalMs)} ms, jitter ${Math.round(peer.jitterMs)} ms`;
  const heard = `heard ${describeDuration(peer.lastHeardMsAgo)} ago${rhythm}`;
  const discards = Object.entries(peer.discarded).map(([code, count]) => `${count} ${code}`);
  const discarded = discards.length === 0 ? "" : `; discarded: ${discards.join(", ")}`;
  const adverts = peer.accepted === 1 ? "1 advert" : `${peer.accepted} adverts`;
  const refused = peer.refusedBecause === null ? "" : `  NOT OBEYED: ${peer.refusedBecause}`;
  return field(
    "peer",
    `${peer.address}, priority ${peer.priority}, ${heard}, ${adverts} accepted${discarded}${refused}`,
  );
}

function strangerLine(stranger: StrangerStatus): string {
  const heard = `heard ${describeDuration(stranger.lastHeardMsAgo)} ago`;
  const whom = `VRID ${stranger.vrid} from ${stranger.address}`;
  return field("stranger", `${whom} on ${interfaceText(stranger.interface)}, priority ${stranger.priority}, ${heard}`);
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(FIELD_WIDTH)}${text}`;
}

function ago(iso: string, view: StatusView): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? "an unknown time" : describeDuration(view.nowMs - at);
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}

/** The escape character stays where we put it ourselves. */
function printable(view: StatusView): (line: string) => string {
  const colored = view.paint("red", "") !== "";
  return (line) => {
    const cleaned = line.replace(/[\u0000-\u001a\u001c-\u001f\u007f-\u009f]/g, "?");
    return colored ? cleaned.replace(/\u001b(?!\[\d+m)/g, "?") : cleaned.replace(/\u001b/g, "?");
  };
}

const STATE_COLORS: Readonly<Record<InstanceStatus["state"], Color>> = {
  MASTER: "green",
  BACKUP: "cyan",
  FAULT: "red",
  INIT: "yellow",
  STOP: "yellow",
};

const TRACKER_COLORS: Readonly<Record<TrackerStatus["state"], Color>> = { up: "green", down: "red", unknown: "yellow" };

const FIELD_WIDTH = 10;
