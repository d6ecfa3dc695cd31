/** One run of `wasi:cli/run`, of a service or a command: instantiated, called, and released whatever comes of it. */
import { Guest, type GuestOptions, type GuestProgram, type GuestTools } from "../instance/guest.ts";
import { type GuestEnd, guestEndOf, releaseFor } from "../instance/guest_end.ts";
import type { ServiceRun } from "./service_supervisor.ts";

/** The interface a service exports. */
export const COMMAND_RUN = "wasi:cli/run";

/** Starts a run. Never throws: a trap of a start function is how the run ended. */
export function startRun(
  program: GuestProgram,
  tools: GuestTools,
  options: GuestOptions,
): ServiceRun {
  let guest: Guest | undefined;
  let killed: Error | undefined;
  const run = async (): Promise<GuestEnd> => {
    try {
      guest = await Guest.start(program, tools, options);
    } catch (error) {
      return guestEndOf(error);
    }
    const ended = runToEnd(guest);
    if (killed !== undefined) guest.kill(killed);
    return await ended;
  };
  const kill = (cause: Error): void => {
    killed ??= cause;
    guest?.kill(cause);
  };
  return { ended: run(), kill };
}

async function runToEnd(guest: Guest): Promise<GuestEnd> {
  let end: GuestEnd;
  try {
    await guest.call(COMMAND_RUN, "run", []);
    end = { kind: "completed" };
  } catch (error) {
    end = guestEndOf(error);
  }
  guest.end(releaseFor(end));
  return end;
}
