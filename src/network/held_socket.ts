/** What a guest has open. */
import type { EndKind } from "./tcp_connection.ts";

/** A socket of either protocol, as its guest's network holds it. */
export interface HeldSocket {
  end(how: EndKind): void;
  /** A connection that was left in a backlog can be accepted now. */
  mayAcceptAgain?(): void;
}
