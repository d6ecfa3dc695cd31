/** What answers datagrams in a test. */
import { checkCode } from "./script_error.ts";
import type { SocketErrorCode } from "../network/socket_error.ts";
import type { Bytes } from "./test_bytes.ts";

/** Whoever gets a guest's datagrams. Made by the functions of `udp`. */
export type UdpScript =
  | { readonly kind: "udp"; readonly answer: (data: Uint8Array) => readonly Bytes[] }
  | { readonly kind: "udp-failure"; readonly code: UdpFailure };

const UDP_FAILURES = ["connection-refused", "remote-unreachable"] as const satisfies readonly SocketErrorCode[];

/** Codes with which sending can fail. */
export type UdpFailure = (typeof UDP_FAILURES)[number];

/** What makes scripts of UDP: see `udp`. */
export interface UdpScriptMakers {
  /** Answers each datagram with these. */
  answers(...data: readonly Bytes[]): UdpScript;
  /** Answers each datagram with what `answer` gives: one, or none for undefined. */
  talks(answer: (data: Uint8Array) => Bytes | undefined): UdpScript;
  /** Takes datagrams and never answers. */
  drops(): UdpScript;
  /** A datagram comes back as an error: the guest's next receive or send fails once with `code`, when its socket has a remote. */
  fails(code: UdpFailure): UdpScript;
}

/**
 * Scripts for the `network` option, under keys that begin with `udp://`.
 *
 * @example
 * network: { "udp://192.0.2.53:53": udp.answers("pong") }
 */
export const udp: UdpScriptMakers = {
  answers(...data: readonly Bytes[]): UdpScript {
    return { kind: "udp", answer: () => data };
  },

  talks(answer: (data: Uint8Array) => Bytes | undefined): UdpScript {
    return {
      kind: "udp",
      answer: (data) => {
        const reply = answer(data);
        return reply === undefined ? [] : [reply];
      },
    };
  },

  drops(): UdpScript {
    return { kind: "udp", answer: () => [] };
  },

  fails(code: UdpFailure): UdpScript {
    checkCode(code, UDP_FAILURES);
    return { kind: "udp-failure", code };
  },
};
