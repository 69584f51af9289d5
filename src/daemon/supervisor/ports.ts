import type { Result } from "../../base/result.ts";
import type { Micros } from "../../base/time.ts";
import type { Configuration } from "../../config/model/configuration.ts";
import type { ChildEnd } from "../../core/restart-policy.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { LogLevel } from "../../ports/log.ts";
import type { ToChild } from "../messages.ts";

/** Starts processes of one kind. */
export interface Launcher {
  /** The listener is called in later turns only, and never again after `ended`, which comes exactly once. */
  launch(listener: ChildListener): Result<Child, SystemFailure>;
}

export interface ChildListener {
  message(value: unknown): void;
  /** `refusal`: why it is `not-started`. */
  ended(end: ChildEnd, refusal?: SystemFailure): void;
}

export interface Child {
  readonly pid: number;
  /** Hands over a message without waiting. One to a child that is gone is lost. */
  send(message: ToChild): void;
  /** Nothing happens when it is gone. */
  signal(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Reads and checks the configuration file. */
export interface ConfigurationSource {
  readonly file: string;
  /** With `force` only what would stop a start refuses it. Answers at once. */
  load(force: boolean): LoadedConfiguration;
}

export type LoadedConfiguration =
  | {
      readonly kind: "accepted";
      readonly configuration: Configuration;
      readonly findings: readonly ConfigurationFinding[];
    }
  | { readonly kind: "refused"; readonly findings: readonly ConfigurationFinding[] };

export interface ConfigurationFinding {
  readonly level: LogLevel;
  readonly text: string;
  /** It is a reason for the refusal. */
  readonly refuses: boolean;
}

/** Whoever started us and wants to know how we are: systemd by sd_notify(3), or the starter of a daemon. */
export interface ServiceManager {
  /** May come again, after a reload. */
  ready(): void;
  reloading(): void;
  stopping(): void;
  /** One line for people. */
  status(text: string): void;
  /** How often it wants a sign of life; undefined: never. */
  readonly watchdogInterval: Micros | undefined;
  alive(): void;
}
