/** Headers to and from `wasi:http/types` fields. Values are bytes there, and one character per byte here. */
import { entriesOf, type Headers, receivedHeaders } from "./headers.ts";
import { decodeLatin1, encodeLatin1 } from "./utf8.ts";
import { wasiError } from "./wasi_error.ts";
import { Fields } from "./wasi/http_types.ts";

/** Says how the connection is used, which is the gateway's business; `fetch` elsewhere leaves them out too. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Fields with all headers but those of the connection, and `extra` behind them. @throws TypeError */
export function toFields(headers: Headers, extra: readonly (readonly [name: string, value: string])[] = []): Fields {
  const list: (readonly [name: string, value: Uint8Array])[] = [];
  for (const [name, value] of entriesOf(headers)) {
    if (!OF_THE_CONNECTION.has(name)) list.push([name, encodeLatin1(value)]);
  }
  for (const [name, value] of extra) list.push([name, encodeLatin1(value)]);
  try {
    return Fields.fromList(list);
  } catch (error) {
    const reason = wasiError(error) as { readonly tag: string } | string;
    const tag = typeof reason === "string" ? reason : reason.tag;
    throw new TypeError(`Cannot send the headers ${list.map(([name]) => name).join(", ")}: ${tag}`, { cause: error });
  }
}

/** Headers that nobody can change. */
export function fromFields(fields: Fields): Headers {
  const list: (readonly [name: string, value: string])[] = [];
  for (const [name, value] of fields.entries()) list.push([name, decodeLatin1(value)]);
  return receivedHeaders(list);
}
