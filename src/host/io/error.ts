/** `wasi:io/error`: what a stream failed with, and how a failure reaches the guest. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-io-error";
import type { StreamEnd, StreamFailure } from "../../base/byte_stream.ts";
import { WitError } from "../../base/errors.ts";
import type { LiveCounters } from "../../telemetry/live_counters.ts";
import { HostResource, type ResourceOptions } from "../resource.ts";
import type { HostInterface, HostSide } from "../types.ts";

/** The resource `error`. `network-error-code`, `http-error-code` and the like look into its `failure`. */
export class IoError extends HostResource implements HostSide<Declared.Error> {
  readonly failure: StreamFailure;

  constructor(failure: StreamFailure, options: ResourceOptions) {
    super(options);
    this.failure = failure;
  }

  // WIT to-debug-string: func() -> string
  toDebugString(): string {
    return this.failure.message;
  }

  protected override onDrop(): void {}
}

/** The interface `wasi:io/error`. */
export const ERROR_INTERFACE = { Error: IoError } satisfies HostInterface<typeof Declared>;

/** The `err` side of a stream operation: WIT `variant stream-error { last-operation-failed(error), closed }`. */
export type StreamError = { readonly tag: "closed" } | { readonly tag: "last-operation-failed"; readonly val: IoError };

const CLOSED: WitError<StreamError> = new WitError({ tag: "closed" });

/** What a stream operation throws for `end`. */
export function streamError(end: StreamEnd, counters: LiveCounters): WitError<StreamError> {
  if (end === "closed") return CLOSED;
  return new WitError({ tag: "last-operation-failed", val: new IoError(end.failed, { counters }) });
}
