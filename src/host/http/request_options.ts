/** `wasi:http/types.request-options`. */
import type * as Declared from "@bytecodealliance/preview2-shim/interfaces/wasi-http-types";
import type { HttpContext } from "./http_context.ts";
import { HostResource } from "../resource.ts";
import type { HostSide } from "../types.ts";

/** What the guest set; undefined is the host's own limit. In nanoseconds. */
export interface RequestTimeouts {
  readonly connectTimeoutNs: bigint | undefined;
  readonly firstByteTimeoutNs: bigint | undefined;
  readonly betweenBytesTimeoutNs: bigint | undefined;
}

/** The resource `request-options`. Every timeout can be set, so the setters never fail. */
export class RequestOptions extends HostResource implements HostSide<Declared.RequestOptions> {
  #connectTimeoutNs: bigint | undefined;
  #firstByteTimeoutNs: bigint | undefined;
  #betweenBytesTimeoutNs: bigint | undefined;

  // WIT constructor()
  static create(context: HttpContext): RequestOptions {
    return new RequestOptions({ counters: context.counters });
  }

  // WIT connect-timeout: func() -> option<duration>
  connectTimeout(): bigint | undefined {
    return this.#connectTimeoutNs;
  }

  // WIT set-connect-timeout: func(duration: option<duration>) -> result
  setConnectTimeout(duration: bigint | undefined): void {
    this.#connectTimeoutNs = duration;
  }

  // WIT first-byte-timeout: func() -> option<duration>
  firstByteTimeout(): bigint | undefined {
    return this.#firstByteTimeoutNs;
  }

  // WIT set-first-byte-timeout: func(duration: option<duration>) -> result
  setFirstByteTimeout(duration: bigint | undefined): void {
    this.#firstByteTimeoutNs = duration;
  }

  // WIT between-bytes-timeout: func() -> option<duration>
  betweenBytesTimeout(): bigint | undefined {
    return this.#betweenBytesTimeoutNs;
  }

  // WIT set-between-bytes-timeout: func(duration: option<duration>) -> result
  setBetweenBytesTimeout(duration: bigint | undefined): void {
    this.#betweenBytesTimeoutNs = duration;
  }

  /** The guest gave the options away with its request. */
  take(): RequestTimeouts {
    this[Symbol.dispose]();
    return {
      connectTimeoutNs: this.#connectTimeoutNs,
      firstByteTimeoutNs: this.#firstByteTimeoutNs,
      betweenBytesTimeoutNs: this.#betweenBytesTimeoutNs,
    };
  }

  protected override onDrop(): void {}
}
