/**
 * The fields a guest gets to see: without those of the connection, and with Forwarded, X-Forwarded-* and X-Request-Id
 * that the gateway vouches for. Inbound ones are dropped; what trusted proxies say in them is in the origin already.
 */
import type { FieldEntries } from "../host/http/exchange.ts";
import { connectionOptions, isHopByHop } from "./hop_by_hop.ts";
import { latin1ToBytes } from "../base/latin1.ts";
import { REQUEST_ID_FIELD } from "./request_id.ts";

/** Where a request came from. */
export interface RequestOrigin {
  /** The client's address, by the socket or by a trusted proxy; undefined when nobody says it. */
  readonly remoteAddress: string | undefined;
  /** What the client asked for, by its request or by a trusted proxy. */
  readonly authority: string | undefined;
  readonly scheme: "http" | "https";
  readonly requestId: string;
}

type Field = FieldEntries[number];

/** Turns names and values in turn into what the guest sees. `host` is in the authority, `expect` was answered by the gateway. */
export function requestFields(rawHeaders: readonly string[], origin: RequestOrigin): FieldEntries {
  const fields: Field[] = [];
  let dropped: string[] | undefined;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const { name, isDropped } = fieldName(rawHeaders[index] ?? "");
    const value = rawHeaders[index + 1] ?? "";
    if (name === "connection") (dropped ??= []).push(...connectionOptions(value));
    if (isDropped || isHopByHop(name, value)) continue;
    fields.push([name, latin1ToBytes(value)]);
  }
  const kept = dropped === undefined ? fields : withoutOptions(fields, dropped);
  addForwarding(kept, origin);
  kept.push([REQUEST_ID_FIELD, latin1ToBytes(origin.requestId)]);
  return kept;
}

/** The same of what came after a body, for guests that join it with the header: what the gateway vouches for there it says nowhere else. */
export function trailerFields(rawTrailers: readonly string[]): FieldEntries {
  const fields: Field[] = [];
  for (let index = 0; index + 1 < rawTrailers.length; index += 2) {
    const { name, isDropped } = fieldName(rawTrailers[index] ?? "");
    const value = rawTrailers[index + 1] ?? "";
    // Of the framing, which trailers have no part in (RFC 9110 section 6.5.1).
    if (isDropped || isHopByHop(name, value) || name === "content-length") continue;
    fields.push([name, latin1ToBytes(value)]);
  }
  return fields;
}

/** A field's name in lower case, and whether it goes to no guest whatever its value is. */
interface FieldName {
  readonly name: string;
  readonly isDropped: boolean;
}

/** By their spelling: clients send the same few names with every request. Bounded in number and length, as clients choose both. */
const knownNames = new Map<string, FieldName>();
const KNOWN_NAMES_MAX = 512;
const KNOWN_NAME_LENGTH_MAX = 64;

function fieldName(spelled: string): FieldName {
  const known = knownNames.get(spelled);
  if (known !== undefined) return known;
  const name = spelled.toLowerCase();
  const found = { name, isDropped: name === "host" || name === "expect" || isVouchedFor(name) };
  if (spelled.length <= KNOWN_NAME_LENGTH_MAX) {
    // All at once: what is busy is back in a moment, and who floods it gains nothing.
    if (knownNames.size >= KNOWN_NAMES_MAX) knownNames.clear();
    knownNames.set(spelled, found);
  }
  return found;
}

/** A client must not take away by Connection what belongs to the whole way (RFC 9110 section 7.6.1); `te` has its own rule. */
const NOT_DROPPABLE: ReadonlySet<string> = new Set(["authorization", "content-length", "content-type", "cookie", "te"]);

function withoutOptions(fields: Field[], options: readonly string[]): Field[] {
  return fields.filter(([name]) => NOT_DROPPABLE.has(name) || !options.includes(name));
}

/** Names that the gateway alone may use; `_` counts as `-`, because CGI-like guests cannot tell them apart. */
function isVouchedFor(name: string): boolean {
  if (!name.startsWith("x") && !name.startsWith("f")) return false;
  const spelled = name.replaceAll("_", "-");
  return spelled === "forwarded" || spelled === "x-real-ip" || spelled === REQUEST_ID_FIELD ||
    spelled.startsWith("x-forwarded-");
}

/** What requests of one connection, and mostly of one client, have in common. */
let vouched: { readonly origin: RequestOrigin; readonly fields: FieldEntries } | undefined;

/** The same entries for request after request: nobody changes one in place. */
function addForwarding(fields: Field[], origin: RequestOrigin): void {
  if (vouched === undefined || !isSameOrigin(vouched.origin, origin)) {
    vouched = { origin, fields: forwardingFields(origin) };
  }
  for (const field of vouched.fields) fields.push(field);
}

function isSameOrigin(one: RequestOrigin, other: RequestOrigin): boolean {
  return one.remoteAddress === other.remoteAddress && one.authority === other.authority && one.scheme === other.scheme;
}

/** RFC 7239; an address of IPv6 stands in brackets and quotes there. */
function forwardingFields(origin: RequestOrigin): FieldEntries {
  const address = plainAddress(origin.remoteAddress);
  const node = address === undefined ? "unknown" : address.includes(":") ? `"[${address}]"` : address;
  let forwarded = `for=${node};proto=${origin.scheme}`;
  // A checked authority has neither quotes nor backslashes.
  if (origin.authority !== undefined) forwarded += `;host="${origin.authority}"`;
  const fields: [string, Uint8Array][] = [
    ["forwarded", latin1ToBytes(forwarded)],
    ["x-forwarded-for", latin1ToBytes(address ?? "unknown")],
    ["x-forwarded-proto", latin1ToBytes(origin.scheme)],
  ];
  if (origin.authority !== undefined) fields.push(["x-forwarded-host", latin1ToBytes(origin.authority)]);
  return fields;
}

/** A socket that listens on `::` reports clients of IPv4 as mapped addresses, and link-local ones with a zone. */
function plainAddress(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address);
  return mapped?.[1] ?? address.split("%")[0];
}
