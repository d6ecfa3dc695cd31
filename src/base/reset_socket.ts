/**
 * Ends a connection so that nothing of it is kept. Once its end is on its way a socket cannot be reset any more: then it is
 * closed, because Node 26 leaves it open for ever, without a word to its owner (`reset EINVAL`).
 */
import type { Socket } from "node:net";

/** Resets it when all is written that its owner wrote, which a peer that reads nothing may never let happen. */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

/** Resets it now: what is not written yet is lost. */
export function resetSocketNow(socket: Socket): void {
  if (socket.destroyed) return;
  if (!socket.writableEnded || socket.writableLength > 0) socket.resetAndDestroy();
  // What `resetAndDestroy` waits for does not come then.
  socket.destroy();
}
