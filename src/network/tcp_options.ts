/**
 * The options of one TCP socket, with the bounds of network.md; as for all sockets, what a connection cannot apply is
 * still stored and returned.
 */
import type { SocketErrorCode } from "./socket_error.ts";
import { SocketOptions } from "./socket_options.ts";

const BACKLOG_DEFAULT = 128;
/** Stops a service that never accepts from holding every connection of its workload. */
const BACKLOG_MAX = 1024;
/** Linux: MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL are 32,767 s, MAX_TCP_KEEPCNT is 127. */
const KEEP_ALIVE_NS_MAX = 32_767_000_000_000n;
const KEEP_ALIVE_COUNT_MAX = 127;

interface KeepAlive {
  readonly isEnabled: boolean;
  readonly idleNs: bigint;
  readonly intervalNs: bigint;
  readonly count: number;
}

const KEEP_ALIVE_DEFAULTS: KeepAlive = {
  isEnabled: false,
  idleNs: 7_200_000_000_000n,
  intervalNs: 75_000_000_000n,
  count: 9,
};

/** One value of each option; a copy is independent. */
export class TcpOptions extends SocketOptions {
  #keepAlive = KEEP_ALIVE_DEFAULTS;
  #backlog = BACKLOG_DEFAULT;

  /** What an accepted socket inherits: everything but the backlog, which it has no use for. */
  copy(): TcpOptions {
    const copy = new TcpOptions();
    copy.take(this);
    copy.#keepAlive = this.#keepAlive;
    return copy;
  }

  get keepAliveEnabled(): boolean {
    return this.#keepAlive.isEnabled;
  }
  setKeepAliveEnabled(value: boolean): undefined {
    this.#keepAlive = { ...this.#keepAlive, isEnabled: value };
  }

  get keepAliveIdleNs(): bigint {
    return this.#keepAlive.idleNs;
  }
  setKeepAliveIdleNs(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#keepAlive = { ...this.#keepAlive, idleNs: value < KEEP_ALIVE_NS_MAX ? value : KEEP_ALIVE_NS_MAX };
  }

  get keepAliveIntervalNs(): bigint {
    return this.#keepAlive.intervalNs;
  }
  setKeepAliveIntervalNs(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#keepAlive = { ...this.#keepAlive, intervalNs: value < KEEP_ALIVE_NS_MAX ? value : KEEP_ALIVE_NS_MAX };
  }

  get keepAliveCount(): number {
    return this.#keepAlive.count;
  }
  setKeepAliveCount(value: number): SocketErrorCode | undefined {
    if (value <= 0) return "invalid-argument";
    this.#keepAlive = { ...this.#keepAlive, count: Math.min(value, KEEP_ALIVE_COUNT_MAX) };
  }

  get backlog(): number {
    return this.#backlog;
  }
  setBacklog(value: bigint): SocketErrorCode | undefined {
    if (value <= 0n) return "invalid-argument";
    this.#backlog = value < BigInt(BACKLOG_MAX) ? Number(value) : BACKLOG_MAX;
  }
}
