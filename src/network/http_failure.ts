/** From the errors of the runtimes and of undici to the one code of `http_failure_table.ts`. */
import { bodySizeFailure, type HttpErrorTag, type HttpFailure } from "./http_failure_table.ts";
import { tlsFailureOf } from "./tls_failure.ts";

/** What we ourselves stop an exchange with, on its way through undici and streams. */
export class HttpFault extends Error {
  readonly failure: HttpFailure;
  constructor(failure: HttpFailure) {
    super(`The exchange failed: ${failure.tag}`);
    this.name = "HttpFault";
    this.failure = failure;
  }
}

/** The connection in the pool was gone before anything of the request was sent: another one may be tried. */
export class StaleConnection extends Error {
  constructor() {
    super("Cannot send the request: the connection has ended, expected an open one");
    this.name = "StaleConnection";
  }
}

/** `errno` names while connecting. */
const CONNECT_CODES: Readonly<Record<string, HttpErrorTag>> = {
  ECONNREFUSED: "connection-refused",
  ECONNRESET: "connection-terminated",
  ECONNABORTED: "connection-terminated",
  EPIPE: "connection-terminated",
  ETIMEDOUT: "connection-timeout",
  EHOSTUNREACH: "destination-IP-unroutable",
  EHOSTDOWN: "destination-IP-unroutable",
  ENETUNREACH: "destination-IP-unroutable",
  ENETDOWN: "destination-IP-unroutable",
  ENONET: "destination-IP-unroutable",
  EADDRNOTAVAIL: "destination-IP-unroutable",
  EAFNOSUPPORT: "destination-IP-unroutable",
  EACCES: "destination-IP-prohibited",
  EPERM: "destination-IP-prohibited",
  EMFILE: "connection-limit-reached",
  ENFILE: "connection-limit-reached",
};

/** Codes of a broken connection, of the system and of the clients. */
const CUT_CODES: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "UND_ERR_SOCKET",
  "UND_ERR_INFO",
  "UND_ERR_DESTROYED",
  "UND_ERR_ABORTED",
  "HPE_INVALID_EOF_STATE",
]);

/** undici tells these two only by their text: something came that nobody asked for, and 101. */
const SOCKET_FAULTS: Readonly<Record<string, HttpErrorTag>> = {
  "bad response": "HTTP-protocol-error",
  "bad upgrade": "HTTP-upgrade-failed",
};

/** An attempt to connect failed. */
export function connectFailureOf(error: unknown): HttpFailure {
  return failureOfTag(CONNECT_CODES[codeOf(error)], error);
}

/** An exchange failed; `hasHead` tells a missing answer from half of one. */
export function exchangeFailureOf(error: unknown, hasHead: boolean): HttpFailure {
  if (error instanceof HttpFault) return error.failure;
  const tls = tlsFailureOf(error);
  if (tls !== undefined) return tls;
  const code = codeOf(error);
  if (code === "UND_ERR_SOCKET" && error instanceof Error && Object.hasOwn(SOCKET_FAULTS, error.message)) {
    return failureOfTag(SOCKET_FAULTS[error.message], error);
  }
  if (CUT_CODES.has(code)) return { tag: hasHead ? "HTTP-response-incomplete" : "connection-terminated" };
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "HPE_HEADER_OVERFLOW") {
    return { tag: hasHead ? "HTTP-response-trailer-section-size" : "HTTP-response-header-section-size" };
  }
  if (code === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH") return bodySizeFailure(0);
  // undici says this of a faulty head too, once it has seen a length in it.
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
    return { tag: hasHead ? "HTTP-response-incomplete" : "HTTP-protocol-error" };
  }
  if (error instanceof Error && error.name === "HTTPParserError") return parserFailureOf(error, hasHead);
  // llhttp's own, and undici's assertions about what llhttp lets through (a status below 100).
  if (code.startsWith("HPE_") || code === "ERR_ASSERTION") return { tag: "HTTP-protocol-error" };
  return failureOfTag(undefined, error);
}

/** undici's errors of the parser have no code, only llhttp's reason. */
function parserFailureOf({ message }: Error, hasHead: boolean): HttpFailure {
  if (!message.includes("Invalid EOF state")) return { tag: "HTTP-protocol-error" };
  return { tag: hasHead ? "HTTP-response-incomplete" : "connection-terminated" };
}

function failureOfTag(tag: HttpErrorTag | undefined, error: unknown): HttpFailure {
  if (tag !== undefined) return { tag };
  // The text is for the guest: only the stable code, nothing of the machine.
  const code = codeOf(error);
  return code === "" ? { tag: "internal-error" } : { tag: "internal-error", val: code };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
