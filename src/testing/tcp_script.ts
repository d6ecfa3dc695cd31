/** What stands behind an address in a test: `tcp.answers("...")`, `tcp.refuses()`, `tcp.talks(...)`. */
import type { SocketErrorCode } from "../network/socket_error.ts";
import { checkCode, ScriptError } from "./script_error.ts";
import type { TcpPeer } from "./tcp_peer.ts";
import { type Bytes, bytesOf } from "./test_bytes.ts";

const CONNECT_FAILURES = [
  "connection-refused",
  "connection-reset",
  "connection-aborted",
  "remote-unreachable",
  "timeout",
  "access-denied",
] as const satisfies readonly SocketErrorCode[];

/** Codes with which a connect outside can fail. */
export type ConnectFailure = (typeof CONNECT_FAILURES)[number];

/** Whoever answers a guest's connect. Made by the functions of `tcp`. */
export type TcpScript =
  | { readonly kind: "tcp"; readonly delayMs: number; readonly talk: (peer: TcpPeer) => void | Promise<void> }
  | { readonly kind: "tcp-failure"; readonly delayMs: number; readonly code: ConnectFailure | "never" };

/** What makes scripts of TCP: see `tcp`. */
export interface TcpScriptMakers {
  /** Waits for the guest's first bytes, sends these, and ends its side. */
  answers(...data: readonly Bytes[]): TcpScript;
  /** Sends these at once, before the guest says anything, and ends its side. */
  sends(...data: readonly Bytes[]): TcpScript;
  /** Answers each line of the guest with what `answer` gives (nothing for undefined), until the guest ends its side. */
  lines(answer: (line: string) => Bytes | undefined | Promise<Bytes | undefined>): TcpScript;
  /** Speaks as `talk` says; when it returns, its side ends, and what the guest still sends is read and dropped. */
  talks(talk: (peer: TcpPeer) => void | Promise<void>): TcpScript;
  /** Takes the connection, and never says anything. */
  hangs(): TcpScript;
  /** Resets the connection when the guest has sent something; before that, it sends `data`. */
  resets(...data: readonly Bytes[]): TcpScript;
  /** Nobody listens there: `connection-refused`. */
  refuses(): TcpScript;
  /** The connect fails with `code`. On the private loopback only `connection-refused` can happen. */
  fails(code: ConnectFailure): TcpScript;
  /** The connect never ends by itself: no packet comes back. Not on the private loopback. */
  drops(): TcpScript;
  /** As `script`, after so much of the guest's time: outside before the connect ends, on the loopback before the first byte. */
  after(ms: number, script: TcpScript): TcpScript;
}

/**
 * Scripts for the `network` option.
 *
 * @example
 * network: {
 *   "127.0.0.1:7777": tcp.answers("h3110\n"), // a service on the private loopback
 *   "db.example.com:5432": tcp.refuses(),
 *   "192.0.2.7:25": tcp.after(200, tcp.sends("220 ready\r\n")),
 * }
 */
export const tcp: TcpScriptMakers = {
  answers(...data: readonly Bytes[]): TcpScript {
    return tcp.talks(async (peer) => {
      if (await peer.read() === undefined) return;
      await writeAll(peer, data);
    });
  },

  sends(...data: readonly Bytes[]): TcpScript {
    return tcp.talks((peer) => writeAll(peer, data));
  },

  lines(answer: (line: string) => Bytes | undefined | Promise<Bytes | undefined>): TcpScript {
    return tcp.talks(async (peer) => {
      for (let line = await peer.readLine(); line !== undefined; line = await peer.readLine()) {
        const reply = await answer(line);
        if (reply !== undefined) await peer.write(reply);
      }
    });
  },

  talks(talk: (peer: TcpPeer) => void | Promise<void>): TcpScript {
    return { kind: "tcp", delayMs: 0, talk };
  },

  hangs(): TcpScript {
    return tcp.talks(async (peer) => {
      while (await peer.read() !== undefined);
    });
  },

  resets(...data: readonly Bytes[]): TcpScript {
    return tcp.talks(async (peer) => {
      for (const piece of data) await peer.write(bytesOf(piece));
      await peer.read();
      peer.reset();
    });
  },

  refuses(): TcpScript {
    return tcp.fails("connection-refused");
  },

  fails(code: ConnectFailure): TcpScript {
    checkCode(code, CONNECT_FAILURES);
    return { kind: "tcp-failure", delayMs: 0, code };
  },

  drops(): TcpScript {
    return { kind: "tcp-failure", delayMs: 0, code: "never" };
  },

  after(ms: number, script: TcpScript): TcpScript {
    if (!(ms >= 0)) throw new ScriptError(`Cannot delay a script by ${ms} ms: expected 0 or more`);
    return { ...script, delayMs: script.delayMs + ms };
  },
};

async function writeAll(peer: TcpPeer, data: readonly Bytes[]): Promise<void> {
  for (const piece of data) {
    if (!await peer.write(piece)) return;
  }
}
