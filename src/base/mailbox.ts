/** A mail address with the name that people see, which may be empty. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** Splits `NAME <ADDRESS>`; a text of another form is an address as it is. Nothing is checked. */
export function splitMailbox(text: string): Mailbox {
  const found = /^([^<>]*)<([^<>]*)>\s*$/.exec(text);
  return { name: found?.[1]?.trim() ?? "", address: found?.[2] ?? text };
}
