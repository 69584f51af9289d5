import { contains, familyOf, formatPrefix, type IpAddress } from "../base/address.ts";
import { after, earliest, elapsed, instant, micros, millis, seconds, type Instant } from "../base/time.ts";
import type { AddressRecord, AddressRequest, Lifetime } from "../ports/kernel.ts";
import { IFAPROT_HOLDFAST } from "../ports/kernel.ts";
import type { Pending } from "./event-queue.ts";
import type { Machine } from "./machine.ts";

/** Whose an address is: what Holdfast added, or anything else on the host. */
export type AddressOwner = "holdfast" | "host";

/**
 * Who changed something: a process of Holdfast, somebody else on the host, or the kernel for one of its own reasons. What
 * goes with its primary was removed by whoever removed that.
 */
export type Actor = AddressOwner | "kernel-lifetime" | "kernel-interface";

export interface AddressChange {
  readonly kind: "added" | "renewed" | "removed";
  readonly record: AddressRecord;
  readonly owner: AddressOwner;
  readonly by: Actor;
}

type Key = Pick<AddressRequest, "interfaceIndex" | "address" | "prefixLength">;

/**
 * The addresses of one kernel, with its rules for lifetimes, for secondary addresses (IPv4) and for duplicate address
 * detection (IPv6), which finds no duplicates here.
 *
 * @see net/ipv4/devinet.c: check_lifetime, __inet_insert_ifa, __inet_del_ifa; net/ipv6/addrconf.c: inet6_addr_modify,
 * addrconf_dad_completed.
 */
export class AddressBook {
  readonly #machine: Machine;
  readonly #keepsProtocol: boolean;
  readonly #onChange: (change: AddressChange) => void;
  /** In the order of the kernel's lists. */
  #entries: Entry[] = [];
  #check: Pending | undefined;

  constructor(
    options: { readonly machine: Machine; readonly keepsProtocol: boolean },
    onChange: (change: AddressChange) => void,
  ) {
    this.#machine = options.machine;
    this.#keepsProtocol = options.keepsProtocol;
    this.#onChange = onChange;
  }

  records(): readonly AddressRecord[] {
    return this.#entries.map((entry) => this.#record(entry));
  }

  has(address: IpAddress): boolean {
    return this.#entries.some((entry) => entry.request.address === address);
  }

  /** Whether it is there, and packets may carry it as their source. */
  isUsable(address: IpAddress): boolean {
    return this.#entries.some((entry) => entry.request.address === address && !entry.tentative);
  }

  ownerOf(address: IpAddress): AddressOwner | undefined {
    return this.#entries.find((entry) => entry.request.address === address)?.owner;
  }

  /** @returns whether it was not there already. */
  add(request: AddressRequest, by: AddressOwner): boolean {
    if (this.#find(request) !== undefined) return false;
    const isIpv4 = familyOf(request.address) === "ipv4";
    const secondary = isIpv4 && this.#entries.some((entry) => !entry.secondary && sameSubnet(entry.request, request));
    const tentative = !isIpv4 && (request.flags & IFA_F_NODAD) === 0;
    const entry: Entry = { request, owner: by, secondary, tentative, renewedAt: this.#machine.monotonic() };
    this.#entries.push(entry);
    if (tentative) this.#machine.after(DETECTION, () => this.#completeDetection(entry));
    this.#onChange({ kind: "added", record: this.#record(entry), owner: by, by });
    this.#checkLifetimes();
    return true;
  }

  /** Gives each a new lifetime. One that is missing is created, as the kernel does without NLM_F_EXCL. */
  renew(requests: readonly AddressRequest[], by: AddressOwner): void {
    for (const request of requests) {
      const entry = this.#find(request);
      if (entry === undefined) {
        this.add(request, by);
        continue;
      }
      // A renewal does not change the mask.
      entry.request = { ...request, prefixLength: entry.request.prefixLength };
      entry.renewedAt = this.#machine.monotonic();
      this.#onChange({ kind: "renewed", record: this.#record(entry), owner: entry.owner, by });
    }
    this.#checkLifetimes();
  }

  /** With a primary go its secondaries, as long as promote_secondaries is off. @returns whether it was there. */
  remove(key: Key, by: Actor): boolean {
    const entry = this.#find(key);
    if (entry === undefined || entry.request.prefixLength !== key.prefixLength) return false;
    this.#entries = this.#entries.filter((other) => other !== entry);
    const isPrimary = familyOf(key.address) === "ipv4" && !entry.secondary;
    const followers = isPrimary ? this.#entries.filter((other) => sameSubnet(other.request, entry.request)) : [];
    this.#entries = this.#entries.filter((other) => !followers.includes(other));
    for (const follower of followers) {
      this.#onChange({ kind: "removed", record: this.#record(follower), owner: follower.owner, by });
    }
    this.#onChange({ kind: "removed", record: this.#record(entry), owner: entry.owner, by });
    return true;
  }

  /** Its interface has gone. */
  removeAllOf(interfaceIndex: number): void {
    for (const { request } of this.#entries.filter((entry) => entry.request.interfaceIndex === interfaceIndex)) {
      this.remove(request, "kernel-interface");
    }
  }

  /**
   * Removes what has run out and comes back for the next, at most once a second, put off to a whole second where that is
   * near. Each addition and renewal makes the kernel look at once. Its worker may be late, and so may a timer that waits for long.
   */
  #checkLifetimes(): void {
    this.#check?.cancel();
    const now = this.#machine.monotonic();
    for (const entry of this.#entries) {
      const end = endOf(entry);
      if (end !== undefined && now + TIMER_FUZZ_MINUS >= end) this.remove(entry.request, "kernel-lifetime");
    }
    const next = earliest(...this.#entries.map(endOf));
    if (next === undefined) return;
    const wholeSecond = instant(Math.ceil(next / seconds(1)) * seconds(1));
    const planned = elapsed(next, wholeSecond) < TIMER_FUZZ ? wholeSecond : next;
    const soonest = after(now, TIMER_FUZZ_MAX);
    const look = planned < soonest ? soonest : planned;
    const lateness = Math.max(WORKER_LATENESS, Math.floor(elapsed(now, look) / TIMER_GRANULES));
    const late = micros(this.#machine.random.below(lateness));
    this.#check = this.#machine.at(after(look, late), () => this.#checkLifetimes());
  }

  #completeDetection(entry: Entry): void {
    if (!this.#entries.includes(entry)) return;
    entry.tentative = false;
    this.#onChange({ kind: "renewed", record: this.#record(entry), owner: entry.owner, by: entry.owner });
  }

  /** An IPv4 address is there once with each mask, an IPv6 address once. */
  #find(key: Key): Entry | undefined {
    return this.#entries.find(
      ({ request }) =>
        request.interfaceIndex === key.interfaceIndex &&
        request.address === key.address &&
        (request.prefixLength === key.prefixLength || familyOf(key.address) === "ipv6"),
    );
  }

  #record(entry: Entry): AddressRecord {
    const { interfaceIndex, address, prefixLength } = entry.request;
    const claimed = entry.owner === "holdfast" && this.#keepsProtocol;
    return {
      interfaceIndex,
      address,
      prefixLength,
      secondary: entry.secondary,
      tentative: entry.tentative,
      protocol: claimed ? (entry.request.protocol ?? IFAPROT_HOLDFAST) : undefined,
      validLifetime: this.#remaining(entry),
    };
  }

  /** Whole seconds, as the kernel tells them: what has begun still counts. */
  #remaining(entry: Entry): Lifetime {
    const { validLifetime } = entry.request;
    if (validLifetime === "forever") return "forever";
    const age = Math.floor(elapsed(entry.renewedAt, this.#machine.monotonic()) / seconds(1));
    return Math.max(0, validLifetime - age);
  }
}

/** How an address is written in a log. */
export function formatRecord(record: AddressRecord): string {
  return formatPrefix({ address: record.address, length: record.prefixLength });
}

interface Entry {
  request: AddressRequest;
  readonly owner: AddressOwner;
  readonly secondary: boolean;
  tentative: boolean;
  renewedAt: Instant;
}

function endOf(entry: Entry): Instant | undefined {
  const { validLifetime } = entry.request;
  return validLifetime === "forever" ? undefined : after(entry.renewedAt, seconds(validLifetime));
}

function sameSubnet(left: Key, right: Key): boolean {
  return (
    left.interfaceIndex === right.interfaceIndex &&
    left.prefixLength === right.prefixLength &&
    contains({ address: left.address, length: left.prefixLength }, right.address)
  );
}

/** linux/if_addr.h. */
const IFA_F_NODAD = 0x02;
/** Up to a second before the question, one for an answer (RFC 4862 section 5.4). */
const DETECTION = millis(1_500);
/** ADDRCONF_TIMER_FUZZ_MINUS, ADDRCONF_TIMER_FUZZ and ADDRCONF_TIMER_FUZZ_MAX of net/addrconf.h. */
const TIMER_FUZZ_MINUS = millis(20);
const TIMER_FUZZ = millis(250);
const TIMER_FUZZ_MAX = seconds(1);
/** With the rounding to whole seconds: at most the 0.6 s that were measured. */
const WORKER_LATENESS = millis(350);
/** A timer of the kernel fires late by up to so large a part of its time (kernel/time/timer.c). */
const TIMER_GRANULES = 8;
