/** Ends a connection so that nothing of it is kept. */
import type { Socket } from "node:net";

/**
 * Resets it; while its end is on its way it is closed. A socket cannot be reset then, and Node 26 leaves it open for ever, without a word
 * to its owner (`reset EINVAL`).
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
