/**
 * DNS-bound grants: which names `resolve-addresses` answered with which addresses. A grant opens nothing by
 * itself; it lets `judgeAddress` apply the rules for the name to an address that a guest connects to.
 */
import type { Clock } from "../base/clock.ts";
import { formatIpAddress, type IpAddress } from "../base/ip_address.ts";

/** A name is used a moment after it is resolved; a TTL of 0 must not undo that. */
const TTL_S_MIN = 30;
/** An address may be somebody else's by then, whatever its old owner promised. */
const TTL_S_MAX = 3600;
/** Stops a guest that resolves without end from filling the memory; more peers at once have no connection either. */
const GRANTS_MAX = 1024;

interface Grant {
  readonly name: string;
  readonly address: string;
  readonly expiresNs: bigint;
}

/**
 * The grants of one component (all its instances) or of the service; never shared, because what one may reach is not
 * what another may.
 *
 * @example
 * const grants = new GrantTable({ clock });
 * grants.add("db.example.com", answers, { ttlS: 60 });
 * judgeAddress(target, { policy, own, grantedNames: grants.namesOf(target.address) });
 */
export class GrantTable {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #grants = new Map<string, Grant>();
  /** For each address, the keys of its grants. */
  readonly #byAddress = new Map<string, Set<string>>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** Grants that are held, expired ones that nobody asked for included. */
  get size(): number {
    return this.#grants.size;
  }

  /** `addresses` are what is left after judging; `ttlS` is undefined when unknown. A later answer counts, not the longer. */
  add(
    name: string,
    addresses: readonly IpAddress[],
    { ttlS = TTL_S_MIN }: { readonly ttlS?: number | undefined } = {},
  ): void {
    const seconds = ttlS > TTL_S_MIN ? Math.min(Math.floor(ttlS), TTL_S_MAX) : TTL_S_MIN;
    const expiresNs = this.#clock.monotonicNs() + BigInt(seconds) * 1_000_000_000n;
    for (const one of addresses) {
      const address = formatIpAddress(one);
      const key = `${name} ${address}`;
      this.#remove(key);
      this.#grants.set(key, { name, address, expiresNs });
      const keys = this.#byAddress.get(address);
      if (keys === undefined) this.#byAddress.set(address, new Set([key]));
      else keys.add(key);
      if (this.#grants.size > GRANTS_MAX) this.#removeOldest();
    }
  }

  /** The names that this address was given for and that still count. */
  namesOf(address: IpAddress): readonly string[] {
    const nowNs = this.#clock.monotonicNs();
    const names: string[] = [];
    for (const key of this.#byAddress.get(formatIpAddress(address)) ?? []) {
      const grant = this.#grants.get(key);
      if (grant === undefined || grant.expiresNs <= nowNs) this.#remove(key);
      else names.push(grant.name);
    }
    return names;
  }

  /** Forgets the grants of other names. */
  retain(isKept: (name: string) => boolean): void {
    for (const [key, { name }] of this.#grants) {
      if (!isKept(name)) this.#remove(key);
    }
  }

  /** Forgets everything: the guest ended, or its policy changed. */
  clear(): void {
    this.#grants.clear();
    this.#byAddress.clear();
  }

  #removeOldest(): void {
    for (const key of this.#grants.keys()) {
      this.#remove(key);
      return;
    }
  }

  #remove(key: string): void {
    const grant = this.#grants.get(key);
    if (grant === undefined) return;
    this.#grants.delete(key);
    const keys = this.#byAddress.get(grant.address);
    keys?.delete(key);
    if (keys?.size === 0) this.#byAddress.delete(grant.address);
  }
}
