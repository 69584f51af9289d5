import { fail, succeed } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";
import { AttributeBuilder, AttributeReader } from "./attributes.ts";
import type { AttributeError } from "./attributes.ts";
import { HOST_ORDER, NETWORK_ORDER } from "./byte-order.ts";
import { NLA_F_NESTED, NLM_F_CREATE, NLM_F_DUMP } from "./constants.ts";
import type { NetlinkMessage, NetlinkRequest } from "./message.ts";
import {
  NF_ACCEPT,
  NFNETLINK_V0,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFNL_SUBSYS_NFTABLES,
  NFT_MSG_DELRULE,
  NFT_MSG_DELSETELEM,
  NFT_MSG_DELTABLE,
  NFT_MSG_GETSETELEM,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWSETELEM,
  NFT_MSG_NEWTABLE,
  NFT_NAME_MAXLEN,
  NFT_SET_TIMEOUT,
  NFTA_CHAIN_HOOK,
  NFTA_CHAIN_NAME,
  NFTA_CHAIN_POLICY,
  NFTA_CHAIN_TABLE,
  NFTA_CHAIN_TYPE,
  NFTA_DATA_VALUE,
  NFTA_HOOK_HOOKNUM,
  NFTA_HOOK_PRIORITY,
  NFTA_LIST_ELEM,
  NFTA_RULE_CHAIN,
  NFTA_RULE_EXPRESSIONS,
  NFTA_RULE_TABLE,
  NFTA_SET_ELEM_EXPIRATION,
  NFTA_SET_ELEM_KEY,
  NFTA_SET_ELEM_LIST_ELEMENTS,
  NFTA_SET_ELEM_LIST_SET,
  NFTA_SET_ELEM_LIST_TABLE,
  NFTA_SET_ELEM_TIMEOUT,
  NFTA_SET_FLAGS,
  NFTA_SET_ID,
  NFTA_SET_KEY_LEN,
  NFTA_SET_KEY_TYPE,
  NFTA_SET_NAME,
  NFTA_SET_TABLE,
  NFTA_TABLE_NAME,
  NLM_F_APPEND,
} from "./nftables-constants.ts";
import { serializeExpression } from "./nftables-expressions.ts";
import type { Expression } from "./nftables-expressions.ts";

/*
 * struct nfgenmsg: | nfgen_family 8 | version 8 | res_id 16, network order |   attributes follow
 *
 * nlmsg_type has the subsystem in its high byte. Numbers in attributes are in network order. What changes something stands
 * between NFNL_MSG_BATCH_BEGIN and NFNL_MSG_BATCH_END, whose res_id is the subsystem: all of it comes into force at one
 * moment, or nothing.
 */

/** A table, told from others by its family and its name. */
export interface Table {
  /** NFPROTO_*. */
  readonly family: number;
  readonly name: string;
}

/** A chain that the packets of a hook pass, and pass on unless a rule drops them. */
export interface BaseChain {
  readonly name: string;
  /** NF_INET_* or NF_ARP_*. */
  readonly hook: number;
  /** Lower comes first. */
  readonly priority: number;
}

/** A set of keys of one length whose elements may have an end. */
export interface KeySet {
  readonly name: string;
  /** TYPE_IPADDR or TYPE_IP6ADDR. */
  readonly keyType: number;
  readonly keyLength: number;
}

/** An element of a set. */
export interface SetElement {
  readonly key: Uint8Array;
  /** From when the kernel carries out the request; undefined: for ever. Whole milliseconds, at least 1. */
  readonly timeoutMs: number | undefined;
}

/** An element as the kernel lists it. */
export interface ListedElement {
  readonly key: Uint8Array;
  /** What is left; undefined: it has no end. */
  readonly expiresInMs: number | undefined;
}

/** What stands around the changes that belong together. */
export function transaction(requests: readonly NetlinkRequest[]): readonly NetlinkRequest[] {
  const border = { flags: 0, payload: header(0, NFNL_SUBSYS_NFTABLES) };
  return [{ ...border, type: NFNL_MSG_BATCH_BEGIN }, ...requests, { ...border, type: NFNL_MSG_BATCH_END }];
}

/** Adds a table. One that is there stays as it is. */
export function addTable({ family, name }: Table): NetlinkRequest {
  return request(NFT_MSG_NEWTABLE, 0, family, new AttributeBuilder().text(NFTA_TABLE_NAME, name, NAME));
}

/** Removes a table with all that is in it. Refused with ENOENT where it is not there. */
export function removeTable({ family, name }: Table): NetlinkRequest {
  return request(NFT_MSG_DELTABLE, 0, family, new AttributeBuilder().text(NFTA_TABLE_NAME, name, NAME));
}

/** Adds a chain of type filter. One that is there with the same hook stays with its rules. */
export function addChain(table: Table, chain: BaseChain): NetlinkRequest {
  const hook = new AttributeBuilder()
    .uint32(NFTA_HOOK_HOOKNUM, chain.hook, NETWORK_ORDER)
    .uint32(NFTA_HOOK_PRIORITY, chain.priority >>> 0, NETWORK_ORDER);
  const attributes = new AttributeBuilder()
    .text(NFTA_CHAIN_TABLE, table.name, NAME)
    .text(NFTA_CHAIN_NAME, chain.name, NAME)
    .nested(NFTA_CHAIN_HOOK, hook)
    .uint32(NFTA_CHAIN_POLICY, NF_ACCEPT, NETWORK_ORDER)
    .text(NFTA_CHAIN_TYPE, "filter", NAME);
  return request(NFT_MSG_NEWCHAIN, NLM_F_CREATE, table.family, attributes);
}

/** Removes all rules of a chain. */
export function flushChain(table: Table, chain: string): NetlinkRequest {
  const attributes = new AttributeBuilder().text(NFTA_RULE_TABLE, table.name, NAME).text(NFTA_RULE_CHAIN, chain, NAME);
  return request(NFT_MSG_DELRULE, 0, table.family, attributes);
}

/** Puts a rule behind those that the chain has. */
export function appendRule(table: Table, chain: string, expressions: readonly Expression[]): NetlinkRequest {
  const list = new AttributeBuilder();
  for (const expression of expressions) list.nested(NFTA_LIST_ELEM, serializeExpression(expression));
  const attributes = new AttributeBuilder()
    .text(NFTA_RULE_TABLE, table.name, NAME)
    .text(NFTA_RULE_CHAIN, chain, NAME)
    .nested(NFTA_RULE_EXPRESSIONS, list);
  return request(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, table.family, attributes);
}

/**
 * Adds a set. One that is there with the same keys stays with its elements.
 *
 * @param id Tells the sets of one transaction apart, from 1.
 */
export function addSet(table: Table, set: KeySet, id: number): NetlinkRequest {
  const attributes = new AttributeBuilder()
    .text(NFTA_SET_TABLE, table.name, NAME)
    .text(NFTA_SET_NAME, set.name, NAME)
    .uint32(NFTA_SET_FLAGS, NFT_SET_TIMEOUT, NETWORK_ORDER)
    .uint32(NFTA_SET_KEY_TYPE, set.keyType, NETWORK_ORDER)
    .uint32(NFTA_SET_KEY_LEN, set.keyLength, NETWORK_ORDER)
    .uint32(NFTA_SET_ID, id, NETWORK_ORDER);
  return request(NFT_MSG_NEWSET, NLM_F_CREATE, table.family, attributes);
}

/**
 * Adds elements, each with its time from now. Those that are there get that time, by kernels since 6.12; earlier ones leave
 * them as they are and say nothing.
 */
export function addElements(table: Table, set: string, elements: readonly SetElement[]): NetlinkRequest[] {
  return inPortions(elements, (portion) => {
    const list = serializeElements(portion, (element) => element.timeoutMs);
    return request(NFT_MSG_NEWSETELEM, NLM_F_CREATE, table.family, elementsOf(table, set, list));
  });
}

/** Removes elements. One that is not there, or has ended, makes the kernel refuse all with ENOENT. */
export function removeElements(table: Table, set: string, keys: readonly Uint8Array[]): NetlinkRequest[] {
  const elements = keys.map((key) => ({ key, timeoutMs: undefined }));
  return inPortions(elements, (portion) => {
    const list = serializeElements(portion, () => undefined);
    return request(NFT_MSG_DELSETELEM, 0, table.family, elementsOf(table, set, list));
  });
}

/** Asks for the elements of a set that have not ended. */
export function listElements(table: Table, set: string): NetlinkRequest {
  const attributes = new AttributeBuilder()
    .text(NFTA_SET_ELEM_LIST_TABLE, table.name, NAME)
    .text(NFTA_SET_ELEM_LIST_SET, set, NAME);
  return request(NFT_MSG_GETSETELEM, NLM_F_DUMP, table.family, attributes);
}

/** Reads the elements in one message of a list; any other message has none. */
export function parseElements(
  message: Pick<NetlinkMessage, "type" | "payload">,
): Result<readonly ListedElement[], AttributeError> {
  const { type, payload } = message;
  if (type !== typeOf(NFT_MSG_NEWSETELEM)) return succeed([]);
  if (payload.length < NFGENMSG_LENGTH) {
    return fail({ code: "TRUNCATED", needed: NFGENMSG_LENGTH, length: payload.length });
  }
  const elements: ListedElement[] = [];
  const attributes = new AttributeReader(payload.subarray(NFGENMSG_LENGTH));
  while (attributes.next()) {
    if (attributes.type !== NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    const list = attributes.nested();
    while (list.next()) if (list.type === NFTA_LIST_ELEM) elements.push(parseElement(list.nested()));
  }
  return attributes.error === undefined ? succeed(elements) : fail(attributes.error);
}

function parseElement(attributes: AttributeReader): ListedElement {
  let key: Uint8Array = new Uint8Array(0);
  let expiresInMs: number | undefined;
  while (attributes.next()) {
    if (attributes.type === NFTA_SET_ELEM_KEY) {
      const data = attributes.nested();
      while (data.next()) if (data.type === NFTA_DATA_VALUE) key = data.bytes();
    } else if (attributes.type === NFTA_SET_ELEM_EXPIRATION) {
      const bytes = attributes.bytesOf(UINT64_LENGTH);
      expiresInMs = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, NETWORK_ORDER));
    }
  }
  return { key, expiresInMs };
}

function request(message: number, flags: number, family: number, attributes: AttributeBuilder): NetlinkRequest {
  const head = header(family, 0);
  const rest = attributes.build();
  const payload = new Uint8Array(head.length + rest.length);
  payload.set(head);
  payload.set(rest, head.length);
  return { type: typeOf(message), flags, payload };
}

function typeOf(message: number): number {
  return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

function header(family: number, resource: number): Uint8Array {
  const bytes = Uint8Array.of(family, NFNETLINK_V0, 0, 0);
  new DataView(bytes.buffer).setUint16(2, resource, NETWORK_ORDER);
  return bytes;
}

function elementsOf(table: Table, set: string, list: Uint8Array): AttributeBuilder {
  return new AttributeBuilder()
    .text(NFTA_SET_ELEM_LIST_TABLE, table.name, NAME)
    .text(NFTA_SET_ELEM_LIST_SET, set, NAME)
    .bytes(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, list);
}

function inPortions(
  elements: readonly SetElement[],
  make: (portion: readonly SetElement[]) => NetlinkRequest,
): NetlinkRequest[] {
  const requests: NetlinkRequest[] = [];
  for (let at = 0; at < elements.length; at += PORTION) requests.push(make(elements.slice(at, at + PORTION)));
  return requests;
}

/**
 * NFTA_LIST_ELEM { NFTA_SET_ELEM_KEY { NFTA_DATA_VALUE: key } | NFTA_SET_ELEM_TIMEOUT 64 | NFTA_SET_ELEM_EXPIRATION 64 } …
 *
 * Written in one piece: a thousand elements may be renewed many times a second.
 */
function serializeElements(
  elements: readonly SetElement[],
  timeoutOf: (element: SetElement) => number | undefined,
): Uint8Array {
  const length = elements.reduce((sum, element) => sum + elementLength(element.key, timeoutOf(element)), 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const attribute = (type: number, size: number): void => {
    view.setUint16(at, size, HOST_ORDER);
    view.setUint16(at + 2, type, HOST_ORDER);
    at += NLATTR_LENGTH;
  };
  for (const element of elements) {
    const { key } = element;
    const timeoutMs = timeoutOf(element);
    attribute(NFTA_LIST_ELEM | NLA_F_NESTED, elementLength(key, timeoutMs));
    attribute(NFTA_SET_ELEM_KEY | NLA_F_NESTED, 2 * NLATTR_LENGTH + key.length);
    attribute(NFTA_DATA_VALUE, NLATTR_LENGTH + key.length);
    bytes.set(key, at);
    at += key.length;
    if (timeoutMs === undefined) continue;
    // Without the second an element that is there would keep its end.
    for (const type of [NFTA_SET_ELEM_TIMEOUT, NFTA_SET_ELEM_EXPIRATION]) {
      attribute(type, NLATTR_LENGTH + UINT64_LENGTH);
      view.setUint32(at, Math.floor(timeoutMs / 2 ** 32), NETWORK_ORDER);
      view.setUint32(at + 4, timeoutMs >>> 0, NETWORK_ORDER);
      at += UINT64_LENGTH;
    }
  }
  return bytes;
}

function elementLength(key: Uint8Array, timeoutMs: number | undefined): number {
  return 3 * NLATTR_LENGTH + key.length + (timeoutMs === undefined ? 0 : 2 * (NLATTR_LENGTH + UINT64_LENGTH));
}

const NFGENMSG_LENGTH = 4;
const NLATTR_LENGTH = 4;
const UINT64_LENGTH = 8;
const NAME = NFT_NAME_MAXLEN;

/** Elements of a message: an attribute holds 64 KiB, and one of these takes up to 52 bytes. */
const PORTION = 1_000;
