/** How the core reaches the outside: a dialler that is handed in, so that tests need no real network. */
import type { Clock } from "../base/clock.ts";
import type { SocketAddress } from "../base/ip_address.ts";
import type { LiveCounters } from "../telemetry/live_counters.ts";
import type { DecideEgress } from "./access.ts";
import type { ConnectAttempt } from "./tcp_connection.ts";
import type { TcpOptions } from "./tcp_options.ts";

/** Where to connect, with what, and whom to tell. */
export interface DialEgressOptions {
  /** A judged address, never a name. */
  readonly remote: SocketAddress;
  /** The socket's, live: a later change acts where it can. */
  readonly options: TcpOptions;
  readonly clock: Clock;
  readonly counters: LiveCounters;
  /** The outcome is known now. */
  readonly onOutcome: () => void;
  /**
   * Called once: the attempt was given up, or its connection ended or lost its last handle, and nothing is held
   * any more. A connection that was closed is released when its last bytes are out.
   */
  readonly onReleased: () => void;
}

/** Starts a connection to the outside; it never throws for what the network does. */
export type DialEgress = (options: DialEgressOptions) => ConnectAttempt;

/** Both or neither: nothing is dialled that was not judged. */
export interface Egress {
  readonly decide: DecideEgress;
  readonly dial: DialEgress;
}
