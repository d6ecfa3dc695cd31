/**
 * What the web's globals do, as a table: each row gives a text, the same in a guest as in a runtime that has them
 * natively. The test runs it in both and compares.
 */
import { FORM_CHECKS } from "./form_checks.ts";

/** What one row does; it may be a promise. */
export type Check = () => unknown;

const bytes = (...list: readonly number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(list);
const hex = (list: Uint8Array): string => Array.from(list, (byte) => byte.toString(16).padStart(2, "0")).join("");
const decode = (list: Uint8Array, options?: TextDecoderOptions): string =>
  new TextDecoder("utf-8", options).decode(list);
const parts = ({ protocol, username, password, host, port, pathname, search, hash, origin }: URL): unknown => [
  protocol,
  username,
  password,
  host,
  port,
  pathname,
  search,
  hash,
  origin,
];
const stream = (...chunks: readonly string[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

const URLS: readonly (readonly [input: string, base?: string])[] = [
  ["https://user:pa%20ss@EXAMPLE.com:8443/a/../b/./c?x=1&y#z"],
  ["http://example.com:80/"],
  ["https://example.com:443/x y?q=ü#ö"],
  ["//host/path", "https://base.example/deep/er"],
  ["../up?x", "https://base.example/a/b/c"],
  ["?only", "https://base.example/a/b"],
  ["http://[::1]:8080/"],
  ["http://[2001:db8:0:0:1:0:0:1]/"],
  ["http://192.168.1.257/"],
  ["http://0x7f.1/"],
  ["http://bücher.example/ü"],
  ["http://ex%41mple.com/"],
  ["http://a b/"],
  ["http://"],
  ["relative"],
  ["data:text/plain,hello"],
  ["javascript:alert(1)"],
  ["http://example.com/\u0000\ttab"],
  ["http://example.com:99999/"],
  ["HTTP://EXAMPLE.COM/%7Efoo/%2e%2E/bar"],
];

const CHECKS: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(
    URLS.map(([input, base]) => [`URL ${JSON.stringify(input)} on ${base ?? "nothing"}`, () => {
      const url = URL.parse(input, base);
      return url === null ? "none" : [url.href, parts(url)];
    }]),
  ),
  "URL setters": () => {
    const url = new URL("https://a.example/x");
    url.pathname = "y z";
    url.searchParams.append("q", "a&b=c ü");
    url.hash = "h";
    url.port = "8080";
    url.host = "b.example";
    return url.href;
  },
  "URLSearchParams of everything": () => {
    const list = new URLSearchParams("a=1&b=2&a=3&c=%zz&d=+%2B");
    list.delete("b");
    list.append("é", "x y");
    list.sort();
    return [list.toString(), list.getAll("a"), list.get("none"), list.has("a", "3"), list.size, [...list]];
  },
  "URLSearchParams of pairs and records": () => [
    new URLSearchParams([["a", "1"], ["a", "2"]]).toString(),
    new URLSearchParams({ x: "1", y: "&" }).toString(),
  ],
  "TextEncoder of all kinds of text": () => hex(new TextEncoder().encode("aé€😀\ud800x\udc00\0")),
  "TextEncoder into little room": () => {
    const room = new Uint8Array(5);
    const { read, written } = new TextEncoder().encodeInto("a€😀", room);
    return [read, written, hex(room)];
  },
  "TextDecoder takes and gives what is no UTF-8": () =>
    [
      bytes(0xff),
      bytes(0xc0, 0x80),
      bytes(0xe0, 0x80, 0x80),
      bytes(0xed, 0xa0, 0x80),
      bytes(0xf0, 0x90, 0x80),
      bytes(0xf4, 0x90, 0x80, 0x80),
      bytes(0xe2, 0x82, 0x41),
      bytes(0x41, 0xc3),
      bytes(0xf0, 0x9f, 0x98, 0x80, 0x80),
      bytes(0xf8, 0x88, 0x80, 0x80, 0x80),
    ].map((list) => decode(list)),
  "TextDecoder and the byte order mark": () => [
    decode(bytes(0xef, 0xbb, 0xbf, 0x61)),
    decode(bytes(0xef, 0xbb, 0xbf, 0x61), { ignoreBOM: true }).length,
  ],
  "TextDecoder in pieces": () => {
    const decoder = new TextDecoder();
    const all = new TextEncoder().encode("é€😀é");
    return [...all].map((byte) => decoder.decode(bytes(byte), { stream: true })).join("|") + decoder.decode();
  },
  "TextDecoder in pieces, cut off": () => {
    const decoder = new TextDecoder();
    return decoder.decode(bytes(0x61, 0xf0, 0x9f), { stream: true }) + "|" + decoder.decode();
  },
  "TextDecoder fatal": () => decode(bytes(0xff), { fatal: true }),
  "TextDecoder of another encoding": () => new TextDecoder("no-such-encoding"),
  "Headers join, sort and keep cookies apart": () => {
    const headers = new Headers([["B", " 2 "], ["a", "1"], ["b", "3"], ["Set-Cookie", "x"], ["set-cookie", "y"]]);
    headers.append("A", "4");
    return [[...headers], headers.get("B"), headers.getSetCookie(), headers.has("SET-cookie"), headers.get("none")];
  },
  "Headers set and delete": () => {
    const headers = new Headers({ x: "1", y: "2" });
    headers.set("X", "3");
    headers.delete("Y");
    return [...headers.entries()];
  },
  "Headers refuse a bad name": () => new Headers({ "a b": "1" }),
  "Headers refuse an empty name": () => new Headers({ "": "1" }),
  "Headers refuse a line break": () => new Headers({ a: "1\r\nb: 2" }),
  "Headers refuse a NUL": () => new Headers({ a: "1\0" }),
  "Headers refuse what is past a byte": () => new Headers({ a: "€" }),
  "Headers refuse a lonely name": () => new Headers([["a"] as unknown as [string, string]]),
  "Headers take what is left of latin1": () => new Headers({ a: "é" }).get("a"),
  "Response of text": async () => {
    const response = new Response("é");
    return [response.status, response.ok, response.headers.get("content-type"), hex(await response.bytes())];
  },
  "Response of search parameters": () => new Response(new URLSearchParams("a=b")).headers.get("content-type"),
  "Response keeps a type that is given": () =>
    new Response("x", { headers: { "content-type": "text/html" } }).headers.get("content-type"),
  "Response of bytes has no type": () => new Response(bytes(1)).headers.get("content-type"),
  "Response.json": async () => {
    const response = Response.json({ a: [1] }, { status: 201 });
    return [response.status, response.headers.get("content-type"), await response.text()];
  },
  "Response.json of nothing": () => Response.json(undefined),
  "Response.redirect": () => {
    const response = Response.redirect("https://a.example/x", 303);
    return [response.status, response.headers.get("location"), response.body];
  },
  "Response.redirect with another status": () => Response.redirect("https://a.example/", 200),
  "Response.error": () => [Response.error().status, Response.error().type],
  "Response refuses status 199": () => new Response("", { status: 199 }),
  "Response refuses status 600": () => new Response("", { status: 600 }),
  "Response refuses a body with 204": () => new Response("x", { status: 204 }),
  "Response takes null with 204": () => new Response(null, { status: 204 }).status,
  "Response refuses a line break in statusText": () => new Response(null, { statusText: "a\nb" }),
  "Response is read once": async () => {
    const response = new Response("x");
    await response.text();
    return [response.bodyUsed, await response.text()];
  },
  "Response clone": async () => {
    const response = new Response(stream("a", "b"));
    const copy = response.clone();
    return [await response.text(), await copy.text()];
  },
  "Response clone after reading": async () => {
    const response = new Response("x");
    await response.text();
    return response.clone();
  },
  "Response json of what is none": async () => await new Response("{").json() as unknown,
  "Response text drops the byte order mark": async () => await new Response(bytes(0xef, 0xbb, 0xbf, 0x61)).text(),
  "Response body of a stream of text chunks": async () => await new Response(stream("a", "b", "c")).text(),
  "Response of a locked stream": () => {
    const locked = stream("x");
    locked.getReader();
    return new Response(locked);
  },
  "Request of a URL": async () => {
    const request = new Request("https://a.example/x?y#z", { method: "post", body: "b", headers: { "X-A": "1" } });
    return [request.url, request.method, request.headers.get("x-a"), request.headers.get("content-type"), await request.text()];
  },
  "Request of a request": async () => {
    const first = new Request("https://a.example/", { method: "PUT", body: "b" });
    const second = new Request(first, { headers: { "x-b": "2" } });
    return [second.method, await second.text(), first.bodyUsed, [...second.headers.keys()].includes("x-b")];
  },
  "Request keeps the case of its own methods": () => new Request("https://a.example/", { method: "patch" }).method,
  "Request refuses a bad method": () => new Request("https://a.example/", { method: "a b" }),
  "Request refuses TRACE": () => new Request("https://a.example/", { method: "TRACE" }),
  "Request refuses a body with GET": () => {
    const init: RequestInit = { body: "x" };
    return new Request("https://a.example/", init);
  },
  "AbortController": () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    controller.signal.addEventListener("abort", (event) => seen.push(event.type, controller.signal.aborted));
    controller.abort("why");
    controller.abort("again");
    return [seen, controller.signal.reason];
  },
  "AbortSignal that is aborted already": () => AbortSignal.abort().throwIfAborted(),
  "AbortSignal.any": () => {
    const controller = new AbortController();
    const any = AbortSignal.any([new AbortController().signal, controller.signal]);
    controller.abort(7);
    return [any.aborted, any.reason];
  },
  "AbortSignal.timeout": async () => {
    const signal = AbortSignal.timeout(1);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return (signal.reason as Error).name;
  },
  "timers in order": async () => {
    const seen: string[] = [];
    const wait = (name: string, delay?: number): Promise<void> =>
      new Promise((resolve) =>
        setTimeout(() => {
          seen.push(name);
          queueMicrotask(() => seen.push(`after ${name}`));
          resolve();
        }, delay)
      );
    const never = setTimeout(() => seen.push("never"), 1);
    clearTimeout(never);
    await Promise.all([wait("b", 20), wait("a"), wait("c", 40)]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return seen;
  },
  "setInterval until it is cleared": async () => {
    let count = 0;
    await new Promise<void>((resolve) => {
      const id = setInterval(() => {
        count += 1;
        if (count === 3) {
          clearInterval(id);
          resolve();
        }
      }, 1);
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    return count;
  },
  "promise jobs before timers": async () => {
    const seen: string[] = [];
    const timer = new Promise<void>((resolve) => setTimeout(() => resolve(void seen.push("timer")), 0));
    for (let at = 0; at < 50; at++) await Promise.resolve();
    seen.push("jobs");
    await timer;
    return seen;
  },
  "streams: transform and pipe": async () => {
    const upper = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) =>
        controller.enqueue(new TextEncoder().encode(new TextDecoder().decode(chunk).toUpperCase())),
    });
    return await new Response(stream("a", "b").pipeThrough(upper)).text();
  },
  "streams: for await, and leaving early cancels": async () => {
    let reason: unknown = "not cancelled";
    const endless = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel: () => {
        reason = "cancelled";
      },
    });
    for await (const chunk of endless) if (chunk === 1) break;
    return reason;
  },
  "streams: an error reaches the reader": async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new RangeError("broken")) });
    return await new Response(broken).text();
  },
  "streams: tee": async () => {
    const [left, right] = stream("a", "b").tee();
    return await Promise.all([new Response(left).text(), new Response(right).text()]);
  },
  "crypto: random values and identifiers": () => {
    const list = crypto.getRandomValues(new Uint8Array(32));
    return [list.some((byte) => byte !== 0), /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(crypto.randomUUID())];
  },
  "crypto: too much at once": () => crypto.getRandomValues(new Uint8Array(65_537)).length,
  "base64 and back": () => [btoa("a\u00ff"), atob("Yf8=")],
  ...FORM_CHECKS,
  "Math.random: what the property is": () => {
    const { value, ...flags } = Object.getOwnPropertyDescriptor(Math, "random") ?? {};
    const { name, length } = value as Function;
    return [flags, name, length, Object.hasOwn(value as object, "prototype")];
  },
  "Math.random is no constructor": () => Reflect.construct(Math.random, []),
  "Math.random: from 0 to 1, not including it": () => {
    const numbers = Array.from({ length: 1000 }, () => Math.random());
    const low = numbers.filter((number) => number < 0.5).length;
    return [numbers.every((number) => number >= 0 && number < 1), new Set(numbers).size, low > 300 && low < 700];
  },
  "performance: what it has": () => [
    typeof performance.timeOrigin,
    JSON.parse(JSON.stringify(performance)).timeOrigin === performance.timeOrigin,
    Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 60_000,
  ],
  "performance goes on": () => performance.now() <= performance.now(),
};

/** Every row's name with what it gave, or the name of what it threw. */
export async function runChecks(): Promise<Readonly<Record<string, string>>> {
  const results: Record<string, string> = {};
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      const value: unknown = await check();
      results[name] = JSON.stringify(value) ?? typeof value;
    } catch (error) {
      results[name] = `throws ${error instanceof Error ? error.name : typeof error}`;
    }
  }
  return results;
}
