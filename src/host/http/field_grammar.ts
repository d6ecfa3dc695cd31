/**
 * What may stand in a field line: names are tokens (RFC 9110 section 5.6.2), values follow section 5.5,
 * and some fields belong to the connection and never to a guest.
 */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;

/**
 * Fields of one connection or of its framing, which the gateway alone writes: wasmtime's list, so that a component
 * meets the same answers here. `te` is not among them (gRPC needs `te: trailers`), `host` is (the authority decides).
 */
const FORBIDDEN_FIELD_NAMES: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Fields that RFC 9110 section 6.5.1 bans from trailers because somebody who merges them into the head would be
 * told another framing or content format. Those above are banned everywhere.
 */
const FORBIDDEN_TRAILER_NAMES: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "trailer",
]);

/** Whether `text` is a token: a field name, a method. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Whether the bytes are a `field-value`: visible ASCII, obs-text (0x80 and up), space and tab, the last two not at
 * the ends. That keeps CR, LF and NUL out of the head.
 */
export function isFieldValue(value: Uint8Array): boolean {
  const last = value.length - 1;
  if (last < 0) return true;
  if (isBlank(value[0]) || isBlank(value[last])) return false;
  for (const byte of value) {
    if ((byte < SPACE && byte !== TAB) || byte === DELETE) return false;
  }
  return true;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}

/** Whether a guest may not set the field and is not shown it. `lowerName` is in lower case. */
export function isForbiddenField(lowerName: string): boolean {
  return FORBIDDEN_FIELD_NAMES.has(lowerName);
}

/** Whether the field may not follow a body. `lowerName` is in lower case. */
export function isForbiddenTrailer(lowerName: string): boolean {
  return FORBIDDEN_TRAILER_NAMES.has(lowerName);
}
