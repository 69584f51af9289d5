import { fail, succeed } from "../base/result.ts";
import type { Result } from "../base/result.ts";
import type { SystemFailure } from "../ports/failure.ts";
import type {
  AddressRecord,
  AddressRequest,
  Kernel,
  KernelEvent,
  KernelMonitor,
  NetworkInterface,
} from "../ports/kernel.ts";
import {
  NETLINK_ROUTE,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_IPV6_NETCONF,
  RTMGRP_LINK,
} from "../wire/netlink/constants.ts";
import type { NetlinkRequest } from "../wire/netlink/message.ts";
import {
  addAddress,
  listAddresses,
  listLinks,
  parseRouteMessage,
  removeAddress,
  renewAddress,
} from "../wire/netlink/rtnetlink.ts";
import type { RouteFact } from "../wire/netlink/rtnetlink.ts";
import { libc } from "./libc.ts";
import { NO_ANSWER, openNetlinkSocket, subscribeToNetlink } from "./netlink-socket.ts";
import type { NetlinkBuffer, NetlinkSocket, Refusal } from "./netlink-socket.ts";

export interface LinuxKernel extends Kernel {
  /** Gives the socket for requests back; monitors are closed by whoever opened them. */
  close(): void;
}

/** Opens a conversation with rtnetlink in the network namespace of this process. Asking needs no privilege. */
export function openLinuxKernel(buffers: KernelBuffers = {}): Result<LinuxKernel, SystemFailure> {
  const opened = openNetlinkSocket(NETLINK_ROUTE, buffers.requests);
  if (!opened.ok) return opened;
  // By a socket of its own, so that our monitors can be deaf to it.
  const renewing = openNetlinkSocket(NETLINK_ROUTE, buffers.requests);
  if (renewing.ok) return succeed(kernelOf(opened.value, renewing.value, buffers));
  opened.value.close();
  return renewing;
}

/** Room for what the kernel says; what is not named has room enough for hosts with thousands of addresses. */
export interface KernelBuffers {
  readonly requests?: NetlinkBuffer | undefined;
  readonly events?: NetlinkBuffer | undefined;
}

function kernelOf(socket: NetlinkSocket, renewing: NetlinkSocket, buffers: KernelBuffers): LinuxKernel {
  // What is prepared is added later, and a lease is renewed with the same request again and again: bytes are made once.
  const addition = remembering(addAddress);
  const renewal = remembering(renewAddress);

  return {
    interfaces: () => {
      const facts = list(socket, listLinks(), "list the interfaces");
      if (!facts.ok) return facts;
      const interfaces: NetworkInterface[] = [];
      for (const fact of facts.value) if (fact.kind === "interface-changed") interfaces.push(fact.interface);
      return succeed(interfaces);
    },
    addresses: () => {
      const facts = list(socket, listAddresses(), "list the addresses");
      if (!facts.ok) return facts;
      const records: AddressRecord[] = [];
      for (const fact of facts.value) if (fact.kind === "address-added") records.push(fact.record);
      return succeed(records);
    },
    addAddress: (request) => single(socket, addAddress(request), () => `add ${target(request, "to")}`),
    addAddresses: (requests) => {
      const answers = socket.request(requests.map(addition));
      return inWords(requests, answers, (request) => `add ${target(request, "to")}`);
    },
    prepareAddresses: (requests) => {
      for (const request of requests) addition(request);
    },
    renewAddresses: (requests) => {
      const isQuiet = requests.every(({ validLifetime }) => validLifetime !== "forever");
      const answers = (isQuiet ? renewing : socket).request(requests.map(renewal));
      return inWords(requests, answers, (request) => `renew ${target(request, "on")}`);
    },
    removeAddress: (request) => single(socket, removeAddress(request), () => `remove ${target(request, "from")}`),
    openMonitor: (onReadable) => openMonitor(onReadable, buffers.events, renewing.port),
    close: () => {
      socket.close();
      renewing.close();
    },
  };
}

function remembering(make: (request: AddressRequest) => NetlinkRequest): (request: AddressRequest) => NetlinkRequest {
  const made = new WeakMap<AddressRequest, NetlinkRequest>();
  return (request) => {
    const known = made.get(request);
    if (known !== undefined) return known;
    const fresh = make(request);
    made.set(request, fresh);
    return fresh;
  };
}

function openMonitor(
  onReadable: () => void,
  buffer: NetlinkBuffer | undefined,
  deafTo: number,
): Result<KernelMonitor, SystemFailure> {
  const groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_NETCONF;
  const opened = subscribeToNetlink(NETLINK_ROUTE, groups, onReadable, { buffer, deafTo });
  if (!opened.ok) return opened;
  const subscription = opened.value;
  return succeed({
    receive: () => {
      const { messages, overrun } = subscription.receive();
      const events: KernelEvent[] = overrun ? [{ kind: "overrun" }] : [];
      for (const message of messages) {
        const fact = parseRouteMessage(message);
        if (fact.ok && fact.value.kind !== "other") events.push(fact.value);
      }
      return events;
    },
    close: () => subscription.close(),
  });
}

function list(
  socket: NetlinkSocket,
  request: NetlinkRequest,
  operation: string,
): Result<readonly RouteFact[], SystemFailure> {
  const dumped = socket.dump(request);
  if (!dumped.ok) return fail(refused(dumped.error, operation));
  const facts: RouteFact[] = [];
  for (const message of dumped.value) {
    const fact = parseRouteMessage(message);
    // A record that cannot be read says nothing about the others; the kernel has never sent one.
    if (fact.ok) facts.push(fact.value);
  }
  return succeed(facts);
}

function single(socket: NetlinkSocket, request: NetlinkRequest, operation: () => string): Result<void, SystemFailure> {
  const [answer = fail(NO_ANSWER)] = socket.request([request]);
  return answer.ok ? answer : fail(refused(answer.error, operation()));
}

function inWords(
  requests: readonly AddressRequest[],
  answers: readonly Result<void, Refusal>[],
  operation: (request: AddressRequest) => string,
): readonly Result<void, SystemFailure>[] {
  return requests.map((request, index) => {
    const answer = answers[index] ?? fail(NO_ANSWER);
    return answer.ok ? answer : fail(refused(answer.error, operation(request)));
  });
}

function refused(refusal: Refusal, operation: string): SystemFailure {
  const remedy = refusal.errno === "EPERM" ? " (needs CAP_NET_ADMIN)" : "";
  return { operation: operation + remedy, errno: refusal.errno, message: refusal.message };
}

/** `192.0.2.1/24 to eth0`, for people; asked for only when something was refused. */
function target(
  { address, prefixLength, interfaceIndex }: Pick<AddressRequest, "interfaceIndex" | "address" | "prefixLength">,
  preposition: string,
): string {
  const name = libc().if_indextoname(interfaceIndex) ?? `interface ${interfaceIndex}`;
  return `${address}/${prefixLength} ${preposition} ${name}`;
}
