/** Errors as the last thing the user sees: what is wrong, what to change, which exit code. */
import { diagnosticsText } from "../base/diagnostics_text.ts";
import { LoopgateError, OPERATOR_FAULTS } from "../base/errors.ts";
import type { FaultCode } from "../base/fault_codes.ts";
import { escapeText } from "../base/escape_text.ts";
import { ComponentError } from "../component/errors.ts";
import type { Colours } from "./colours.ts";
import { OPERATOR_EXIT_CODE, SYSTEM_EXIT_CODE } from "./exit_codes.ts";

/** What is printed on stderr, and the exit code. */
export interface FaultReport {
  readonly text: string;
  readonly exitCode: number;
}

/** Reports whatever a command was rejected with. */
export function reportFault(error: unknown, colours: Colours): FaultReport {
  const isComponent = error instanceof ComponentError;
  if (!isComponent && !(error instanceof LoopgateError && error.code in OPERATOR_FAULTS)) {
    const text = error instanceof Error ? error.stack ?? `${error.name}: ${error.message}` : String(error);
    const code = error instanceof LoopgateError ? error.fault : "LG9001";
    return { text: `${errorMark(code, colours)}: ${lines(text)}\n`, exitCode: SYSTEM_EXIT_CODE };
  }
  if (error instanceof LoopgateError && error.diagnostics.length > 0) {
    return { text: diagnosticsText(error.diagnostics, colours), exitCode: OPERATOR_EXIT_CODE };
  }
  const hint = error instanceof LoopgateError && error.code === "ERR_LISTEN" ? listenHint(error) : undefined;
  const fix = hint === undefined ? "" : `${colours.fix(`fix: ${hint}`)}\n`;
  return { text: `${errorMark(error.fault, colours)}: ${lines(error.message)}\n${fix}`, exitCode: OPERATOR_EXIT_CODE };
}

/** The same as fields, for a line of JSON each. */
export function faultLines(error: unknown): readonly Readonly<Record<string, unknown>>[] {
  const isOurs = error instanceof ComponentError || error instanceof LoopgateError;
  if (error instanceof LoopgateError && error.diagnostics.length > 0) {
    return error.diagnostics.map((each) => ({ ...each }));
  }
  const message = error instanceof Error ? error.message : String(error);
  const isOperators = error instanceof ComponentError ||
    (error instanceof LoopgateError && error.code in OPERATOR_FAULTS);
  const stack = isOperators || !(error instanceof Error) ? undefined : error.stack;
  const fix = error instanceof LoopgateError && error.code === "ERR_LISTEN" ? listenHint(error) : undefined;
  return [{ code: isOurs ? error.fault : "LG9001", message, fix, stack }];
}

/** How a fault begins. */
export function errorMark(code: FaultCode, colours: Colours): string {
  return colours.fault(`error[${code}]`);
}

/** The flag that moves the listener, for each reason why it cannot stay. */
function listenHint({ cause, fault }: LoopgateError): string {
  const flag = fault === "LG5002" ? "--admin" : "--listen";
  // `dev` has no such flag, and an admin by the file alone.
  const inFile = fault === "LG5002" ? ', or "admin" in gateway.jsonc' : "";
  switch (errorCode(cause)) {
    case "EADDRINUSE":
      return "something listens there already: end it, or choose another port, " +
        `like ${flag} 127.0.0.1:8081 (port 0 takes a free one)${inFile}`;
    case "EACCES":
    case "EPERM":
      return `ports below 1024 need rights that this user does not have; choose another, like ${flag} 127.0.0.1:8080`;
    case "EADDRNOTAVAIL":
    // What Deno makes of the same.
    case "EINVAL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `this is no address of this machine; ${flag} 127.0.0.1:8080 is for this machine only, ` +
        `${flag} 0.0.0.0:8080 for every interface`;
    case "ENOTSUP":
    case "EOPNOTSUPP":
      return "this system cannot share a port between processes; leave --replicas out";
    default:
      return `choose another address with ${flag} host:port`;
  }
}

/** The system's code: of the error itself, or, as Deno has it, of one behind it or by its name. */
function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.name === "AddrInUse"
    ? "EADDRINUSE"
    : error.name === "AddrNotAvailable"
    ? "EADDRNOTAVAIL"
    : errorCode(error.cause);
}

function lines(text: string): string {
  return text.split("\n").map(escapeText).join("\n");
}
