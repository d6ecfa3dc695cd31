/**
 * The client's side of TLS over a connection that is already there: SNI and certificate checks by name, or by address
 * for a literal one (which has no SNI, RFC 6066 section 3), HTTP/1.1 only, and no session of anybody else.
 */
import process from "node:process";
import type { Duplex } from "node:stream";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { formatIpAddress, parseAnySpelling } from "../base/ip_address.ts";
import type { HttpFailure } from "./http_failure_table.ts";
import { tlsFailureOf } from "./tls_failure.ts";
import type { TlsTrust } from "./tls_trust.ts";

/** Who should be at the other end. */
export interface StartTlsOptions {
  /** As in `HttpTarget`. */
  readonly host: string;
  readonly trust: TlsTrust;
  /** Called once, never synchronously, and not after the socket was destroyed by the caller. */
  readonly onOutcome: (failure: HttpFailure | undefined) => void;
}

/** Starts the handshake over `socket`, which is the TLS socket's from now on. */
export function startTls(socket: Duplex, { host, trust, onOutcome }: StartTlsOptions): TLSSocket {
  const address = parseAnySpelling(host);
  // An empty name sends none; `host` is what the certificate is checked against then.
  const checked = address === undefined ? host.replace(/\.$/, "") : formatIpAddress(address);
  const secured = tls().connect({
    socket,
    host: checked,
    servername: address === undefined ? checked : "",
    ALPNProtocols: ["http/1.1"],
    secureContext: trust.context(),
    // Written out: an environment variable would otherwise turn it off.
    rejectUnauthorized: true,
    checkServerIdentity: checkAlternativeNames,
  });
  let isOver = false;
  const settle = (failure: HttpFailure | undefined): void => {
    if (isOver) return;
    isOver = true;
    onOutcome(failure);
  };
  secured.once("secureConnect", () => settle(undefined));
  // The listener stays: a later failure is the reader's matter, but must find somebody.
  secured.on("error", (error) => settle(tlsFailureOf(error) ?? { tag: "connection-terminated" }));
  secured.once("close", () => settle({ tag: "connection-terminated" }));
  return secured;
}

/** Only the subject's alternative names count (RFC 9525 section 2); the runtimes would take a common name as well. */
function checkAlternativeNames(host: string, certificate: PeerCertificate): Error | undefined {
  return tls().checkServerIdentity(host, { ...certificate, subject: { ...certificate.subject, CN: "" } });
}

/** Loaded when it is needed: that takes 20 ms, which a start without TLS does not have to pay. */
function tls() {
  return process.getBuiltinModule("node:tls");
}
