import { familyOf, type AddressFamily } from "../../base/address.ts";
import type { Instant, Micros } from "../../base/time.ts";
import { leaseEnd, lifetimeNow, renewalDueAt, type Lease, type LeasedAddress } from "../../core/lease.ts";
import type { AddressRequest } from "../../ports/kernel.ts";
import type { LeaseCompany } from "./lease-company.ts";

/** Whoever holds addresses. Its identity is what counts. */
export interface LeaseOwner {
  /** When it last adverted that it is master: backups count from then. */
  readonly advertisedAt: Instant;
  /** Its addresses are not to live longer than they do: it is handing them over. */
  readonly handingOver: boolean;
}

/** An address that is on an interface because Holdfast added it. */
export interface HeldAddress {
  readonly owner: LeaseOwner;
  /** As it was last sent: its valid lifetime is the one in force. */
  readonly request: AddressRequest;
  readonly lease: Lease;
  readonly downTimerAdverts: number;
  readonly advertisementInterval: Micros;
  /** Read before the last request that the kernel acknowledged was sent. */
  readonly renewedAt: Instant;
}

/** What the configuration says of a held address. */
export type HeldTerms = Pick<HeldAddress, "request" | "lease" | "downTimerAdverts" | "advertisementInterval">;

/** A held address that follows its renewals. There may be thousands, all looked at several times a second. */
export class HeldLease implements HeldAddress {
  readonly owner: LeaseOwner;
  readonly #company: LeaseCompany;
  readonly #family: AddressFamily;
  #request: AddressRequest;
  #terms: Omit<HeldTerms, "request">;
  #renewedAt: Instant;
  #end: Instant | undefined;
  /** For the decisions of the lease, made once. */
  #view: { -readonly [Key in keyof LeasedAddress]: LeasedAddress[Key] } | undefined;

  constructor({ owner, request, renewedAt, ...terms }: HeldAddress, company: LeaseCompany) {
    this.owner = owner;
    this.#company = company;
    this.#family = familyOf(request.address);
    this.#request = request;
    this.#terms = terms;
    this.#renewedAt = renewedAt;
    this.#refresh();
  }

  get request(): AddressRequest {
    return this.#request;
  }

  get lease(): Lease {
    return this.#terms.lease;
  }

  get downTimerAdverts(): number {
    return this.#terms.downTimerAdverts;
  }

  get advertisementInterval(): Micros {
    return this.#terms.advertisementInterval;
  }

  get renewedAt(): Instant {
    return this.#renewedAt;
  }

  /** From then on the kernel may have removed it, judged by the lifetime that was last acknowledged; undefined: never. */
  get end(): Instant | undefined {
    return this.#end;
  }

  /** See `renewalDueAt` of the lease; undefined where it is not to be renewed, or is not there any more. */
  renewalDueAt(now: Instant): Instant | undefined {
    if (this.#end !== undefined && now >= this.#end) return undefined;
    const view = this.#viewNow();
    return view === undefined ? undefined : renewalDueAt(view, now);
  }

  /** What to ask the kernel for now; undefined: what it has is better, or it is not to be renewed. */
  renewalNow(now: Instant): AddressRequest | undefined {
    const view = this.#viewNow();
    const lifetime = view === undefined ? undefined : lifetimeNow(view, now);
    return lifetime === undefined ? undefined : withLifetime(this.#request, lifetime);
  }

  /** Other terms, which the kernel need not be told of, or has acknowledged before `renewedAt`. */
  take({ request, ...terms }: HeldTerms, renewedAt: Instant): void {
    this.#terms = terms;
    this.renewed(request, renewedAt);
  }

  /** The kernel has acknowledged this. */
  renewed(request: AddressRequest, renewedAt: Instant): void {
    this.#request = request;
    this.#renewedAt = renewedAt;
    this.#refresh();
  }

  #refresh(): void {
    const { lease, downTimerAdverts, advertisementInterval } = this.#terms;
    if (lease.kind !== "timed") {
      this.#end = undefined;
      this.#view = undefined;
      return;
    }
    const granted = Number(this.#request.validLifetime);
    this.#end = leaseEnd({ seconds: granted }, this.#renewedAt);
    const { advertisedAt } = this.owner;
    const renewedAt = this.#renewedAt;
    if (this.#view === undefined) {
      const hasCompany = false;
      this.#view = { lease, downTimerAdverts, advertisementInterval, advertisedAt, renewedAt, granted, hasCompany };
    } else {
      Object.assign(this.#view, { lease, downTimerAdverts, advertisementInterval, renewedAt, granted });
    }
  }

  #viewNow(): LeasedAddress | undefined {
    if (this.#view === undefined || this.owner.handingOver) return undefined;
    this.#view.advertisedAt = this.owner.advertisedAt;
    this.#view.hasCompany = this.#company.isMixed(this.#family);
    return this.#view;
  }
}

/** The same request object as long as the lifetime stays, so that its bytes need not be made again. */
export function withLifetime(request: AddressRequest, lifetime: number): AddressRequest {
  if (request.validLifetime === lifetime) return request;
  const { preferredLifetime } = request;
  const preferred = preferredLifetime === request.validLifetime ? lifetime : preferredLifetime;
  const shorter = preferred === "forever" ? lifetime : Math.min(preferred, lifetime);
  return { ...request, validLifetime: lifetime, preferredLifetime: shorter };
}
