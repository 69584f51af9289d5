/** What is mailed of an instance or a sync group, in keepalived's words. */
export type AlertState = "MASTER" | "BACKUP" | "FAULT" | "STOP" | "DELETED";

export interface AlertText {
  readonly subject: string;
  /** One line. */
  readonly body: string;
}

/**
 * Words a mail exactly as keepalived does: people have rules in their mailboxes that go by it. A group that is deleted has no
 * body of its own there; it is worded as an instance.
 */
export function wordAlert(
  routerId: string,
  subject: { readonly kind: "INSTANCE" | "GROUP"; readonly name: string },
  state: AlertState,
): AlertText {
  const { kind, name } = subject;
  const what = kind === "INSTANCE" ? "Instance" : "Group";
  return {
    subject: `[${routerId}] VRRP ${what} ${name} - ${HAPPENINGS[state]}`,
    body: `=> ${kind === "GROUP" ? GROUP_SENTENCES[state] : INSTANCE_SENTENCES[state]} <=`,
  };
}

const HAPPENINGS: Readonly<Record<AlertState, string>> = {
  MASTER: "Entering MASTER state",
  BACKUP: "Entering BACKUP state",
  FAULT: "Entering FAULT state",
  STOP: "Stopping",
  DELETED: "Deleted",
};

const INSTANCE_SENTENCES: Readonly<Record<AlertState, string>> = {
  MASTER: "VRRP Instance is now owning VRRP VIPs",
  BACKUP: "VRRP Instance is no longer owning VRRP VIPs",
  FAULT: "VRRP Instance is no longer owning VRRP VIPs",
  STOP: "VRRP Instance stopping",
  DELETED: "VRRP Deleted at reload",
};

const GROUP_SENTENCES: Readonly<Record<AlertState, string>> = {
  MASTER: "All VRRP group instances are now in MASTER state",
  BACKUP: "All VRRP group instances are now in BACKUP state",
  FAULT: "All VRRP group instances are now in FAULT state",
  STOP: "All VRRP group instances are now stopping",
  DELETED: "VRRP Deleted at reload",
};
