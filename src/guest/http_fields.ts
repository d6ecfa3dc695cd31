/** Headers to and from `wasi:http/types` fields. Values are bytes there, and one character per byte here. */
import { entriesOf, type Headers, receivedHeaders } from "./headers.ts";
import { decodeLatin1, encodeLatin1 } from "./utf8.ts";
import { wasiError } from "./wasi_error.ts";
import { Fields } from "./wasi/http_types.ts";

/** Says how the connection is used, which is the gateway's business; `fetch` elsewhere leaves them out too. */
const OF_THE_CONNECTION: readonly string[] = [
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
];

/** Fields with all headers but those of the connection, and `extra` behind them. @throws TypeError */
export function toFields(headers: Headers, extra: readonly (readonly [name: string, value: string])[] = []): Fields {
  const list = [...entriesOf(headers).filter(([name]) => !OF_THE_CONNECTION.includes(name)), ...extra];
  try {
    return Fields.fromList(list.map(([name, value]) => [name, encodeLatin1(value)] as const));
  } catch (error) {
    const reason = wasiError(error) as { readonly tag: string } | string;
    const tag = typeof reason === "string" ? reason : reason.tag;
    throw new TypeError(`Cannot send the headers ${list.map(([name]) => name).join(", ")}: ${tag}`, { cause: error });
  }
}

/** Headers that nobody can change. */
export function fromFields(fields: Fields): Headers {
  return receivedHeaders(fields.entries().map(([name, value]) => [name, decodeLatin1(value)] as const));
}
