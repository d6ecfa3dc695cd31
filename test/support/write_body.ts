/** What handlers in JavaScript write, as fast as they may. */
import type { ResponseBody } from "../../src/host/http/exchange.ts";

const PIECE = new Uint8Array(65_536);

/** Writes so many zeros, or up to the end of its client. */
export async function writeAll(sink: ResponseBody, size: number, onWritten?: (bytes: number) => void): Promise<void> {
  for (let left = size; left > 0;) {
    const permit = sink.permit();
    if (typeof permit !== "number") return;
    if (permit === 0) await new Promise<void>((resolve) => void sink.onReady(resolve));
    else {
      const piece = PIECE.subarray(0, Math.min(left, permit));
      if (sink.write(piece) === undefined) onWritten?.(piece.length);
      left -= piece.length;
    }
  }
}

/** Writes for ever. */
export async function flood(sink: ResponseBody, onWritten: (bytes: number) => void): Promise<void> {
  await writeAll(sink, Infinity, onWritten);
}
