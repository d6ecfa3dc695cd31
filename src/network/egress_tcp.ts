/**
 * TCP to the outside: the only file of this folder that opens a socket of the operating system, and only to an
 * address that was judged. It is never given a name, so nothing is resolved behind the policy's back.
 */
import { connect, type Socket } from "node:net";
import { formatIpAddress, parseIpAddress, type SocketAddress } from "../base/ip_address.ts";
import type { DialEgressOptions, EgressAttempt } from "./egress.ts";
import { EgressConnection } from "./egress_connection.ts";
import { CONNECT_TIMEOUT_MS } from "./loopback.ts";
import type { SocketErrorCode } from "./socket_error.ts";
import type { EndKind, TcpConnection } from "./tcp_connection.ts";

/** The runtimes' error codes (`errno` names) and what WIT calls them. */
const ERROR_CODES: Readonly<Record<string, SocketErrorCode>> = {
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-aborted",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "remote-unreachable",
  EHOSTDOWN: "remote-unreachable",
  ENETUNREACH: "remote-unreachable",
  ENETDOWN: "remote-unreachable",
  ENONET: "remote-unreachable",
  EADDRNOTAVAIL: "remote-unreachable",
  EAFNOSUPPORT: "remote-unreachable",
  EACCES: "access-denied",
  EPERM: "access-denied",
  EMFILE: "new-socket-limit",
  ENFILE: "new-socket-limit",
  ENOBUFS: "out-of-memory",
  ENOMEM: "out-of-memory",
};

/**
 * Starts to connect to `options.remote`.
 *
 * @example
 * const network = new WorkloadNetwork({ ..., egress: { decide, dial: dialEgressTcp } });
 */
export function dialEgressTcp(options: DialEgressOptions): EgressAttempt {
  return new TcpAttempt(options);
}

/** The WIT code of an error of the runtime. */
export function socketErrorOf(error: unknown): SocketErrorCode {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return ERROR_CODES[code] ?? "unknown";
}

class TcpAttempt implements EgressAttempt {
  readonly #options: DialEgressOptions;
  readonly #socket: Socket;
  #outcome: EgressConnection | SocketErrorCode | undefined;
  #cancelTimer: (() => void) | undefined;
  #isGivenUp = false;
  #isSocketClosed = false;
  #isReleased = false;

  constructor(options: DialEgressOptions) {
    this.#options = options;
    const { remote, clock, counters } = options;
    counters.add("egressConnections", 1);
    counters.add("timers", 1);
    this.#cancelTimer = clock.startTimer(CONNECT_TIMEOUT_MS, () => {
      this.#settle("timeout");
      this.#socket.destroy();
    });
    this.#socket = connect({
      host: formatIpAddress(remote.address),
      port: remote.port,
      family: remote.address.family === "ipv4" ? 4 : 6,
      allowHalfOpen: true,
      autoSelectFamily: false,
      lookup: refuseLookup,
    });
    this.#listen();
  }

  outcome(): TcpConnection | SocketErrorCode | undefined {
    return this.#outcome;
  }

  abandon(how: EndKind): void {
    this.#isGivenUp = true;
    this.#stopTimer();
    if (typeof this.#outcome === "object") {
      this.#outcome.end(how);
    } else {
      this.#outcome ??= "connection-aborted";
      this.#socket.destroy();
    }
    this.#releaseWhenDone();
  }

  revoke(): void {
    if (typeof this.#outcome === "object") {
      this.#outcome.cut();
      return;
    }
    this.#settle("access-denied");
    this.#socket.destroy();
  }

  #listen(): void {
    const socket = this.#socket;
    const { remote, options, clock, counters } = this.#options;
    let connection: EgressConnection | undefined;
    socket.once("connect", () => {
      if (this.#outcome !== undefined) return;
      connection = new EgressConnection({
        socket,
        local: localAddressOf(socket, remote),
        remote,
        options,
        clock,
        counters,
        onGone: () => {
          this.#isGivenUp = true;
          this.#releaseWhenDone();
        },
      });
      this.#settle(connection);
    });
    socket.on("error", (error) => {
      const networkCode = socketErrorOf(error);
      if (connection === undefined) this.#settle(networkCode);
      else connection.failed({ message: `The connection failed: ${error.message}`, networkCode });
    });
    socket.once("close", () => {
      this.#settle("connection-aborted");
      this.#isSocketClosed = true;
      counters.add("egressConnections", -1);
      this.#releaseWhenDone();
    });
  }

  /** Only the first outcome counts. */
  #settle(outcome: EgressConnection | SocketErrorCode): void {
    this.#stopTimer();
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#options.onOutcome();
  }

  #stopTimer(): void {
    if (this.#cancelTimer === undefined) return;
    this.#cancelTimer();
    this.#cancelTimer = undefined;
    this.#options.counters.add("timers", -1);
  }

  #releaseWhenDone(): void {
    if (!this.#isGivenUp || !this.#isSocketClosed || this.#isReleased) return;
    this.#isReleased = true;
    this.#options.onReleased();
  }
}

/** A literal address is never looked up; should a runtime try, the connect fails. */
function refuseLookup(
  name: string,
  _options: unknown,
  done: (error: Error, address: string, family: number) => void,
): void {
  done(new TypeError(`Cannot look up "${name}": it is no address, expected one`), "", 0);
}

function localAddressOf({ localAddress = "", localPort = 0 }: Socket, remote: SocketAddress): SocketAddress {
  const address = parseIpAddress(localAddress.split("%")[0] ?? "");
  // The system did not say: the unspecified address, of the right family.
  const unknown = { family: remote.address.family, bytes: remote.address.bytes.map(() => 0) };
  return { address: address ?? unknown, port: localPort };
}
