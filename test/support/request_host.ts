/** `fetch` with a Host of one's own, on a connection of its own. */
import { request } from "node:http";

/** Sends a request (GET without a body, if nothing else is said) and gives the whole answer. */
export function requestHost(
  url: string,
  host: string,
  { method = "GET", body = "" }: { readonly method?: string; readonly body?: string } = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { host }, agent: false }, (incoming) => {
      const parts: Uint8Array[] = [];
      incoming.on("data", (part: Uint8Array) => parts.push(part));
      incoming.on("error", reject);
      incoming.on("end", () => {
        const headers = Object.entries(incoming.headers).map((
          [name, value],
        ): [string, string] => [name, String(value)]);
        resolve(new Response(Buffer.concat(parts), { status: incoming.statusCode ?? 0, headers }));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
