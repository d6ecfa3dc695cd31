/** One turn of the event loop: the outside gets its chance before `fire` runs. */

const NOTHING = new Uint8Array(0);
const IS_DENO = "Deno" in globalThis;

/**
 * Calls `fire` in a later turn of the event loop, after sockets and timers that are ready were served.
 *
 * Node: `setImmediate`. Deno serves no socket for about 120 turns while immediates follow each other (2.9.6; with guests that
 * compute 1 ms in each turn a neighbour's round trip takes 123 ms), and `setTimeout(0)` takes 2 ms, which leaves a lone
 * guest a third of the core. An operation of the thread pool makes the loop wait and so look at its sockets: with an empty
 * digest a neighbour has 1 ms and the guest 90 % of the core. It begins in an immediate of its own, after what the caller
 * still does: one that is over before the loop comes to wait is no wait, and the neighbour has 126 ms again.
 */
export const nextEventLoopTurn: (fire: () => void) => void = IS_DENO
  ? (fire) => {
    const next = (): void => void setImmediate(fire);
    // It cannot fail; if it ever did, a turn later is still right.
    setImmediate(() => void crypto.subtle.digest("SHA-1", NOTHING).then(next, next));
  }
  : (fire) => void setImmediate(fire);
