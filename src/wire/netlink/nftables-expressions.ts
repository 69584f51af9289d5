import { AttributeBuilder } from "./attributes.ts";
import { NETWORK_ORDER } from "./byte-order.ts";
import {
  NFT_CMP_EQ,
  NFT_CMP_NEQ,
  NFT_LOOKUP_F_INV,
  NFT_META_L4PROTO,
  NFT_NAME_MAXLEN,
  NFT_PAYLOAD_NETWORK_HEADER,
  NFT_PAYLOAD_TRANSPORT_HEADER,
  NFT_REG_1,
  NFT_REG_VERDICT,
  NFTA_CMP_DATA,
  NFTA_CMP_OP,
  NFTA_CMP_SREG,
  NFTA_DATA_VALUE,
  NFTA_DATA_VERDICT,
  NFTA_EXPR_DATA,
  NFTA_EXPR_NAME,
  NFTA_IMMEDIATE_DATA,
  NFTA_IMMEDIATE_DREG,
  NFTA_LOOKUP_FLAGS,
  NFTA_LOOKUP_SET,
  NFTA_LOOKUP_SREG,
  NFTA_META_DREG,
  NFTA_META_KEY,
  NFTA_PAYLOAD_BASE,
  NFTA_PAYLOAD_DREG,
  NFTA_PAYLOAD_LEN,
  NFTA_PAYLOAD_OFFSET,
  NFTA_VERDICT_CODE,
} from "./nftables-constants.ts";

/*
 * | NFTA_EXPR_NAME: text | NFTA_EXPR_DATA { attributes of that expression } |
 *
 * Numbers are 32 bits in network order. All values pass through register 1, 16 bytes wide.
 */

/** One step of a rule. Those that ask end the rule where the answer is no. */
export type Expression =
  /** Takes bytes of the packet into the register, counted from one of its headers. */
  | {
      readonly kind: "load";
      readonly header: "network" | "transport";
      readonly offset: number;
      readonly length: number;
    }
  /** Takes the number of the transport protocol into the register, behind IPv6's extension headers too. */
  | { readonly kind: "load-protocol" }
  | { readonly kind: "compare"; readonly equal: boolean; readonly value: Uint8Array }
  /** Asks whether the register is (or is not) in a set of the same table. */
  | { readonly kind: "look-up"; readonly set: string; readonly present: boolean }
  /** Counts packets and bytes, for people. */
  | { readonly kind: "count" }
  /** NF_DROP or NF_ACCEPT. */
  | { readonly kind: "verdict"; readonly code: number };

/**
 * The attributes of one expression.
 *
 * @see linux/netfilter/nf_tables.h: enum nft_expr_attributes and those of each expression.
 */
export function serializeExpression(expression: Expression): AttributeBuilder {
  const { name, data } = describe(expression);
  return new AttributeBuilder().text(NFTA_EXPR_NAME, name, NFT_NAME_MAXLEN).nested(NFTA_EXPR_DATA, data);
}

function describe(expression: Expression): { readonly name: string; readonly data: AttributeBuilder } {
  const data = new AttributeBuilder();
  switch (expression.kind) {
    case "load": {
      const { header, offset, length } = expression;
      const base = header === "network" ? NFT_PAYLOAD_NETWORK_HEADER : NFT_PAYLOAD_TRANSPORT_HEADER;
      data
        .uint32(NFTA_PAYLOAD_DREG, NFT_REG_1, NETWORK_ORDER)
        .uint32(NFTA_PAYLOAD_BASE, base, NETWORK_ORDER)
        .uint32(NFTA_PAYLOAD_OFFSET, offset, NETWORK_ORDER)
        .uint32(NFTA_PAYLOAD_LEN, length, NETWORK_ORDER);
      return { name: "payload", data };
    }
    case "load-protocol":
      data.uint32(NFTA_META_KEY, NFT_META_L4PROTO, NETWORK_ORDER).uint32(NFTA_META_DREG, NFT_REG_1, NETWORK_ORDER);
      return { name: "meta", data };
    case "compare":
      data
        .uint32(NFTA_CMP_SREG, NFT_REG_1, NETWORK_ORDER)
        .uint32(NFTA_CMP_OP, expression.equal ? NFT_CMP_EQ : NFT_CMP_NEQ, NETWORK_ORDER)
        .nested(NFTA_CMP_DATA, new AttributeBuilder().bytes(NFTA_DATA_VALUE, expression.value));
      return { name: "cmp", data };
    case "look-up":
      data.text(NFTA_LOOKUP_SET, expression.set, NFT_NAME_MAXLEN).uint32(NFTA_LOOKUP_SREG, NFT_REG_1, NETWORK_ORDER);
      if (!expression.present) data.uint32(NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV, NETWORK_ORDER);
      return { name: "lookup", data };
    case "count":
      return { name: "counter", data };
    case "verdict": {
      const verdict = new AttributeBuilder().uint32(NFTA_VERDICT_CODE, expression.code, NETWORK_ORDER);
      data
        .uint32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT, NETWORK_ORDER)
        .nested(NFTA_IMMEDIATE_DATA, new AttributeBuilder().nested(NFTA_DATA_VERDICT, verdict));
      return { name: "immediate", data };
    }
  }
}
