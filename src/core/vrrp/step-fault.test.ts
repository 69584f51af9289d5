import { describe, test } from "vitest";
import {
  at,
  broken,
  cleared,
  fault,
  holds,
  initialize,
  interfaceDown,
  listening,
  noSource,
  type Row,
  shutdown,
} from "../../../test/fixtures/virtual-router.ts";

describe("fault", () => {
  const rows: readonly Row[] = [
    {
      name: "another fault: holds what is broken, whole",
      state: fault,
      event: broken(interfaceDown, noSource),
      becomes: { kind: "fault", causes: [interfaceDown, noSource] },
    },
    {
      name: "cleared: listens for a whole interval (keepalived)",
      state: fault,
      event: cleared,
      becomes: listening,
      cause: { code: "FAULT_CLEARED" },
    },
    {
      name: "cleared, version 2: listens for a whole interval",
      given: { version: 2 },
      state: fault,
      event: cleared,
      becomes: { ...listening, activeDownAt: at(106_609_375) },
      cause: { code: "FAULT_CLEARED" },
    },
    {
      name: "shutdown: leaves without a word",
      state: fault,
      event: shutdown,
      becomes: initialize,
      cause: { code: "SHUTDOWN", reason: "SIGTERM" },
    },
  ];
  test.each(rows)("$name", holds);
});
