/** Frames of HTTP/2, written and read as bytes: what no client of HTTP/2 would send is what tests are for (RFC 9113 section 4.1). */
import type { Socket } from "node:net";

/** Types of frames (RFC 9113 section 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
/** Flags of frames. */
export const FLAG = { endStream: 1, acknowledged: 1, endHeaders: 4, padded: 8 } as const;
/** Requests to `https://a/`, as static entries of HPACK. */
export const GET = Buffer.from([0x82, 0x87, 0x84, 0x01, 1, 97]);
export const POST = Buffer.from([0x83, 0x87, 0x84, 0x01, 1, 97]);
/** What a client begins with, before its first SETTINGS. */
export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEAD_BYTES = 9;

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field as a literal of HPACK that is kept in no table, or in the table of both sides (RFC 7541 section 6.2). */
export function literal(name: string, value: string, isKept = false): Uint8Array {
  return Buffer.concat([Buffer.from([isKept ? 0x40 : 0]), text(name), text(value)]);
}

/** A text with its length before it: seven bits of that in its first byte, then seven in each. */
function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** A number of four bytes: a code, or a step of a window. */
export function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A frame that came. */
export interface SeenFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Collects the frames that come on `socket`. */
export function collectFrames(socket: Socket): readonly SeenFrame[] {
  const seen: SeenFrame[] = [];
  let left = Buffer.alloc(0);
  socket.on("data", (bytes: Uint8Array) => {
    left = Buffer.concat([left, bytes]);
    while (left.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + left.readUIntBE(0, 3);
      if (left.length < end) break;
      const [type, flags, stream] = [left.readUInt8(3), left.readUInt8(4), left.readUInt32BE(5)];
      seen.push({ type, flags, stream, payload: left.subarray(HEAD_BYTES, end) });
      left = left.subarray(end);
    }
  });
  return seen;
}
