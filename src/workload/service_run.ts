/** One run of `wasi:cli/run`, of a service or a command: instantiated, called, and released whatever comes of it. */
import { Guest, type GuestOptions, type GuestProgram, type GuestTools } from "../instance/guest.ts";
import { type GuestEnd, guestEndOf, releaseFor } from "../instance/guest_end.ts";
import type { ServiceRun } from "./service_supervisor.ts";

/** The interface a service exports. */
export const COMMAND_RUN = "wasi:cli/run";

/** Starts a run. Never throws: a trap of a start function is how the run ended, and so is a place that is not there. */
export function startRun(
  program: GuestProgram,
  tools: GuestTools,
  options: GuestOptions,
): ServiceRun {
  const guest = new Guest(program, tools);
  let killed: Error | undefined;
  const run = async (): Promise<void> => {
    guest.begin(options);
    await guest.start();
    // A guest that is about to be called has nothing under way yet that `kill` could have ended.
    if (killed !== undefined) throw killed;
    await guest.call(COMMAND_RUN, "run", []);
  };
  const kill = (cause: Error): void => {
    killed ??= cause;
    guest.kill(cause);
  };
  return { ended: runToEnd(run(), guest), kill, cpuMs: () => guest.cpuMs };
}

async function runToEnd(run: Promise<void>, guest: Guest): Promise<GuestEnd> {
  let end: GuestEnd;
  try {
    await run;
    end = { kind: "completed" };
  } catch (error) {
    end = guestEndOf(error);
  }
  guest.end(releaseFor(end));
  return end;
}
