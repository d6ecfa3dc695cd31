/** One exchange on one connection, whoever speaks HTTP/1.1 on it: undici, or `node:http` where undici cannot. */
import { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { HttpFields } from "./http_message.ts";
import type { RequestPlan } from "./http_request_plan.ts";

/** What is sent. */
export interface WireRequest {
  readonly plan: RequestPlan;
  readonly body: Readable | undefined;
  /** Names and values by turns; asked after the body's last byte. undefined: none can come. */
  readonly trailers: (() => readonly string[]) | undefined;
}

/**
 * What comes back. `started` (bytes may have left), `answering` (bytes have come), `sent` (all of the request has left) in
 * any order, then `head`, `data`..., `ended`. `failed` ends it at any point, and nothing follows `ended` or `failed`.
 */
export interface WireEvents {
  started(): void;
  answering(): void;
  sent(): void;
  informational(): void;
  head(status: number, headers: HttpFields): void;
  /** The bytes are the receiver's until it returns. */
  data(bytes: Uint8Array): void;
  ended(trailers: HttpFields): void;
  failed(error: unknown): void;
}

/** Back-pressure for the answer. To end the exchange, destroy the connection. */
export interface WireFlow {
  pause(): void;
  resume(): void;
}

/** Field lines from names and values by turns, as both clients have them. */
export function fieldsFromRaw(raw: readonly (string | Uint8Array)[]): HttpFields {
  const fields: [string, Uint8Array][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    fields.push([Buffer.from(bytesOf(raw[at])).toString("latin1").toLowerCase(), bytesOf(raw[at + 1])]);
  }
  return fields;
}

/** A copy: the clients' own buffers are parts of larger ones. */
function bytesOf(part: string | Uint8Array | undefined): Uint8Array {
  return new Uint8Array(typeof part === "string" ? Buffer.from(part, "latin1") : part ?? []);
}
