/** What a guest does with an exchange, in few words, for tests. */
import assert from "node:assert/strict";
import { Fields } from "../../src/host/http/fields.ts";
import { type OpenExchange, openExchange } from "../../src/host/http/open_exchange.ts";
import type { OutgoingBody } from "../../src/host/http/outgoing_body.ts";
import { OutgoingResponse } from "../../src/host/http/outgoing_response.ts";
import { ResponseOutparam } from "../../src/host/http/response_outparam.ts";
import type { OutputStream } from "../../src/host/io/streams.ts";
import {
  FakeExchange,
  type FakeHttpContext,
  fakeHttpContext,
  type FakeRequest,
  fieldEntries,
} from "./fake_exchange.ts";

/** Field lines as text. */
export type Lines = readonly (readonly [string, string])[];

/** An opened exchange and what stands behind it. */
export interface Opened extends OpenExchange {
  readonly exchange: FakeExchange;
  readonly context: FakeHttpContext;
}

/** Opens an exchange for a guest. */
export function open(request?: FakeRequest): Opened {
  const exchange = new FakeExchange(request);
  const context = fakeHttpContext();
  return { exchange, context, ...openExchange(exchange, context) };
}

/** A response, not yet set. */
export function responseOf({ context }: Opened, options: { status?: number; headers?: Lines } = {}): OutgoingResponse {
  const response = new OutgoingResponse(Fields.fromList(context, fieldEntries(options.headers ?? [])));
  response.setStatusCode(options.status ?? 200);
  return response;
}

/** Sets the outparam. */
export function set({ responseOut }: Opened, response: OutgoingResponse): void {
  ResponseOutparam.set(responseOut, { tag: "ok", val: response });
}

/** Writes all of `text`, which the stream has to permit. */
export function write(stream: OutputStream, text: string): void {
  assert.ok(stream.checkWrite() >= BigInt(text.length), "no permit");
  stream.write(new TextEncoder().encode(text));
}

/** Writes `text` as the whole body, in one piece. */
export function writeBody(body: OutgoingBody, text: string): void {
  const stream = body.write();
  write(stream, text);
  stream[Symbol.dispose]();
}
