/**
 * W3C Trace Context (the recommendation of 2021, level 1): what a `traceparent` and a `tracestate` say. Strict: clients
 * write them, and what is not exactly of the form counts as not sent.
 */

/** Where a request stands in its trace. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** Of the span before: 16 hexadecimal digits, not all zero. */
  readonly spanId: string;
  /** Whoever sent it records the trace. */
  readonly isSampled: boolean;
  /** What the systems of others keep in it. */
  readonly state: string | undefined;
}

/** Of version 00; of a later one the same parts come first, and whatever follows them begins with a dash. */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;

/** Reads the values of all fields of either name; undefined: there is no parent. More than one `traceparent` is none. */
export function readTraceContext(
  { parents, states }: { readonly parents: readonly string[]; readonly states: readonly string[] },
): TraceContext | undefined {
  const [parent, second] = parents;
  if (parent === undefined || second !== undefined) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = PARENT.exec(parent) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & SAMPLED) !== 0;
  return { traceId, spanId, isSampled, state: readState(states) };
}

/** The value of a `traceparent`. */
export function traceparentOf({ traceId, spanId, isSampled }: Omit<TraceContext, "state">): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

const STATE_LENGTH_MAX = 512;
const STATE_MEMBERS_MAX = 32;
const MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The members in one text; undefined where one of them is not of the form: the whole is then dropped (section 3.3). */
function readState(values: readonly string[]): string | undefined {
  const members = values.join(",").split(",").map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""));
  const written = members.filter((member) => member !== "");
  const keys = new Set(written.map((member) => member.slice(0, member.indexOf("="))));
  const isSound = keys.size === written.length && written.every((member) => MEMBER.test(member));
  const text = written.join(",");
  return isSound && text !== "" && written.length <= STATE_MEMBERS_MAX && text.length <= STATE_LENGTH_MAX
    ? text
    : undefined;
}
