import type { BfdSessionStatus } from "../api/contract.ts";
import type { BfdNews } from "./bfd-news.ts";
import { hasName } from "./shapes.ts";

/** What is told of a session. */
export function isNews(value: unknown): value is BfdNews {
  return hasName(value) && isVerdict(value["verdict"]) && typeof value["detail"] === "string";
}

function isVerdict(value: unknown): value is BfdNews["verdict"] {
  return value === "unknown" || value === "up" || value === "down";
}

/** What the status shows of a session. */
export function isSessionStatus(value: unknown): value is BfdSessionStatus {
  return (
    hasName(value) &&
    typeof value["neighbor"] === "string" &&
    typeof value["state"] === "string" &&
    isVerdict(value["verdict"]) &&
    typeof value["since"] === "string" &&
    typeof value["detail"] === "string"
  );
}
