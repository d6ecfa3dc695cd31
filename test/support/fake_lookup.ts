/** A lookup of the resolver whose answer a test gives. */
import { ALWAYS_READY, WaitList } from "../../src/base/waitable.ts";
import type { LookupOutcome, PendingLookup } from "../../src/network/resolver.ts";
import { ip } from "./policy_of.ts";

export class FakeLookup implements PendingLookup {
  readonly name: string;
  isCancelled = false;
  readonly #waiters = new WaitList();
  #outcome: LookupOutcome | undefined;

  constructor(name: string) {
    this.name = name;
  }

  answer(...addresses: readonly string[]): void {
    this.end({ kind: "answers", addresses: addresses.map(ip), ttlS: 60 });
  }

  end(outcome: LookupOutcome): void {
    this.#outcome ??= outcome;
    this.#waiters.wakeAll();
  }

  outcome(): LookupOutcome | undefined {
    return this.#outcome;
  }

  isReady(): boolean {
    return this.#outcome !== undefined;
  }

  onReady(wake: () => void): () => void {
    return this.isReady() ? ALWAYS_READY.onReady(wake) : this.#waiters.add(wake);
  }

  cancel(): void {
    this.isCancelled = true;
    this.end({ kind: "failed", reason: "cancelled" });
  }
}
