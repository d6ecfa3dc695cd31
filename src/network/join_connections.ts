/** Two connections as one: what comes in on either goes out on the other, with the back-pressure of both. */
import type { ByteSink, ByteSource } from "../base/byte_stream.ts";
import { untilReady } from "../base/waitable.ts";
import type { TcpConnection } from "./tcp_connection.ts";

/** What is under way between them, each way. */
const PIECE_BYTES_MAX = 64 * 1024;

/**
 * Resolves when both ways have ended. An end passes on as an end, so that either side may go on sending; a failure resets
 * both, so that half is not taken for the whole.
 */
export async function joinConnections(first: TcpConnection, second: TcpConnection): Promise<void> {
  const isWhole = await Promise.all([flow(first, second), flow(second, first)].map(async (ended) => {
    const isGood = await ended;
    if (!isGood) { for (const side of [first, second]) side.end("reset"); }
    return isGood;
  }));
  if (isWhole.every(Boolean)) { for (const side of [first, second]) side.end("close"); }
}

/** False when one of them failed. */
async function flow(from: TcpConnection, to: TcpConnection): Promise<boolean> {
  for (;;) {
    const piece = await nextPiece(from.input);
    if (piece === "closed") {
      to.shutdown("send");
      return true;
    }
    if (piece === "failed") return false;
    if (!await writeAll(to.output, piece)) return false;
  }
}

async function nextPiece(source: ByteSource): Promise<Uint8Array | "closed" | "failed"> {
  for (;;) {
    await untilReady(source);
    const piece = source.read(PIECE_BYTES_MAX);
    if (typeof piece === "string") return piece;
    if ("failed" in piece) return "failed";
    if (piece.length > 0) return piece;
  }
}

async function writeAll(sink: ByteSink, piece: Uint8Array): Promise<boolean> {
  for (let left = piece; left.length > 0;) {
    await untilReady(sink);
    const permit = sink.permit();
    if (typeof permit !== "number") return false;
    const bytes = left.subarray(0, permit);
    if (bytes.length === 0) continue;
    if (sink.write(bytes) !== undefined) return false;
    left = left.subarray(bytes.length);
  }
  return true;
}
