/** The head of a request of HTTP/2, as one of HTTP/1.1 would say the same (RFC 9113 section 8.3). Pure. */

/** What a request says before its body. */
export interface Http2Head {
  readonly method: string;
  /** The request-target: a path, `*`, or an absolute target where the scheme is not the connection's; "" for what is none of these. */
  readonly url: string;
  /** Names and values in turn, without those that begin with a colon; `host` stands for `:authority`. */
  readonly rawHeaders: readonly string[];
  readonly contentLength: string | undefined;
  readonly expect: string | undefined;
  /** What it would take as lines of text: the bound of a header is one of these bytes. */
  readonly bytes: number;
}

/** `: ` and the end of a line. */
const LINE_BYTES = 4;

/**
 * Reads names and values in turn. That they are well-formed, each of those with a colon is there at most once and none is of the
 * connection, is seen to by the parser below (RFC 9113 sections 8.2 and 8.3).
 */
export function readHttp2Head(raw: readonly string[]): Http2Head {
  const rawHeaders: string[] = [];
  const pseudo = { ":method": "", ":scheme": "", ":path": "", ":authority": undefined as string | undefined };
  const known = { "content-length": undefined as string | undefined, expect: undefined as string | undefined };
  /** Where the cookies stand: they come as a field for each of them, to be compressed better (section 8.2.3). */
  let cookieAt: number | undefined;
  let bytes = 0;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? "";
    const value = raw[index + 1] ?? "";
    bytes += name.length + value.length + LINE_BYTES;
    if (name.startsWith(":")) {
      if (Object.hasOwn(pseudo, name)) pseudo[name as keyof typeof pseudo] = value;
    } else if (name === "cookie" && cookieAt !== undefined) {
      rawHeaders[cookieAt] += `; ${value}`;
    } else {
      if (name === "cookie") cookieAt = rawHeaders.length + 1;
      if (Object.hasOwn(known, name)) addTo(known, name as keyof typeof known, value);
      rawHeaders.push(name, value);
    }
  }
  const { ":method": method, ":scheme": scheme, ":path": path, ":authority": authority } = pseudo;
  return {
    method,
    url: targetOf(scheme, authority ?? "", path),
    rawHeaders: authority === undefined ? rawHeaders : withHost(rawHeaders, authority),
    contentLength: known["content-length"],
    expect: known.expect,
    bytes,
  };
}

/** What is said twice is one list (RFC 9110 section 5.3); two lengths are refused by the parser. */
function addTo<Name extends string>(known: Record<Name, string | undefined>, name: Name, value: string): void {
  const before = known[name];
  known[name] = before === undefined ? value : `${before}, ${value}`;
}

function targetOf(scheme: string, authority: string, path: string): string {
  if (!path.startsWith("/") && path !== "*") return "";
  // Whether it is one that this listener serves is asked where the targets of HTTP/1.1 are.
  return scheme === "https" ? path : `${scheme}://${authority}${path === "*" ? "" : path}`;
}

/** A `Host` that says the same is left out; another one stays, and makes two, which is malformed in both versions. */
function withHost(rawHeaders: readonly string[], authority: string): readonly string[] {
  const kept: string[] = ["host", authority];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const value = rawHeaders[index + 1] ?? "";
    if (name === "host" && value === authority) continue;
    kept.push(name, value);
  }
  return kept;
}
