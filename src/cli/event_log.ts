/** The log of `serve`: events as lines on stdout, those of requests in one write for each turn of the event loop. */
import type { Clock } from "../base/clock.ts";
import type { EmitEvent, GatewayEvent } from "../telemetry/events.ts";
import { isLogged, levelOf, LOG_LEVEL_DEFAULT, LOG_LEVELS, type LogLevel } from "../telemetry/log_level.ts";
import { coloursFor } from "./colours.ts";
import { eventJson, eventText, timeOfDay } from "./event_text.ts";
import type { Terminal } from "./terminal.ts";
import { ToldReasons } from "./told_reasons.ts";

/** How lines are made. */
export interface EventLogOptions {
  readonly format: "pretty" | "json";
  /** What is less than that has no line. Default: all have one. */
  readonly level?: LogLevel | undefined;
  readonly terminal: Pick<Terminal, "stdout" | "onExit">;
  readonly clock: Pick<Clock, "wallMs">;
  /** The number of this process among several that serve one port. */
  readonly replica: number | undefined;
  /** What is told instead of an event; it must not throw. Default: the event. */
  readonly mapped?: (event: GatewayEvent) => GatewayEvent;
  /** What has no line for people. */
  readonly isHidden?: (event: GatewayEvent) => boolean;
}

/** Lines are held up to here: a busy turn of the event loop serves some hundred requests. */
const HELD_LENGTH_MAX = 65_536;

/**
 * What may wait for whoever reads the log. Node keeps what a full pipe does not take, and guests write a part of it: a
 * collector that stands still for an hour would cost the process all its memory. Past it lines are lost, and counted.
 */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;

/** Events on their way to stdout. What happens before `open` waits for it. */
export class EventLog {
  readonly emit: EmitEvent;
  readonly #options: EventLogOptions;
  readonly #level: LogLevel;
  readonly #logsAll: boolean;
  /** Empty for what has no line. */
  readonly #lineOf: (event: GatewayEvent) => string;
  #waiting: GatewayEvent[] | undefined = [];
  /** Lines of requests of this turn: a write of their own each would cost more than the line. */
  #held = "";
  /** Lines, since the log has been too far behind. */
  #lost = 0;
  #timeMs = Number.NaN;
  #time = "";

  constructor(options: EventLogOptions) {
    this.#options = options;
    const { format, level = LOG_LEVEL_DEFAULT, terminal: { stdout, onExit }, clock, replica } = options;
    this.#logsAll = LOG_LEVELS.every((each) => isLogged(each, level));
    this.#level = level;
    const colours = coloursFor(stdout.isColoured);
    const reasons = new ToldReasons();
    this.#lineOf = format === "json" ? (event) => `${eventJson(event, this.now(), replica)}\n` : (event) => {
      const told = reasons.shortened(event);
      const time = timeOfDay(new Date(clock.wallMs()));
      return told === undefined || options.isHidden?.(told) === true
        ? ""
        : `${eventText(told, { time, colours, replica })}\n`;
    };
    this.emit = (event) => {
      if (!this.#logsAll && !isLogged(levelOf(event), this.#level)) return;
      if (this.#waiting === undefined) this.#write(event);
      else this.#waiting.push(event);
    };
    onExit(() => this.flush());
  }

  /** The time of a line of JSON. */
  now(): string {
    const nowMs = this.#options.clock.wallMs();
    if (nowMs !== this.#timeMs) {
      this.#timeMs = nowMs;
      this.#time = new Date(nowMs).toISOString();
    }
    return this.#time;
  }

  /** From now on lines are written as they come; of those that waited, the ones to `keep`. Idempotent. */
  open(keep: (event: GatewayEvent) => boolean = () => true): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const event of waiting.filter(keep)) this.#write(event);
  }

  /** Writes what is held. */
  flush(): void {
    if (this.#held === "") return;
    const lines = this.#held;
    this.#held = "";
    this.#options.terminal.stdout.write(lines);
  }

  /** True while the log's reader is too far behind; then it has to come to half of that. */
  #isBehind(): boolean {
    const { waitingBytes = 0 } = this.#options.terminal.stdout;
    return waitingBytes > (this.#lost > 0 ? WAITING_BYTES_MAX / 2 : WAITING_BYTES_MAX);
  }

  #write(event: GatewayEvent): void {
    if (this.#isBehind()) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) {
      const error = new Error(
        `${this.#lost} lines are lost: whoever reads stdout was ${WAITING_BYTES_MAX} bytes behind`,
      );
      this.#lost = 0;
      this.#held += this.#lineOf({ kind: "fault", where: "the log", error });
    }
    const line = this.#lineOf(this.#options.mapped?.(event) ?? event);
    if (line === "") return;
    const isFirst = this.#held === "";
    this.#held += line;
    if (event.kind !== "request" || this.#held.length > HELD_LENGTH_MAX) this.flush();
    else if (isFirst) setImmediate(() => this.flush());
  }
}
