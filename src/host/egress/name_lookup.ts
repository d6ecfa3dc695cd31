/** A question of a guest, from `resolve-addresses` to its last answer. Answers are judged as they come, before it sees one. */
import type { IpAddress } from "../../base/ip_address.ts";
import { ALWAYS_READY, type Waitable, WaitList } from "../../base/waitable.ts";
import type { LookupOutcome, PendingLookup } from "../../network/resolver.ts";

/** Why there are no addresses, as WIT calls it. */
export type LookupFailure =
  | "name-unresolvable"
  | "temporary-resolver-failure"
  /** It was permitted when it was asked, and is not any more. */
  | "permanent-resolver-failure";

/** Answers that were there without asking, or a lookup on its way and who judges what comes of it. */
export type NameLookupOptions =
  | { readonly addresses: readonly IpAddress[] }
  | {
    readonly lookup: PendingLookup;
    /** Gives the lookup's place back; called once it is over. */
    readonly release: () => void;
    /** What is left of the answers; called once, at the moment they come. */
    readonly judge: (answers: readonly IpAddress[], ttlS: number) => readonly IpAddress[];
  };

/** Ready when `outcome` is there. */
export class NameLookup implements Waitable {
  readonly #waiters = new WaitList();
  #outcome: readonly IpAddress[] | LookupFailure | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: NameLookupOptions) {
    if ("addresses" in options) {
      this.#outcome = options.addresses;
      return;
    }
    const { lookup, release, judge } = options;
    const settle = (): void => {
      const outcome = lookup.outcome();
      // A wake-up promises nothing.
      if (outcome === undefined) {
        withdraw = lookup.onReady(settle);
        return;
      }
      release();
      this.#cancel = undefined;
      this.#outcome = addressesOf(outcome, judge);
      this.#waiters.wakeAll();
    };
    let withdraw = lookup.onReady(settle);
    this.#cancel = () => {
      withdraw();
      lookup.cancel();
      release();
    };
  }

  /** undefined while under way; afterwards at least one address, or why there is none. */
  outcome(): readonly IpAddress[] | LookupFailure | undefined {
    return this.#outcome;
  }

  isReady(): boolean {
    return this.#outcome !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  /** Nobody waits any more. Idempotent. */
  cancel(): void {
    this.#giveUp("temporary-resolver-failure");
  }

  /** It is not permitted any more. Does nothing when it is over. */
  deny(): void {
    this.#giveUp("permanent-resolver-failure");
  }

  #giveUp(failure: LookupFailure): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#outcome ??= failure;
    this.#waiters.wakeAll();
  }
}

function addressesOf(
  outcome: LookupOutcome,
  judge: (answers: readonly IpAddress[], ttlS: number) => readonly IpAddress[],
): readonly IpAddress[] | LookupFailure {
  switch (outcome.kind) {
    case "answers": {
      const addresses = judge(outcome.addresses, outcome.ttlS);
      return addresses.length > 0 ? addresses : "name-unresolvable";
    }
    case "not-found":
      return "name-unresolvable";
    case "failed":
    case "timeout":
      return "temporary-resolver-failure";
  }
}
