/** How much an event matters to whoever operates the gateway: what is logged of it. */
import type { GatewayEvent } from "./events.ts";

/** From what is always logged to what a quiet log leaves out. */
export const LOG_LEVELS = ["error", "warn", "info"] as const;

/** One of them. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Where a gateway logs when nobody says otherwise: everything. */
export const LOG_LEVEL_DEFAULT: LogLevel = "info";

/** Whether a log of `limit` has a line for what is `level`. */
export function isLogged(level: LogLevel, limit: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(limit);
}

/** Too many requests: the one answer below 500 that says that the gateway, and not the client, should change. */
const OVERLOADED = 429;

/** "error": something failed. "warn": something was kept from a guest or a client. "info": all went as it should. */
export function levelOf(event: GatewayEvent): LogLevel {
  switch (event.kind) {
    case "request":
      return levelOfRequest(event.status, event.cause);
    case "guest-output":
      return "info";
    case "guest-ended":
      return event.outcome === "completed" ? "info" : "error";
    case "service-state":
      return event.state === "failed" ? "error" : event.state === "restarting" ? "warn" : "info";
    case "reload":
      if (event.outcome === "kept" || event.outcome === "left-out") return "error";
      return event.needsRestart === true ? "warn" : "info";
    case "left-out":
      return "error";
    case "traces":
      return event.state === "failing" ? "warn" : "info";
    case "denied":
    case "limited":
    case "published":
    case "refused":
    case "certificate":
      return "warn";
    case "fault":
      return "error";
  }
}

function levelOfRequest(status: number, cause: string | undefined): LogLevel {
  if (status >= 500) return "error";
  // A good head whose body was broken off.
  if (status < 400 && cause !== undefined) return "warn";
  return status === OVERLOADED ? "warn" : "info";
}
