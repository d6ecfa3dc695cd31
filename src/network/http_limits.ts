/** The limits of outgoing HTTP, each with the reason for it. */
import { CONNECT_TIMEOUT_MS } from "./loopback.ts";

/** What the caller may change. */
export interface HttpLimits {
  /** From the start to the end of the TLS handshake, name resolution included. */
  readonly connectTimeoutMs: number;
  /** From the last byte that was sent to the head of the answer; wasmtime's value. */
  readonly firstByteTimeoutMs: number;
  /** Between two pieces of the answer's body, while somebody wants more; wasmtime's value. */
  readonly betweenBytesTimeoutMs: number;
  /** How long a server may take no more of a body; there is no such option in WIT. */
  readonly writeTimeoutMs: number;
}

/** As for TCP: what the system itself would wait. */
export const HTTP_LIMITS: HttpLimits = {
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
  firstByteTimeoutMs: 600_000,
  betweenBytesTimeoutMs: 600_000,
  writeTimeoutMs: 60_000,
};

/** Read ahead of whoever reads, each way: what one round trip of a fast connection needs, and what each exchange may cost. */
export const WINDOW_BYTES = 65_536;

/** The fields of an answer, and its trailers: an endless head would take all memory. Servers send up to 64 KiB. */
export const RESPONSE_SECTION_BYTES_MAX = 65_536;

/** Field lines of a section: a thousand tiny ones cost far more than their bytes. */
export const RESPONSE_FIELDS_MAX = 1_024;

/** 1xx heads before the answer: each restarts nothing, but costs work. */
export const INFORMATIONAL_MAX = 32;

/** The fields of a request, and its trailers: what a list of fields may hold in the host. */
export const REQUEST_SECTION_BYTES_MAX = 131_072;

/** The path of a request, as in the host. */
export const PATH_LENGTH_MAX = 65_536;

/** An idle connection is closed before servers do (most wait 5 s or more), and when the server said so earlier. */
export const IDLE_MS = 4_000;

/** However long a server says that it keeps an idle connection. */
export const IDLE_MS_MAX = 60_000;

/** Addresses of one name that are tried: more would only make a dead name slower. */
export const ADDRESSES_MAX = 16;

/** RFC 8305 section 5: the next address is tried when the last one has not answered after this time. */
export const NEXT_ADDRESS_MS = 250;
