/** A `wasi:cli/run` from an object with `run`. */
import { toExport } from "./engine/quickjs.ts";
import type { ExportedCall } from "./engine/types.ts";
import { readEnv } from "./env.ts";
import type { Service } from "./exports.ts";
import { turn } from "./loop.ts";
import { reportError, reportUnsettled } from "./report_error.ts";

/** The WIT export for `service`. @throws TypeError while the program is built, when it is none */
export function commandRun(service: Service): { run(): unknown } {
  if (typeof (service as Partial<Service> | undefined)?.run !== "function") {
    throw new TypeError(
      'The default export has no "run", expected { run() } for a service or { fetch(request) } for a handler',
    );
  }
  return { run: toExport(() => new Run(service), turn) };
}

/** A run, until its promise settles. */
class Run implements ExportedCall<void> {
  #state: "running" | "ended" | "failed" = "running";

  constructor(service: Service) {
    void this.#run(service);
  }

  isDone(): boolean {
    return this.#state !== "running";
  }

  /** `run: func() -> result` fails by throwing its error, which has no value. */
  finish(): void {
    if (this.#state === "failed") throw undefined;
  }

  giveUp(): void {
    reportUnsettled();
    this.#state = "failed";
  }

  async #run(service: Service): Promise<void> {
    try {
      await service.run(readEnv());
      this.#state = "ended";
    } catch (error) {
      reportError(error);
      this.#state = "failed";
    }
  }
}
