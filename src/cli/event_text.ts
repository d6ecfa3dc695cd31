/** Events as lines: for people, or as JSON. What guests and clients wrote is escaped in both. */
import { diagnosticText } from "../base/diagnostics_text.ts";
import { escapeText } from "../base/escape_text.ts";
import { eventFault } from "../telemetry/event_faults.ts";
import type { GatewayEvent, GuestLabel } from "../telemetry/events.ts";
import { levelOf, type LogLevel } from "../telemetry/log_level.ts";
import type { Colours } from "./colours.ts";
import type { ReplicaEvent } from "./replica_set.ts";

type EventOf<Kind extends GatewayEvent["kind"]> = Extract<GatewayEvent, { readonly kind: Kind }>;

/** How a line for people is made. */
export interface EventTextOptions {
  /** The time of day as it is to be shown. */
  readonly time: string;
  readonly colours: Colours;
  /** The number of this process among several that serve one port. */
  readonly replica?: number | undefined;
}

/**
 * One event as one line without its line break (a fault inside of the gateway has more: its stack).
 *
 * @example
 * // 12:00:01  POST /task 200 1.4 ms (guest 0.3 ms), 24 B in, 10 B out  service-tcp/task 4bf92f35
 */
export function eventText(event: GatewayEvent, { time, colours, replica }: EventTextOptions): string {
  const mark = replica === undefined ? "" : `${colours.quiet(`#${replica}`)}  `;
  const code = eventFault(event);
  // A fault of the gateway ends with its stack, and one of a file begins with its code.
  const end = code === undefined || event.kind === "left-out"
    ? ""
    : event.kind === "fault"
    ? `\n    [${code}]`
    : ` ${colours.quiet(`[${code}]`)}`;
  return `${colours.quiet(time)}  ${mark}${levelText(levelOf(event), colours)}${bodyOf(event, colours)}${end}`;
}

/** What is as it should be needs no word. */
function levelText(level: LogLevel, colours: Colours): string {
  if (level === "info") return "";
  return level === "warn" ? `${colours.warn("warn")}   ` : `${colours.fault("error")}  `;
}

/** A change of a replica as one line. */
export function replicaText(event: ReplicaEvent, { time, colours }: EventTextOptions): string {
  const { index, state, pid, detail } = event;
  const colour = state === "listening" ? colours.good : colours.fault;
  const process = pid === undefined ? "" : `, process ${pid}`;
  return `${colours.quiet(time)}  ${colours.quiet(`#${index}`)}  replica ${colour(state)}${process}${
    afterColon(detail)
  }`;
}

/** A change of a replica as one line of JSON. */
export function replicaJson(event: ReplicaEvent, time: string): string {
  const { index, ...fields } = event;
  return JSON.stringify({ time, level: replicaLevel(event), event: "replica", replica: index, ...fields });
}

/** As `levelOf`, of a change of a replica. */
export function replicaLevel({ state }: ReplicaEvent): LogLevel {
  return state === "listening" ? "info" : "error";
}

/** `12:00:01`, in the machine's zone. */
export function timeOfDay(now: Date): string {
  return [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** One event as one line of JSON without its line break. Terminals are safe from it: JSON.stringify escapes C0, this the rest. */
export function eventJson(event: GatewayEvent, time: string, replica?: number): string {
  if (event.kind === "request") return requestJson(event, time, replica);
  const { kind, ...fields } = event;
  const plain = event.kind === "fault"
    ? { where: event.where, error: describeError(event.error) }
    : event.kind === "left-out"
    ? { workload: event.workload, ...event.fault }
    : fields;
  const code = eventFault(event);
  return safeJson({
    time,
    level: levelOf(event),
    event: kind,
    ...(code !== undefined && { code }),
    ...(replica !== undefined && { replica }),
    ...plain,
  });
}

/** Put together by hand: there is one for each request. */
function requestJson(event: EventOf<"request">, time: string, replica: number | undefined): string {
  const { requestId, traceId, method, path, status, durationMs, workload, route, cpuMs, code, cause } = event;
  let line = `{"time":"${time}","level":"${levelOf(event)}","event":"request"`;
  if (replica !== undefined) line += `,"replica":${replica}`;
  line += `,"requestId":${textJson(requestId)}`;
  if (traceId !== undefined) line += `,"traceId":${textJson(traceId)}`;
  line += `,"method":${textJson(method)},"path":${textJson(withoutQuery(path))},"status":${status}`;
  line += `,"requestBytes":${event.requestBytes},"responseBytes":${event.responseBytes}`;
  line += `,"durationMs":${millisecondsText(durationMs)}`;
  line += destinationJson(workload, route);
  if (cpuMs !== undefined) line += `,"cpuMs":${millisecondsText(cpuMs)}`;
  if (code !== undefined) line += `,"code":"${code}"`;
  if (cause !== undefined) line += `,"cause":${textJson(cause)}`;
  return `${line}}`;
}

/** What follows the point, for each number of microseconds: as JSON has it, without zeros at the end. */
const FRACTIONS: readonly string[] = Array.from(
  { length: 1_000 },
  (_, us) => us === 0 ? "" : `.${String(us).padStart(3, "0").replace(/0+$/, "")}`,
);
/** Up to here a number of microseconds is a small integer for V8, whose text it has at hand. */
const MILLISECONDS_MAX = 1_000_000;

/** The number as JSON has it. Whole microseconds, which is what requests have, are put together from integers. */
export function millisecondsText(ms: number): string {
  const us = Math.round(ms * 1_000);
  if (!(ms >= 0 && ms < MILLISECONDS_MAX) || us / 1_000 !== ms) return JSON.stringify(ms);
  const whole = Math.floor(us / 1_000);
  return `${whole}${FRACTIONS[us - whole * 1_000] ?? ""}`;
}

/** One request after the other goes to the same route. */
let lastDestination: {
  readonly workload: string | undefined;
  readonly route: string | undefined;
  readonly json: string;
} = {
  workload: undefined,
  route: undefined,
  json: "",
};

function destinationJson(workload: string | undefined, route: string | undefined): string {
  if (workload !== lastDestination.workload || route !== lastDestination.route) {
    let json = "";
    if (workload !== undefined) json += `,"workload":${textJson(workload)}`;
    if (route !== undefined) json += `,"route":${textJson(route)}`;
    lastDestination = { workload, route, json };
  }
  return lastDestination.json;
}

/** ASCII that stands for itself in a string of JSON. */
const PLAIN = /^[ !#-[\]-~]*$/;

function textJson(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : safeJson(text);
}

/** JSON that is safe for a terminal. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, (unsafe) => {
    return `\\u${unsafe.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function bodyOf(event: GatewayEvent, colours: Colours): string {
  switch (event.kind) {
    case "request":
      return requestText(event, colours);
    case "guest-output": {
      const mark = event.stream === "stderr" ? colours.warn("err |") : colours.quiet("out |");
      return `${guestName(event.guest, colours)}${shortId(event.requestId, colours)} ${mark} ${escapeText(event.line)}`;
    }
    case "guest-ended": {
      const isGood = event.outcome === "completed";
      const outcome = (isGood ? colours.good : colours.fault)(event.outcome);
      const { guest, requestId, detail } = event;
      return `${guestName(guest, colours)}${shortId(requestId, colours)} ${outcome}${afterColon(detail)}`;
    }
    case "denied":
      return deniedText(event, colours);
    case "service-state": {
      const { state } = event;
      const colour = state === "ready" || state === "completed"
        ? colours.good
        : state === "failed" || state === "restarting"
        ? colours.fault
        : colours.quiet;
      return `${colours.strong(escapeText(event.workload))} service ${colour(escapeText(state))}${
        afterColon(event.detail)
      }`;
    }
    case "refused":
      return `${guestName(event.guest, colours)} ${colours.warn("refused")} ${escapeText(event.target)}${
        afterColon(event.detail)
      }`;
    case "published": {
      const name = colours.strong(escapeText(event.workload));
      return `${name} published port ${event.port} ${colours.warn(escapeText(event.detail))}`;
    }
    case "limited": {
      const times = (event.count ?? 1) > 1 ? ` ${colours.quiet(`(${event.count} times)`)}` : "";
      const who = event.guest === undefined ? colours.strong("listener") : guestName(event.guest, colours);
      const place = event.setBy === undefined ? "" : `; ${colours.fix(event.setBy)}`;
      return `${who} ${colours.warn("limited")} ${event.limit}${times}${afterColon(event.detail)}${place}`;
    }
    case "traces": {
      const { endpoint, state, count = 0 } = event;
      if (state === "exported") {
        return `traces ${colours.good("exported")} again; ${count} spans were dropped meanwhile`;
      }
      return `traces ${colours.warn("not exported")} to ${escapeText(endpoint)}${afterColon(event.detail)}`;
    }
    case "certificate":
      return `certificate ${colours.strong(escapeText(event.name))} ${colours.warn(escapeText(event.detail))}`;
    case "reload": {
      const colour = levelOf(event) === "error" ? colours.fault : colours.good;
      const what = escapeText(event.workload ?? event.file ?? "gateway.jsonc");
      return `${colours.strong(what)} ${colour(event.outcome)}${afterColon(event.detail)}`;
    }
    case "left-out": {
      const frame = diagnosticText(event.fault, colours).replaceAll("\n", "\n    ");
      return `${colours.strong(escapeText(event.workload))} ${colours.fault("left out")}\n    ${frame}`;
    }
    case "fault":
      return `${colours.fault("fault")} in ${escapeText(event.where)}: ${faultText(event.error)}`;
  }
}

function requestText(event: EventOf<"request">, colours: Colours): string {
  const { requestId, status, requestBytes, responseBytes, cpuMs, workload, route, cause } = event;
  const colour = status >= 500 ? colours.fault : status >= 400 ? colours.warn : colours.good;
  const line = escapeText(`${event.method || "-"} ${withoutQuery(event.path) || "-"}`);
  const answeredBy = workload === undefined
    ? ""
    : `  ${escapeText(route === undefined ? workload : `${workload}/${route}`)}`;
  const why = cause === undefined ? "" : `  ${colours.quiet(`(${escapeText(cause)})`)}`;
  const guest = cpuMs === undefined ? "" : ` (guest ${durationText(cpuMs)})`;
  const sizes = `${bytesText(requestBytes)} in, ${bytesText(responseBytes)} out`;
  const took = `${durationText(event.durationMs)}${guest}, ${sizes}`;
  return `${line} ${colour(String(status))} ${took}${answeredBy}${shortId(requestId, colours)}${why}`;
}

/** For people: enough to tell the requests of a while apart. */
const SHORT_ID_LENGTH = 8;

function shortId(requestId: string | undefined, colours: Colours): string {
  return requestId === undefined ? "" : ` ${colours.quiet(escapeText(requestId.slice(0, SHORT_ID_LENGTH)))}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

function bytesText(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), BYTE_UNITS.length - 1);
  const value = bytes / 1024 ** unit;
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Queries carry tokens and what people typed; a log is no place for them. */
function withoutQuery(path: string): string {
  const query = path.indexOf("?");
  return query < 0 ? path : `${path.slice(0, query)}?...`;
}

function durationText(durationMs: number): string {
  if (durationMs >= 10_000) return `${(durationMs / 1000).toFixed(1)} s`;
  return `${durationMs >= 100 ? durationMs.toFixed(0) : durationMs.toFixed(1)} ms`;
}

function guestName({ workload, route, role }: GuestLabel, colours: Colours): string {
  const name = colours.strong(escapeText(route === undefined ? workload : `${workload}/${route}`));
  return role === "component" && route !== undefined ? name : `${name} ${role}`;
}

/** `rule` says what decided, and what to add to which file (`denialLine` of `policy/explain.ts`). */
function deniedText({ guest, operation, target, rule, count = 1 }: EventOf<"denied">, colours: Colours): string {
  const what = `${escapeText(operation)} ${escapeText(target)}`;
  const times = count > 1 ? ` ${colours.quiet(`(${count} times)`)}` : "";
  const [reason = "", fix] = splitOnce(escapeText(rule), ALLOW_MARK);
  // A command has no file that a line could be added to.
  const isCommand = guest.role === "command";
  const said = isCommand ? "`loopgate run` has no setting that allows it" : fix && `${ALLOW_MARK.slice(2)}${fix}`;
  const allow = said === undefined ? "" : `; ${colours.fix(said)}`;
  return `${guestName(guest, colours)} ${colours.warn("denied")} ${what}${times}: ${reason}${allow}`;
}

/** Between the reason and what to change in the `rule` of a denial. */
const ALLOW_MARK = "; to allow: ";

function splitOnce(text: string, mark: string): readonly string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function afterColon(detail: string | undefined): string {
  return detail === undefined || detail === "" ? "" : `: ${escapeText(detail)}`;
}

/** The stack on lines of its own: it is for whoever mends the gateway. */
function faultText(error: unknown): string {
  if (!(error instanceof Error)) return escapeText(String(error));
  return (error.stack ?? `${error.name}: ${error.message}`).split("\n").map(escapeText).join("\n    ");
}

function describeError(error: unknown): { readonly message: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  const message = `${error.name}: ${error.message}`;
  return error.stack === undefined ? { message } : { message, stack: error.stack };
}
