/**
 * Path patterns of routes: `/`, `/users/:id`, `/files/*`.
 *
 * A path is matched as it was sent. Nothing is decoded, merged, or removed first, so that the route that was
 * chosen and the path that the guest reads are always the same text: `%74` is not `t`, `//` holds an empty
 * segment, `/a` and `/a/` are two paths. What two readers could take for two different paths matches nothing
 * (`isRoutablePath`). Where RFC 3986 section 6 calls two spellings equivalent, a pattern names one of them.
 */
import { type PatternFault, patternFault } from "./pattern_fault.ts";

/** One part of a path pattern between two slashes. */
export type PathSegment =
  | { readonly kind: "static"; readonly text: string }
  /** One segment, never an empty one. */
  | { readonly kind: "parameter"; readonly name: string }
  /** Last only: nothing, or `/` and all that follows. `/files/*` is also `/files`. */
  | { readonly kind: "wildcard" };

/** A path pattern, read. `/a/` ends in an empty static segment. */
export interface PathPattern {
  readonly kind: "path";
  readonly segments: readonly PathSegment[];
}

/** Bounds what one route can cost the table; far above what people write. */
const PATTERN_LENGTH_MAX = 1024;
const SEGMENTS_MAX = 32;

const EXPECTED = 'a path like "/", "/users/:id" or "/files/*"';
const PARAMETER = /^:[A-Za-z_][A-Za-z0-9_]*$/;
/** `pchar` of RFC 3986 without `*`, which is the wildcard's. */
const STATIC = /^(?:[A-Za-z0-9\-._~!$&'()+,;=:@]|%[0-9A-Fa-f]{2})*$/;
/** One dot or two, also when encoded. */
const DOTS = /^(?:\.|%2[eE]){1,2}$/;
const DOT_SEGMENT = /\/(?:\.|%2[eE]){1,2}(?:\/|$)/;
/** What RFC 3986 allows in a path, and what browsers send besides (WHATWG URL leaves `|`, `^`, `[` as they are). */
const ROUTABLE = /^\/(?:[!$&-;=?-[\]-_a-z|~"<>`{}]|%[0-9A-Fa-f]{2})*$/;

/** Reads a pattern of a file. */
export function parsePathPattern(text: string): PathPattern | PatternFault {
  const fault = wholeFault(text);
  if (fault !== undefined) return fault;
  const parts = text.slice(1).split("/");
  if (parts.length > SEGMENTS_MAX) return patternFault(`it has ${parts.length} segments`, `at most ${SEGMENTS_MAX}`);
  const segments: PathSegment[] = [];
  const names = new Set<string>();
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const segment = parseSegment(part, isLast, text);
    if (segment.kind === "fault") return segment;
    if (segment.kind === "parameter") {
      if (names.has(segment.name)) {
        return patternFault(`":${segment.name}" is in it twice`, "a name for each parameter");
      }
      names.add(segment.name);
    }
    segments.push(segment);
  }
  return { kind: "path", segments };
}

/**
 * Whether the path of a request can name a route at all: origin form, visible ASCII, whole percent-encodings, and
 * no `.` or `..` segment, encoded ones included. A client resolves those before it sends (RFC 3986 section 5.2.4);
 * where they arrive, the gateway and a guest could read two different paths.
 */
export function isRoutablePath(path: string): boolean {
  return ROUTABLE.test(path) && !DOT_SEGMENT.test(path);
}

function wholeFault(text: string): PatternFault | undefined {
  // No editor shows it.
  if (text.trim() !== text) return patternFault("it has a blank at its start or end", EXPECTED, text.trim() || "/");
  if (text === "") return patternFault("it is empty", EXPECTED, "/");
  if (text === "*") return patternFault('it has no "/" at its start', EXPECTED, "/*");
  if (/^[a-z]+:\/\//i.test(text)) return patternFault("it is a URL", EXPECTED);
  if (!text.startsWith("/")) return patternFault('it has no "/" at its start', EXPECTED, `/${text}`);
  if (text.length > PATTERN_LENGTH_MAX) {
    return patternFault(`it has ${text.length} characters`, `at most ${PATTERN_LENGTH_MAX}`);
  }
  if (/^[^?#]*:[A-Za-z_]\w*\?(?:\/|$)/.test(text)) {
    return patternFault("it has an optional parameter", "a route file for each of the two paths");
  }
  const end = text.search(/[?#]/);
  if (end >= 0) return patternFault("it has a query or a fragment", EXPECTED, text.slice(0, end));
  if (/[^\x21-\x7e]/.test(text)) {
    return text.isWellFormed()
      ? patternFault("it has characters that a request sends encoded", EXPECTED, encodeURI(text))
      : patternFault("it has half a character (a lone surrogate)", EXPECTED);
  }
  if (text.includes("//")) return patternFault("it has an empty segment", EXPECTED, text.replace(/\/{2,}/g, "/"));
  return undefined;
}

function parseSegment(part: string, isLast: boolean, whole: string): PathSegment | PatternFault {
  if (part === "*") {
    if (isLast) return { kind: "wildcard" };
    return patternFault('it has a "*" before its last segment', EXPECTED, whole.replaceAll("/*/", "/:name/"));
  }
  if (part.includes("*")) {
    const suggestion = isLast && part === "**" ? whole.slice(0, -1) : undefined;
    return patternFault('it has a "*" that is not a whole segment', EXPECTED, suggestion);
  }
  if (part.startsWith(":")) {
    if (PARAMETER.test(part)) return { kind: "parameter", name: part.slice(1) };
    return patternFault(`"${part}" is no parameter`, 'a name of letters, digits and "_" after the ":"');
  }
  const braced = /^\{([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(part);
  if (braced?.[1] !== undefined) {
    return patternFault("it has a parameter in braces", EXPECTED, whole.replaceAll(/\{(\w+)\}/g, ":$1"));
  }
  if (DOTS.test(part)) return patternFault(`it has a "${part}" segment, which matches no request`, EXPECTED);
  if (!STATIC.test(part)) return patternFault(`"${part}" is no segment of a path`, EXPECTED);
  return { kind: "static", text: part };
}
