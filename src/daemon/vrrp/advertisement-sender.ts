import type { Authentication } from "../../base/advertisement.ts";
import type { IpAddress } from "../../base/address.ts";
import { succeed, type Result } from "../../base/result.ts";
import type { InstanceSettings } from "../../config/model/instance.ts";
import type { SystemFailure } from "../../ports/failure.ts";
import type { NetworkInterface } from "../../ports/kernel.ts";
import type { AuthenticationPolicy } from "../../core/vrrp/receive.ts";
import { serializeAdvertisement, TYPE_ADVERTISEMENT, VRRP_GROUP_IPV4, type Advertisement } from "../../wire/vrrp.ts";
import type { Authenticator } from "./authenticator.ts";
import type { Sending } from "./sending-watch.ts";
import type { PooledSocket, SocketPool } from "./socket-pool.ts";

/** Sends the adverts of one instance to its group or its peers. */
export class AdvertisementSender {
  readonly #sockets: SocketPool;
  readonly #authenticator: Authenticator;
  #settings: InstanceSettings;
  #connection: { readonly interfaceIndex: number; readonly socket: PooledSocket } | undefined;
  #identification = 0;
  /** What was sent last, to whom: adverts repeat themselves. */
  #messages = new Map<IpAddress, Uint8Array>();
  #messagesFor: { readonly priority: number; readonly source: IpAddress } | undefined;
  #oldUnicastChecksum = false;

  constructor(
    settings: InstanceSettings,
    dependencies: { readonly sockets: SocketPool; readonly authenticator: Authenticator },
  ) {
    this.#settings = settings;
    this.#sockets = dependencies.sockets;
    this.#authenticator = dependencies.authenticator;
  }

  reconfigure(settings: InstanceSettings): void {
    this.#settings = settings;
    this.#messagesFor = undefined;
  }

  /**
   * Uses the socket for this interface from now on, with so much more room for what is received.
   * @returns the key of that socket, which packets carry.
   */
  connect(device: NetworkInterface, receiveBuffer: number | undefined): Result<string, SystemFailure> {
    const { transport, family, authentication } = this.#settings;
    const acquired = this.#sockets.acquire({
      vrid: this.#settings.vrid,
      interfaceIndex: device.index,
      interfaceName: device.name,
      family,
      group: transport.kind === "multicast" ? transport.group : undefined,
      authenticationHeader: authentication.kind === "header",
      receiveBuffer,
    });
    if (!acquired.ok) return acquired;
    this.close();
    this.#connection = { interfaceIndex: device.index, socket: acquired.value };
    return succeed(acquired.value.key);
  }

  close(): void {
    if (this.#connection !== undefined) this.#sockets.release(this.#connection.socket);
    this.#connection = undefined;
  }

  /** @returns whether it used this interface. */
  disconnect(interfaceIndex: number): boolean {
    if (this.#connection?.interfaceIndex !== interfaceIndex) return false;
    this.close();
    return true;
  }

  /** The peers compute version 3 checksums as keepalived once did: do the same. */
  useOldUnicastChecksum(): void {
    if (!this.#oldUnicastChecksum) this.#messagesFor = undefined;
    this.#oldUnicastChecksum = true;
  }

  /** Runs the code of the first advert once, without sending it: what runs for the first time costs milliseconds. */
  prepare(source: IpAddress): void {
    const message = this.#serialize(0, source, source);
    this.#authenticator.beginAdvert();
    this.#authenticator.seal({ source, destination: source, hopLimit: 255, identification: 0, message });
  }

  /** Sends one advert to everybody concerned. */
  send(priority: number, source: IpAddress): Sending {
    const { transport } = this.#settings;
    const targets = transport.kind === "multicast" ? [transport.group] : transport.peers.map(({ address }) => address);
    const hopLimit = transport.kind === "multicast" ? 255 : transport.ttl;
    this.#identification = (this.#identification % 0xffff) + 1;
    const identification = this.#identification;
    this.#authenticator.beginAdvert();
    let failure: SystemFailure | undefined;
    let sent = false;
    for (const destination of targets) {
      const message = this.#message(priority, source, destination);
      const packet = { source, destination, hopLimit, message, identification };
      const taken = this.#connection?.socket.send({ ...packet, message: this.#authenticator.seal(packet) });
      if (taken?.ok === true) sent = true;
      else failure = taken?.error;
    }
    return { sent, failure };
  }

  /** The same object as long as it says the same. */
  #message(priority: number, source: IpAddress, destination: IpAddress): Uint8Array {
    if (this.#messagesFor?.priority !== priority || this.#messagesFor.source !== source) {
      this.#messages.clear();
      this.#messagesFor = { priority, source };
    }
    const known = this.#messages.get(destination);
    if (known !== undefined) return known;
    const message = this.#serialize(priority, source, destination);
    this.#messages.set(destination, message);
    return message;
  }

  #serialize(priority: number, source: IpAddress, destination: IpAddress): Uint8Array {
    const settings = this.#settings;
    const fields = {
      type: TYPE_ADVERTISEMENT,
      vrid: settings.vrid,
      priority,
      advertisementInterval: settings.advertisementInterval,
      addresses: settings.virtualAddresses.map(({ address }) => address),
    };
    const advertisement: Advertisement =
      settings.version === 3
        ? { version: 3, ...fields }
        : { version: 2, ...fields, authentication: fieldsOf(this.#authenticator.policy) };
    const { transport } = settings;
    const setting = transport.kind === "unicast" ? transport.oldChecksum : "never";
    const old = setting === "always" || (setting === "detect" && this.#oldUnicastChecksum);
    return serializeAdvertisement(advertisement, {
      source,
      destination: old ? VRRP_GROUP_IPV4 : destination,
      // Over IPv6 it is part of every checksum (RFC 8200 section 8.1).
      pseudoHeader: settings.family === "ipv6" || (settings.version === 3 && !settings.checksumAsV2),
    });
  }
}

/** What version 2 says of it in its own fields: a signature is none of their business. */
function fieldsOf(policy: AuthenticationPolicy): Authentication {
  return policy.kind === "signature" ? { kind: "none" } : policy;
}
