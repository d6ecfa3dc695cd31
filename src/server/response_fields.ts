/** The head of a guest's answer in the form that `node:http` sends, checked against what could break the connection. */
import { declaredLength } from "../host/http/content_length.ts";
import type { FieldEntries, ResponseHead } from "../host/http/exchange.ts";
import { isToken } from "../host/http/field_grammar.ts";
import { isHopByHop } from "./hop_by_hop.ts";
import { bytesToLatin1 } from "../base/latin1.ts";
import { REQUEST_ID_FIELD } from "./request_id.ts";

/** A head that can be sent. */
export interface SendableHead {
  readonly status: number;
  /** Names and values in turn. */
  readonly rawFields: string[];
  /** What the guest declared; undefined when it did not. */
  readonly contentLength: number | undefined;
  /** The status has no content, whatever the guest writes (RFC 9110 section 6.4.1). */
  readonly isBodyless: boolean;
}

/** RFC 9110 section 15: others are no statuses, and `node:http2` and `Response` throw at them. A 1xx would be taken for an interim answer and hang the client. */
const STATUS_MIN = 200;
const STATUS_MAX = 599;
/** Statuses without content. */
export const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Makes a head sendable, or says why it cannot be sent. */
export function sendableHead(head: ResponseHead): SendableHead | string {
  if (head.status < STATUS_MIN || head.status > STATUS_MAX) return `the status ${head.status}`;
  const contentLength = declaredLength(head.headers);
  if (contentLength === "invalid") return "an invalid content-length";
  const isBodyless = BODYLESS.has(head.status);
  const rawFields = toRawFields(head.headers);
  if (!areSendable(rawFields)) return "a field that cannot be sent";
  // RFC 9110 section 8.6: never with 204; a 205 has the length 0; a 304 may tell the length that a 200 had.
  if (contentLength !== undefined && (!isBodyless || head.status === 304)) {
    rawFields.push("content-length", String(contentLength));
  }
  if (head.status === 205) rawFields.push("content-length", "0");
  return { status: head.status, rawFields, contentLength, isBodyless };
}

/** Names and values in turn, without those that the gateway's connection decides. */
export function toRawFields(fields: FieldEntries): string[] {
  const raw: string[] = [];
  for (const [name, bytes] of fields) {
    const value = bytesToLatin1(bytes);
    // `trailer` makes node:http insist on chunked coding; what is announced there is sent without it too.
    if (isHopByHop(name, value) || name === "content-length" || name === "trailer") continue;
    // The gateway says it: two would leave the client to guess which line of the log is its own.
    if (name === REQUEST_ID_FIELD) continue;
    raw.push(name, value);
  }
  return raw;
}

/** Of what `node:http` takes in a field's value, as a string of latin1. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Whether `node:http` takes these names and values. The host has checked them before; this is asked again because
 * the head goes out after the guest's call, where an error has nobody to catch it and would end the process.
 */
export function areSendable(rawFields: readonly string[]): boolean {
  return rawFields.every((text, index) => index % 2 === 0 ? isToken(text) : VALUE.test(text));
}
