/**
 * Every fault that the gateway tells has a code that stays: people look it up, tools match it. `loopgate help LG1204` prints its
 * page, `docs/errors` has them all. A code is never given to something else; one that is no longer told leaves a gap.
 */

/** Codes with the class of errors that each is of; `errors.ts` says what a class is. */
export const FAULT_CODES = {
  // Files: that they can be read, and what may stand in them.
  LG1000: "ERR_CONFIG",
  LG1001: "ERR_CONFIG",
  LG1002: "ERR_CONFIG",
  LG1003: "ERR_CONFIG",
  LG1004: "ERR_CONFIG",
  LG1101: "ERR_CONFIG",
  LG1102: "ERR_CONFIG",
  LG1103: "ERR_CONFIG",
  LG1104: "ERR_CONFIG",
  LG1105: "ERR_CONFIG",
  // Limits.
  LG1201: "ERR_CONFIG",
  LG1202: "ERR_CONFIG",
  // Workloads and routes.
  LG1301: "ERR_CONFIG",
  LG1302: "ERR_CONFIG",
  LG1303: "ERR_CONFIG",
  LG1304: "ERR_CONFIG",
  LG1305: "ERR_CONFIG",
  LG1306: "ERR_CONFIG",
  LG1307: "ERR_CONFIG",
  LG1401: "ERR_CONFIG",
  // Files that others name.
  LG1501: "ERR_CONFIG",
  LG1502: "ERR_CONFIG",
  LG1503: "ERR_CONFIG",
  LG1504: "ERR_CONFIG",
  LG1505: "ERR_CONFIG",
  LG1601: "ERR_CONFIG",
  LG1602: "ERR_CONFIG",
  LG1701: "ERR_CONFIG",
  // Components.
  LG2001: "ERR_COMPONENT",
  LG2002: "ERR_COMPONENT",
  LG2003: "ERR_COMPONENT",
  LG2004: "ERR_COMPONENT",
  LG2005: "ERR_COMPONENT",
  LG2006: "ERR_COMPONENT",
  LG2007: "ERR_COMPONENT",
  LG2101: "ERR_COMPONENT",
  // Policy.
  LG3001: "ERR_CONFIG",
  LG3002: "ERR_CONFIG",
  LG3003: "ERR_CONFIG",
  LG3004: "ERR_CONFIG",
  LG3101: "ERR_DENIED",
  // The command line.
  LG4001: "ERR_USAGE",
  LG4002: "ERR_USAGE",
  LG4003: "ERR_USAGE",
  LG4004: "ERR_USAGE",
  LG4005: "ERR_USAGE",
  LG4006: "ERR_USAGE",
  LG4007: "ERR_USAGE",
  // Start, ports and processes.
  LG5001: "ERR_LISTEN",
  LG5002: "ERR_LISTEN",
  LG5003: "ERR_USAGE",
  LG5004: "ERR_CONFIG",
  LG5005: "ERR_CONFIG",
  LG5006: "ERR_RUNTIME",
  LG5007: "ERR_INTERNAL",
  LG5008: "ERR_INTERNAL",
  // Builds.
  LG6001: "ERR_BUILD",
  LG6002: "ERR_BUILD",
  LG6003: "ERR_BUILD",
  LG6004: "ERR_BUILD",
  LG6005: "ERR_BUILD",
  LG6006: "ERR_BUILD",
  LG6007: "ERR_BUILD",
  // Requests that the gateway answered by itself.
  LG7001: "ERR_REQUEST",
  LG7002: "ERR_REQUEST",
  LG7003: "ERR_REQUEST",
  LG7004: "ERR_REQUEST",
  LG7005: "ERR_REQUEST",
  LG7006: "ERR_REQUEST",
  LG7007: "ERR_REQUEST",
  LG7008: "ERR_OVERLOADED",
  LG7009: "ERR_CLOSED",
  LG7010: "ERR_CLOSED",
  LG7011: "ERR_GUEST_TRAP",
  LG7012: "ERR_NO_RESPONSE",
  LG7013: "ERR_NO_RESPONSE",
  LG7014: "ERR_NO_RESPONSE",
  LG7015: "ERR_SERVICE_DOWN",
  LG7016: "ERR_TIMEOUT",
  LG7017: "ERR_TIMEOUT",
  LG7018: "ERR_NO_RESPONSE",
  LG7019: "ERR_REQUEST",
  LG7020: "ERR_CONFIG",
  // Other limits that guests meet.
  LG7101: "ERR_LIMIT",
  LG7102: "ERR_LIMIT",
  LG7103: "ERR_LIMIT",
  LG7104: "ERR_LIMIT",
  LG7105: "ERR_LIMIT",
  LG7106: "ERR_LIMIT",
  LG7107: "ERR_LIMIT",
  LG7108: "ERR_OVERLOADED",
  LG7109: "ERR_OVERLOADED",
  LG7110: "ERR_OVERLOADED",
  // The life of workloads and services.
  LG8001: "ERR_GUEST_TRAP",
  LG8002: "ERR_TIMEOUT",
  LG8003: "ERR_SERVICE_DOWN",
  LG8004: "ERR_CONFIG",
  LG8005: "ERR_LISTEN",
  // The gateway itself.
  LG9001: "ERR_INTERNAL",
  LG9002: "ERR_TIMEOUT",
} as const;

/** A code, such as "LG1104". */
export type FaultCode = keyof typeof FAULT_CODES;

/** The code that a text names, in whatever case; undefined when it names none. */
export function faultCodeOf(text: string): FaultCode | undefined {
  const code = text.toUpperCase();
  return Object.hasOwn(FAULT_CODES, code) ? code as FaultCode : undefined;
}
