/**
 * What the command says besides its events, on stderr: for people, or as a line of JSON each where the log has those. A
 * collector that reads JSON stumbles over anything else, and what ends a process is what it must not miss.
 */
import type { Clock } from "../base/clock.ts";
import type { FaultCode } from "../base/fault_codes.ts";
import { escapeText } from "../base/escape_text.ts";
import type { LogLevel } from "../telemetry/log_level.ts";
import type { LogFormat } from "../workload/spec.ts";
import { coloursFor } from "./colours.ts";
import { safeJson } from "./event_text.ts";
import { errorMark, faultLines, type FaultReport, reportFault } from "./faults.ts";
import type { Terminal, TerminalFault } from "./terminal.ts";

/** Why something ended that could not say it itself. */
export interface LastWords {
  readonly code: FaultCode;
  readonly message: string;
}

/** One for a command. */
export class CommandVoice {
  readonly #terminal: Terminal;
  readonly #clock: Pick<Clock, "wallMs">;
  #format: LogFormat = "pretty";

  /** Until the format is known, what the words and the variables say of it counts: a fault may come before. */
  constructor({ terminal, clock }: { readonly terminal: Terminal; readonly clock: Pick<Clock, "wallMs"> }) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.use(askedFormat(terminal));
  }

  /** From now on. In JSON what the runtime would print by itself is taken over. */
  use(format: LogFormat): void {
    if (format === this.#format) return;
    this.#format = format;
    this.#terminal.takeFaults(format === "pretty" ? undefined : (fault) => this.#taken(fault));
  }

  /** Requests in flight may finish. */
  draining(): void {
    if (this.#format === "json") this.#line("info", { event: "draining" });
    else this.#terminal.stderr.write("Draining: requests in flight may finish; Ctrl-C again to stop at once\n");
  }

  /** Something that is ignored, or that may be meant otherwise. */
  warn(text: string): void {
    const { stderr } = this.#terminal;
    if (this.#format === "json") this.#line("warn", { event: "warning", detail: text });
    else stderr.write(`${coloursFor(stderr.isColoured).warn("warning")}: ${escapeText(text)}\n`);
  }

  /** What ends the command: the text of it, with its line break, and the exit code. */
  report(error: unknown): FaultReport {
    const report = reportFault(error, coloursFor(this.#terminal.stderr.isColoured));
    if (this.#format === "pretty") return report;
    const text = faultLines(error).map((fields) => this.#text("error", { event: "stopped", ...fields })).join("");
    return { ...report, text };
  }

  /** Tells what no error stands for. */
  fault({ code, message }: LastWords): void {
    const { stderr } = this.#terminal;
    if (this.#format === "json") this.#line("error", { event: "stopped", code, message });
    else stderr.write(`${errorMark(code, coloursFor(stderr.isColoured))}: ${escapeText(message)}\n`);
  }

  #taken({ level, ...fault }: TerminalFault): void {
    this.#line(level, { event: level === "warn" ? "warning" : "stopped", ...fault });
  }

  #line(level: LogLevel, fields: Readonly<Record<string, unknown>>): void {
    this.#terminal.stderr.write(this.#text(level, fields));
  }

  #text(level: LogLevel, fields: Readonly<Record<string, unknown>>): string {
    return `${safeJson({ time: new Date(this.#clock.wallMs()).toISOString(), level, ...fields })}\n`;
  }
}

/** Commands that have a log. */
const LOGGING: readonly (string | undefined)[] = ["serve", "dev"];

/** Read by hand: it is asked before the words are read, because a fault may be in them. */
function askedFormat({ argv, variables }: Pick<Terminal, "argv" | "variables">): LogFormat {
  if (!LOGGING.includes(argv[0])) return "pretty";
  const at = argv.findLastIndex((word) => word === "--log" || word.startsWith("--log="));
  const word = at < 0
    ? variables["LOOPGATE_LOG"]
    : argv[at] === "--log"
    ? argv[at + 1]
    : argv[at]?.slice("--log=".length);
  return word === "json" ? "json" : "pretty";
}
