/** The Forwarded field of RFC 7239, read. Pure. */

/** What one proxy says of whom it got the request from. */
export interface ForwardedHop {
  /** A node, without quotes: an address with or without a port, "unknown", or a name that hides it. */
  readonly for?: string;
  readonly proto?: string;
  readonly host?: string;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/;
/** Bounds nothing by itself: the header is bounded; it keeps a quoted string from being read twice. */
const QUOTED = /^"((?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)"/;

/** The hops in order, the nearest one last; undefined when the field is malformed. */
export function parseForwarded(text: string): readonly ForwardedHop[] | undefined {
  const hops: ForwardedHop[] = [];
  let hop: Map<string, string> | undefined = new Map();
  let rest = text;
  const close = (): void => {
    // Empty elements of a list count for nothing (RFC 9110 section 5.6.1).
    if (hop !== undefined && hop.size > 0) hops.push(Object.fromEntries(hop));
    hop = new Map();
  };
  for (;;) {
    rest = rest.replace(/^[ \t]+/, "");
    if (rest === "") break;
    if (rest.startsWith(",")) {
      close();
      rest = rest.slice(1);
      continue;
    }
    if (rest.startsWith(";")) {
      rest = rest.slice(1);
      continue;
    }
    const name = TOKEN.exec(rest)?.[0];
    if (name === undefined || rest[name.length] !== "=") return undefined;
    rest = rest.slice(name.length + 1);
    const quoted = QUOTED.exec(rest);
    const value = quoted === null ? TOKEN.exec(rest)?.[0] : quoted[1]?.replace(/\\(.)/g, "$1");
    if (value === undefined || hop.has(name.toLowerCase())) return undefined;
    hop.set(name.toLowerCase(), value);
    rest = rest.slice(quoted === null ? value.length : quoted[0].length).replace(/^[ \t]+/, "");
    if (rest !== "" && !rest.startsWith(";") && !rest.startsWith(",")) return undefined;
  }
  close();
  return hops;
}
