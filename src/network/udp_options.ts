/**
 * The options of one UDP socket, with the bounds of network.md. Zero is `invalid-argument`, too large is clamped; what
 * has nothing to act on is still stored and returned.
 */
import type { SocketErrorCode } from "./socket_error.ts";

/** As for TCP: what a guest gets that does not ask. */
const BUFFER_BYTES_DEFAULT = 64 * 1024;
/** As for TCP: stops one socket from taking a large part of the workload's 64 MiB. */
const BUFFER_BYTES_MAX = 1024 * 1024;

/** One value of each option. */
export class UdpOptions {
  #hopLimit = 64;
  #receiveBufferBytes = BUFFER_BYTES_DEFAULT;
  #sendBufferBytes = BUFFER_BYTES_DEFAULT;

  get hopLimit(): number {
    return this.#hopLimit;
  }
  setHopLimit(value: number): SocketErrorCode | undefined {
    if (value <= 0) return "invalid-argument";
    this.#hopLimit = value;
  }

  /** Bounds what is queued for the guest. */
  get receiveBufferBytes(): number {
    return this.#receiveBufferBytes;
  }
  setReceiveBufferBytes(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#receiveBufferBytes = clampBytes(value);
  }

  /** Bounds what waits to leave for the outside; on the private loopback nothing waits. */
  get sendBufferBytes(): number {
    return this.#sendBufferBytes;
  }
  setSendBufferBytes(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#sendBufferBytes = clampBytes(value);
  }
}

function clampBytes(value: bigint): number {
  return value < BigInt(BUFFER_BYTES_MAX) ? Number(value) : BUFFER_BYTES_MAX;
}
