/** What descriptors get from their guest's context, and how limits that they meet are told. */
import type { Clock } from "../../base/clock.ts";
import { WitError } from "../../base/errors.ts";
import type { EmitEvent } from "../../telemetry/events.ts";
import type { LiveCounters } from "../../telemetry/live_counters.ts";
import type { OnLimit } from "../../telemetry/limit_log.ts";
import { VolumeLimitError } from "../../volume/entry.ts";
import type { EntryAllowance, ListingMemory } from "../../volume/listing.ts";
import type { Maybe } from "../types.ts";

/** The same for all descriptors of a mount. */
export interface DescriptorTools {
  readonly counters: LiveCounters;
  readonly clock: Pick<Clock, "wallMs">;
  readonly onLimit: OnLimit;
  readonly emit: EmitEvent;
  readonly entries: EntryAllowance;
  /** Counts what the host keeps for the guest. Default: nobody counts. */
  readonly memory?: ListingMemory | undefined;
  /** Of the mount. */
  readonly isWritable: boolean;
}

/** Tells the operator of a limit that `work` meets; the guest gets its error either way. */
export function tellingLimits<T>(tools: DescriptorTools, work: () => Maybe<T>): Maybe<T> {
  const tell = (error: unknown): never => {
    tellLimit(tools, error);
    throw error;
  };
  try {
    const done = work();
    return done instanceof Promise ? done.catch(tell) : done;
  } catch (error) {
    return tell(error);
  }
}

/** Tells it if it was a limit. */
export function tellLimit({ onLimit }: Pick<DescriptorTools, "onLimit">, error: unknown): void {
  if (error instanceof VolumeLimitError) onLimit(error.limit, error.detail);
}

/** For streams, whose failures have nobody to be thrown to. */
export function tellFailure(tools: Pick<DescriptorTools, "onLimit" | "emit">, error: unknown): void {
  tellLimit(tools, error);
  if (!(error instanceof WitError)) tools.emit({ kind: "fault", where: "a file of a volume", error });
}
