import type { Cause, YieldManner } from "./vrrp/event.ts";
import { preempts, type VirtualRouter } from "./vrrp/router.ts";
import type { State } from "./vrrp/state.ts";

/** What the members of a sync group (vrrp_sync_group) are, as far as they are the same. */
export type GroupState = State["kind"];

/** What a group needs to know of a member, at this moment. */
export interface MemberView {
  readonly name: string;
  readonly state: State["kind"];
  /** Why it is in that state. Without meaning for one that has been in no other. */
  readonly cause: Cause;
  /** Whether it can take part by itself, whatever its group says. `waiting`: trackers have no result yet. */
  readonly fitness: "fit" | "waiting" | "faulty";
  /** A backup that has waited long enough and would claim. */
  readonly ready: boolean;
  /** At the start: its lease of a run before this one still runs, so that it becomes active when it is admitted. */
  readonly resumes: boolean;
  /** The master that a backup leaves in peace; undefined: none is heard, or it is about to be pre-empted. */
  readonly follows: OtherMaster | undefined;
}

type OtherMaster = Extract<Cause, { code: "OTHER_MASTER" }>;

export type GroupEffect =
  /** The member joins in as a backup, or resumes. */
  | { readonly kind: "admit"; readonly member: string }
  | { readonly kind: "claim"; readonly member: string }
  /** `by` is no longer active. */
  | {
      readonly kind: "yield";
      readonly member: string;
      readonly by: string;
      readonly because: Cause;
      readonly manner: YieldManner;
    }
  /** `by` another member's fault; its own where that is itself. */
  | { readonly kind: "fault"; readonly member: string; readonly by: string }
  /** The members that come after this follow the one before it. */
  | { readonly kind: "report-synchronizing"; readonly to: GroupState }
  /** `by` is the member that led the group there. */
  | {
      readonly kind: "entered";
      readonly from: GroupState;
      readonly to: GroupState;
      readonly by: string;
      /** Scripts are to be told. */
      readonly told: boolean;
    };

export interface GroupStep {
  readonly state: GroupState;
  /** To be carried out in this order. */
  readonly effects: readonly GroupEffect[];
}

/**
 * Decides what a sync group makes of its members. Reads no clock, does no I/O, keeps no state.
 *
 * It looks at what the members are and not at what they were told, so it may be asked at any time, and a member that did
 * not follow is told again. It is to be asked whenever something in a view has changed; `changed` names that member.
 *
 * keepalived's rules: the group is active when all members want to be. One that yields, or has a fault, takes all others
 * with it. They are admitted together, when none has a fault and all know what they track. What is ours: a member that
 * joins an active group, as in a reload, may lag behind as long as it follows no other master.
 */
export function stepGroup(state: GroupState, members: readonly MemberView[], changed: string): GroupStep {
  const ordered = [
    ...members.filter((member) => member.name === changed),
    ...members.filter((member) => member.name !== changed),
  ];
  const [first] = ordered;
  if (first === undefined) return { state, effects: [] };
  const faulty = ordered.find((member) => member.fitness === "faulty");
  if (faulty !== undefined) return fail(state, ordered, faulty);

  const isActive = ordered.some((member) => member.state === "active");
  const backups = ordered.filter((member) => member.state === "backup");
  const dropped = backups.find((member) => !member.ready && !mayLag(member));
  if (isActive && dropped !== undefined) return pullDown(state, ordered, dropped);

  const absent = ordered.filter((member) => member.state === "initialize" || member.state === "fault");
  // Until all know what they track nobody comes out of a fault or joins in. Those that take part go on.
  if (absent.length > 0 && ordered.every((member) => member.fitness === "fit")) {
    return admit(state, isActive, first.name, absent);
  }

  const ready = backups.filter((member) => member.ready);
  const [leader] = ready;
  const mayClaim = isActive || (absent.length === 0 && ready.length === backups.length);
  if (leader !== undefined && mayClaim) return pullUp(state, leader.name, ready);
  return settle(state, ordered, first.name);
}

/** How a member looks to its group, as far as its own machine tells. */
export function memberView(
  router: VirtualRouter,
  state: State,
  own: Pick<MemberView, "name" | "cause" | "fitness" | "resumes">,
): MemberView {
  const ready = state.kind === "backup" && state.ready === true;
  return { ...own, state: state.kind, ready, follows: ready ? undefined : followedMaster(router, state) };
}

function followedMaster(router: VirtualRouter, state: State): OtherMaster | undefined {
  if (state.kind !== "backup" || state.master.kind !== "heard") return undefined;
  const { source, priority } = state.master;
  const isPreempted = priority < router.priority && preempts(router) && state.preemption.kind === "idle";
  return isPreempted ? undefined : { code: "OTHER_MASTER", source, priority };
}

/** A backup that has just joined. */
function mayLag({ state, cause, follows }: MemberView): boolean {
  return state === "backup" && follows === undefined && cause.code === "STARTED";
}

function fail(state: GroupState, members: readonly MemberView[], faulty: MemberView): GroupStep {
  const sound = members.filter((member) => member.state !== "fault");
  const fault = ({ name, fitness }: MemberView): GroupEffect => {
    return { kind: "fault", member: name, by: fitness === "faulty" ? name : faulty.name };
  };
  const first = sound.filter((member) => member === faulty);
  const others = sound.filter((member) => member !== faulty);
  return transition(state, "fault", faulty.name, first.map(fault), others.map(fault));
}

function pullDown(state: GroupState, members: readonly MemberView[], dropped: MemberView): GroupStep {
  const { name: by, cause, follows } = dropped;
  const because = follows !== undefined && cause.code === "STARTED" ? follows : cause;
  const active = members.filter((member) => member.state === "active");
  const yields = active.map(({ name: member }): GroupEffect => {
    return { kind: "yield", member, by, because, manner: mannerOf(because) };
  });
  // keepalived does not tell of a lost address what is over after a moment.
  return transition(state, "backup", by, [], yields, because.code !== "ADDRESS_LOST");
}

/** What a member must think of the addresses that it holds, when another one has left for this reason. */
function mannerOf(because: Cause): YieldManner {
  switch (because.code) {
    case "HIGHER_PRIORITY":
    case "HIGHER_ADDRESS":
    case "UNHEARD":
      return "to-successor";
    case "PAUSED":
    case "SILENT":
    case "LEASE_EXPIRED":
      return "withdraw";
    case "ADDRESS_LOST":
      return "take-back";
    default:
      return "farewell";
  }
}

function admit(state: GroupState, isActive: boolean, by: string, absent: readonly MemberView[]): GroupStep {
  const admissions = absent.map(({ name: member }): GroupEffect => ({ kind: "admit", member }));
  if (isActive) return { state, effects: admissions };
  const to = absent.every((member) => member.resumes) ? "active" : "backup";
  return transition(state, to, by, admissions.slice(0, 1), admissions.slice(1));
}

function pullUp(state: GroupState, by: string, ready: readonly MemberView[]): GroupStep {
  const claims = ready.map(({ name: member }): GroupEffect => ({ kind: "claim", member }));
  return transition(state, "active", by, claims.slice(0, 1), claims.slice(1));
}

/** What all that take part are, the group is. */
function settle(state: GroupState, members: readonly MemberView[], by: string): GroupStep {
  const kinds = new Set(members.map((member) => member.state).filter((kind) => kind !== "initialize"));
  const [kind = "initialize"] = kinds;
  if (kinds.size > 1) return { state, effects: [] };
  const isLost = members.some(({ cause }) => cause.code === "ADDRESS_LOST") && kind === "backup";
  // A group of members that were at work before it was configured has nothing to tell.
  return transition(state, kind, by, [], [], state !== "initialize" && !isLost);
}

/** The members first, then the group; but where they join in at the start the group comes first, as with keepalived. */
function transition(
  from: GroupState,
  to: GroupState,
  by: string,
  leaders: readonly GroupEffect[],
  followers: readonly GroupEffect[],
  told = true,
): GroupStep {
  if (from === to) return { state: to, effects: [...leaders, ...followers] };
  const entered: GroupEffect = { kind: "entered", from, to, by, told };
  if (from === "initialize" && to !== "fault") return { state: to, effects: [entered, ...leaders, ...followers] };
  return { state: to, effects: [...leaders, { kind: "report-synchronizing", to }, ...followers, entered] };
}
