/** `loopgate serve`: a gateway from its start to its end. */
import type { Clock } from "../base/clock.ts";
import { LoopgateError } from "../base/errors.ts";
import { readPem } from "../config/pem_file.ts";
import type { FileReader } from "../config/file_reader.ts";
import type { Gateway, GatewayOptions } from "../gateway/gateway.ts";
import type { EmitEvent, GatewayEvent } from "../telemetry/events.ts";
import type { Command } from "./args.ts";
import { coloursFor } from "./colours.ts";
import { eventJson, eventText } from "./event_text.ts";
import { INTERRUPTED_EXIT_CODE } from "./exit_codes.ts";
import { servedText } from "./served_text.ts";
import { StopSignals } from "./stop_signals.ts";
import type { Terminal } from "./terminal.ts";

/** Where the outside comes in. */
export interface ServeTools {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly files: FileReader;
  readonly startGateway: (options: GatewayOptions) => Promise<Gateway>;
}

/** Serves until a signal; resolves to the exit code. Rejects as `startGateway` does. */
export async function serve(command: Extract<Command, { readonly kind: "serve" }>, tools: ServeTools): Promise<number> {
  const { terminal, clock } = tools;
  const note = (text: string): void => terminal.stderr.write(`${text}\n`);
  const stopped = Promise.withResolvers<void>();
  const signals = new StopSignals(clock);
  const unwatch = terminal.watchSignals(() => {
    const verdict = signals.judge();
    if (verdict === "exit") terminal.exit(INTERRUPTED_EXIT_CODE);
    else if (verdict === "drain") {
      note("Draining: requests in flight may finish; Ctrl-C again to stop at once");
      stopped.resolve();
    }
  });
  const log = new EventLog(command.log, tools);
  try {
    const { folder, listen, resolver } = command;
    const ca = command.ca === undefined ? undefined : await readCa(command.ca, tools.files);
    const gateway = await tools.startGateway({
      folder,
      clock,
      emit: log.emit,
      ...(listen !== undefined && { listen }),
      ...(resolver !== undefined && { resolver }),
      ...(ca !== undefined && { ca }),
    });
    if (command.log === "pretty") {
      terminal.stdout.write(servedText(gateway, coloursFor(terminal.stdout.isColoured)));
    } else log.writeStarted(gateway);
    log.open();
    await stopped.promise;
    await gateway.close();
    // Signals stay watched: the launcher's copy of the same Ctrl-C may come after a quick drain, and would kill.
    return 0;
  } catch (error) {
    // Services that were started and stopped again because the port is taken: not what the user has to see.
    log.open((event) => event.kind !== "service-state");
    unwatch();
    throw error;
  }
}

async function readCa(file: string, files: FileReader): Promise<string> {
  const read = await readPem(file, files);
  if ("pem" in read) return read.pem;
  throw new LoopgateError("ERR_USAGE", `Cannot use --ca: ${read.fault}, expected a PEM file with certificates`);
}

/** Events on their way to stdout. What happens before the table is printed waits for it. */
class EventLog {
  readonly emit: EmitEvent;
  readonly #write: (event: GatewayEvent) => void;
  readonly #tools: ServeTools;
  #waiting: GatewayEvent[] | undefined = [];

  constructor(format: "pretty" | "json", tools: ServeTools) {
    this.#tools = tools;
    const { stdout } = tools.terminal;
    const colours = coloursFor(stdout.isColoured);
    this.#write = (event) => {
      const line = format === "json"
        ? eventJson(event, this.#now().toISOString())
        : eventText(event, { time: timeOfDay(this.#now()), colours });
      stdout.write(`${line}\n`);
    };
    this.emit = (event) => {
      if (this.#waiting === undefined) this.#write(event);
      else this.#waiting.push(event);
    };
  }

  /** The first line of a JSON log: where, and what. */
  writeStarted({ address, workloads }: Gateway): void {
    const routes = workloads.flatMap((workload) =>
      workload.routes.map(({ name, match, component }) => ({ workload: workload.name, route: name, match, component }))
    );
    const line = JSON.stringify({ time: this.#now().toISOString(), event: "listening", address, routes });
    this.#tools.terminal.stdout.write(`${line}\n`);
  }

  /** From now on lines are written as they come; of those that waited, the ones to `keep`. Idempotent. */
  open(keep: (event: GatewayEvent) => boolean = () => true): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const event of waiting.filter(keep)) this.#write(event);
  }

  #now(): Date {
    return new Date(this.#tools.clock.wallMs());
  }
}

/** `12:00:01`, by the machine's clock and zone. */
function timeOfDay(now: Date): string {
  return [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
