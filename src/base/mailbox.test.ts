import { expect, test } from "vitest";
import { splitMailbox } from "./mailbox.ts";

test.each([
  ["admin@example.org", "", "admin@example.org"],
  // keepalived.conf(5), notification_email.
  ["My admin <admin@example2.com>", "My admin", "admin@example2.com"],
  ["<admin@example.org>", "", "admin@example.org"],
  ["Admin<admin@example.org> ", "Admin", "admin@example.org"],
  ["a <b> <c@example.org>", "", "a <b> <c@example.org>"],
])("the mailbox %s", (text, name, address) => {
  expect(splitMailbox(text)).toEqual({ name, address });
});
