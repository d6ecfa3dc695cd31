/** One turn of the event loop: the outside gets its chance before `fire` runs. */
import { LoopWaker, type WakerSockets } from "./loop_waker.ts";

/** What is used of Deno. */
interface DenoSockets extends WakerSockets {
  readonly permissions: {
    querySync(wanted: { readonly name: "net"; readonly host: string }): { readonly state: string };
  };
}

const NOTHING = new Uint8Array(0);
const { Deno: deno } = globalThis as { readonly Deno?: DenoSockets };

/**
 * Calls `fire` in a later turn of the event loop, after sockets and timers that are ready were served.
 *
 * Node: `setImmediate`. Deno serves no socket for about 120 turns while immediates follow each other (2.9.6; with guests that
 * compute 1 ms in each turn a neighbour's round trip takes 123 ms), and `setTimeout(0)` takes 2 to 5 ms, which leaves a lone
 * guest a third of the core. What makes the loop look at its sockets is something that it waits for. An operation of the thread
 * pool (an empty digest) needs a core for its thread: beside other processes a guest of 2 ms slices had 0.36 to 0.65 of its time
 * by it, and 0.91 by a byte through a connection with itself, with a neighbour no worse off. The digest is used until the connection
 * is open, and where it may not be. It begins in an immediate of its own, after what the caller still does: one that is over before
 * the loop comes to wait is no wait.
 */
export const nextEventLoopTurn: (fire: () => void) => void = deno === undefined
  ? (fire) => void setImmediate(fire)
  : turnOfDeno(deno);

function turnOfDeno(sockets: DenoSockets): (fire: () => void) => void {
  const digest = (fire: () => void): void => {
    const next = (): void => void setImmediate(fire);
    // It cannot fail; if it ever did, a turn later is still right.
    setImmediate(() => void crypto.subtle.digest("SHA-1", NOTHING).then(next, next));
  };
  // Opening without the right to would ask whoever sits at the terminal.
  if (sockets.permissions.querySync({ name: "net", host: "127.0.0.1" }).state !== "granted") return digest;
  const waker = new LoopWaker(sockets, digest);
  return (fire) => waker.wake(fire);
}
