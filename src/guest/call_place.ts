/**
 * Where a program called what fails later. The stack of an error that is made behind an `await` has nothing of the caller, so a
 * call that may take a while notes its place: 4 us of an interpreter, where a call of the host takes some hundred.
 */

/** Frames that are kept, those of the SDK included: an interpreter pays for each. */
const FRAMES_MAX = 8;

/** Of who called the function that asks. */
export function callPlace(): Error {
  const before: unknown = Reflect.get(Error, "stackTraceLimit");
  if (typeof before !== "number") return new Error();
  Reflect.set(Error, "stackTraceLimit", Math.min(before, FRAMES_MAX));
  const place = new Error();
  Reflect.set(Error, "stackTraceLimit", before);
  return place;
}

/** The error, its stack with the frames of `place` below its own where they are not in it already. */
export function withPlace(error: unknown, place: Error): unknown {
  if (!(error instanceof Error) || typeof place.stack !== "string") return error;
  const { stack } = place;
  // Below what asked for the place.
  const asked = stack.indexOf(callPlace.name);
  const frames = stack.slice(stack.indexOf("\n", asked) + 1).trimEnd();
  const own = (error.stack ?? "").trimEnd();
  // The frame behind that of the SDK's function; those at the end are of every stack.
  const [, caller = ""] = frames.split("\n");
  if (asked < 0 || caller === "" || own.includes(caller)) return error;
  error.stack = own === "" ? frames : `${own}\n${frames}`;
  return error;
}
