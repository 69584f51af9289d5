/** How adverts prove where they come from. */
export type AuthenticationSettings =
  | { readonly kind: "none" }
  /**
   * `PASS`: one character per byte (code points 0-255), at most eight, padded with zeros on the wire. `AH`: the same is the
   * key of an IP authentication header. Version 2 over IPv4 only.
   */
  | { readonly kind: "password" | "header"; readonly password: string }
  | SignatureSettings;

/** An auth_hmac block. */
export interface SignatureSettings {
  readonly kind: "signature";
  /** Whoever has one of them is believed. Never empty. */
  readonly keys: readonly SignatureKey[];
  /** Which of the keys signs. */
  readonly activeKey: number;
  /** What is refused as a repetition, and how far clocks may differ, in seconds. */
  readonly replay: { readonly kind: "time" | "monotonic"; readonly window: number };
  /** `receive-only` signs nothing; only `enforce` refuses what is not signed. */
  readonly mode: "enforce" | "permissive" | "receive-only";
}

export interface SignatureKey {
  /** 1-255. */
  readonly id: number;
  /** 32 to 64 bytes in hexadecimal digits. */
  readonly hex: string;
}
