/**
 * URLs, for an engine without them: those of a library, which an interpreter needs a tenth of a millisecond to parse. Most
 * are written as the standard would write them; such a one is taken apart by one native search, and the library's is made
 * when somebody wants more of it than its parts.
 */
import { URL as ParsedUrl, URLSearchParams } from "whatwg-url-minimum";
import { toText } from "./convert.ts";

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
/** Nothing in it that the standard writes in another way: case, escapes, default ports, dots, numbers for addresses. */
const PLAIN = new RegExp(
  `^(https?):\\/\\/((?:[a-z][a-z\\d-]*\\.)*[a-z][a-z\\d-]*|${BYTE}(?:\\.${BYTE}){3})(?::([1-9]\\d{0,4}))?` +
    "(\\/[\\w.~!$&'()*+,;=:@%\\/-]*)(\\?[\\w.~!$&()*+,;=:@%\\/?-]*)?(#[\\w.~!$&'()*+,;=:@%\\/?-]*)?$",
);
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
const PORT_MAX = 65_535;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };

/** The parts of a URL that is as the standard would write it. */
interface PlainUrl {
  readonly href: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

/** As in the URL standard. */
export class URL {
  /** Until somebody wants more. */
  #plain: PlainUrl | undefined;
  #parsed: ParsedUrl | undefined;

  constructor(input: string | { toString(): string }, base?: string | { toString(): string }) {
    const text = toText(input);
    this.#plain = base === undefined ? plainUrl(text) : undefined;
    if (this.#plain === undefined) this.#parsed = new ParsedUrl(text, base === undefined ? base : toText(base));
  }

  static parse(input: string | { toString(): string }, base?: string | { toString(): string }): URL | null {
    try {
      return new URL(input, base);
    } catch {
      return null;
    }
  }

  static canParse(input: string | { toString(): string }, base?: string | { toString(): string }): boolean {
    return URL.parse(input, base) !== null;
  }

  get href(): string {
    return this.#parts.href;
  }

  set href(value: string) {
    this.#whole.href = value;
  }

  get origin(): string {
    const plain = this.#plain;
    return plain === undefined ? this.#whole.origin : `${plain.protocol}//${hostOf(plain)}`;
  }

  get protocol(): string {
    return this.#parts.protocol;
  }

  set protocol(value: string) {
    this.#whole.protocol = value;
  }

  get username(): string {
    return this.#plain === undefined ? this.#whole.username : "";
  }

  set username(value: string) {
    this.#whole.username = value;
  }

  get password(): string {
    return this.#plain === undefined ? this.#whole.password : "";
  }

  set password(value: string) {
    this.#whole.password = value;
  }

  get host(): string {
    return this.#plain === undefined ? this.#whole.host : hostOf(this.#plain);
  }

  set host(value: string) {
    this.#whole.host = value;
  }

  get hostname(): string {
    return this.#parts.hostname;
  }

  set hostname(value: string) {
    this.#whole.hostname = value;
  }

  get port(): string {
    return this.#parts.port;
  }

  set port(value: string) {
    this.#whole.port = value;
  }

  get pathname(): string {
    return this.#parts.pathname;
  }

  set pathname(value: string) {
    this.#whole.pathname = value;
  }

  get search(): string {
    return this.#parts.search;
  }

  set search(value: string) {
    this.#whole.search = value;
  }

  get searchParams(): URLSearchParams {
    return this.#whole.searchParams;
  }

  get hash(): string {
    return this.#parts.hash;
  }

  set hash(value: string) {
    this.#whole.hash = value;
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  get [Symbol.toStringTag](): string {
    return "URL";
  }

  get #parts(): PlainUrl {
    return this.#plain ?? this.#whole;
  }

  /** The library's, from then on the only one. */
  get #whole(): ParsedUrl {
    const plain = this.#plain;
    this.#plain = undefined;
    return this.#parsed ??= new ParsedUrl(plain?.href ?? "");
  }
}

export { URLSearchParams };

function plainUrl(href: string): PlainUrl | undefined {
  const [, scheme, hostname, port = "", pathname, search = "", hash = ""] = PLAIN.exec(href) ?? [];
  if (scheme === undefined || hostname === undefined || pathname === undefined) return undefined;
  if (port === DEFAULT_PORTS[scheme] || Number(port) > PORT_MAX || hostname.includes("xn--")) return undefined;
  if (DOT_SEGMENT.test(pathname)) return undefined;
  return {
    href,
    protocol: `${scheme}:`,
    hostname,
    port,
    pathname,
    search: search === "?" ? "" : search,
    hash: hash === "#" ? "" : hash,
  };
}

function hostOf({ hostname, port }: PlainUrl): string {
  return port === "" ? hostname : `${hostname}:${port}`;
}
