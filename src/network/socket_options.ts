/**
 * The options that sockets of both protocols have, with the bounds of network.md. Zero is `invalid-argument`, too large
 * is clamped; what has nothing to act on is still stored and returned.
 */
import type { SocketErrorCode } from "./socket_error.ts";

/** What a guest gets that does not ask; one direction of a TCP connection buffers at most the sum of two of these. */
const BUFFER_BYTES_DEFAULT = 64 * 1024;
/** Stops one socket from taking a large part of the workload's 64 MiB: 2 MiB a direction at most. */
const BUFFER_BYTES_MAX = 1024 * 1024;

interface Values {
  readonly hopLimit: number;
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
}

const DEFAULTS: Values = {
  hopLimit: 64,
  receiveBufferBytes: BUFFER_BYTES_DEFAULT,
  sendBufferBytes: BUFFER_BYTES_DEFAULT,
};

/** One value of each option. UDP has no others. */
export class SocketOptions {
  /** Shared with whoever has the same, and replaced when one changes: hardly any socket sets one. */
  #values = DEFAULTS;

  /** Takes over the values of `other`; they are independent afterwards. */
  protected take(other: SocketOptions): void {
    this.#values = other.#values;
  }

  get hopLimit(): number {
    return this.#values.hopLimit;
  }
  setHopLimit(value: number): SocketErrorCode | undefined {
    if (value <= 0) return "invalid-argument";
    this.#values = { ...this.#values, hopLimit: value };
  }

  /** Bounds what is queued for the guest. */
  get receiveBufferBytes(): number {
    return this.#values.receiveBufferBytes;
  }
  setReceiveBufferBytes(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#values = { ...this.#values, receiveBufferBytes: clampBytes(value) };
  }

  /** Bounds what waits to leave; UDP on the private loopback has nothing that waits. */
  get sendBufferBytes(): number {
    return this.#values.sendBufferBytes;
  }
  setSendBufferBytes(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#values = { ...this.#values, sendBufferBytes: clampBytes(value) };
  }
}

function clampBytes(value: bigint): number {
  return value < BigInt(BUFFER_BYTES_MAX) ? Number(value) : BUFFER_BYTES_MAX;
}
