import type { Route, Rule } from "../../base/route.ts";
import type { Place } from "../place.ts";

export type RoutingSettings = RouteSettings | RuleSettings;

/** A line of virtual_routes or static_routes. Interfaces have their names. */
export interface RouteSettings {
  readonly kind: "route";
  readonly route: Route<string>;
  /** Its loss by another's hand does not matter (`no_track`). */
  readonly tracked: boolean;
  /** The track_group that depends on it; static ones only. */
  readonly group: string | undefined;
  readonly place: Place;
}

/** A line of virtual_rules or static_rules. */
export interface RuleSettings {
  readonly kind: "rule";
  readonly rule: Rule;
  readonly tracked: boolean;
  readonly group: string | undefined;
  readonly place: Place;
}
