/**
 * Requests that two readers could take for different ones: whoever stands in front of the gateway may see one request where it sees two.
 * Each is refused, with the end of its connection, or is one request for everybody.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, readBody, startHarness } from "../support/http_harness.ts";
import { RawClient, statusOf } from "../support/raw_client.ts";

const HOST = "Host: a.example";
/** What a client that smuggles wants to be served. */
const NEXT = `GET /next HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`;
const CHUNKS = "5\r\nhello\r\n0\r\n\r\n";

function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}\r\n${fields}\r\n\r\n${body}`;
}

function chunked(body: string): string {
  return post("Transfer-Encoding: chunked", body);
}

const LENGTHS = ["5, 5", "5,6", "+5", "-5", "0x5", "5.0", "5e0", "18446744073709551621", "", "\v5", "5;", '"5"'];
const CODINGS = [
  "chunked, chunked",
  "xchunked",
  "chunked\v",
  "\vchunked",
  "chunked;q=1",
  "identity, chunked",
  "chunked, identity",
  ", chunked",
  "chunked,",
  '"chunked"',
  "",
  "chunked\t",
];

const REFUSED: readonly (readonly [name: string, request: string])[] = [
  ...LENGTHS.map((length) =>
    [`a length of ${JSON.stringify(length)}`, post(`Content-Length: ${length}`, "hello")] as const
  ),
  ...CODINGS.map((coding) =>
    [`a coding of ${JSON.stringify(coding)}`, post(`Transfer-Encoding: ${coding}`, CHUNKS)] as const
  ),
  ["the same length twice", post("Content-Length: 5\r\nContent-Length: 5", "hello")],
  ["two lengths", post("Content-Length: 5\r\nContent-Length: 6", "hello")],
  ["a blank before the colon of a length", post("Content-Length : 5", "hello")],
  ["a length on a folded line", post("Content-Length:\r\n 5", "hello")],
  ["a coding on a folded line", post("Transfer-Encoding:\r\n chunked", CHUNKS)],
  [
    "a coding on the folded line of another field",
    post("Content-Length: 5\r\nX-A: 1\r\n Transfer-Encoding: chunked", "hello"),
  ],
  ["a blank before the colon of a coding", post("Transfer-Encoding : chunked", CHUNKS)],
  ["the same coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", CHUNKS)],
  ["two codings", post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", CHUNKS)],
  ["a coding and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 15", CHUNKS)],
  ["a length and a coding", post("Content-Length: 15\r\nTransfer-Encoding: chunked", CHUNKS)],
  ["NUL in the name of a coding", post("Transfer-Encoding\0: chunked\r\nContent-Length: 5", "hello")],
  ["a size in another notation", chunked("0x5\r\nhello\r\n0\r\n\r\n")],
  ["a size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n")],
  ["a size with a blank before it", chunked(" 5\r\nhello\r\n0\r\n\r\n")],
  ["a size with a blank behind it", chunked("5 \r\nhello\r\n0\r\n\r\n")],
  ["a size with an underscore", chunked("0_5\r\nhello\r\n0\r\n\r\n")],
  ["no size", chunked("\r\nhello\r\n0\r\n\r\n")],
  ["a size past 64 bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")],
  ["LF behind a size", chunked("5\nhello\r\n0\r\n\r\n")],
  ["CR behind a size", chunked("5\rhello\r\n0\r\n\r\n")],
  ["LF behind a chunk", chunked("5\r\nhello\n0\r\n\r\n")],
  ["LF behind the last size", chunked("5\r\nhello\r\n0\n\n")],
  ["more than the size of a chunk", chunked("5\r\nhelloXX\r\n0\r\n\r\n")],
  ["LF in an extension", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n")],
  ["CR in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n")],
  ["a line end in the quotes of an extension", chunked('5;a="\r\nhello"\r\nhello\r\n0\r\n\r\n')],
  ["a length among the trailers", chunked("0\r\nContent-Length: 30\r\n\r\n")],
  ["a coding among the trailers", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")],
  ["a trailer without a colon", chunked("0\r\nXA\r\n\r\n")],
  ["LF behind a trailer", chunked("0\r\nX-A: 1\n\r\n")],
  ["LF as the end of lines", `GET / HTTP/1.1\n${HOST}\n\n`],
  ["LF in a header", `GET / HTTP/1.1\r\n${HOST}\nX-A: 1\r\n\r\n`],
  ["CR in a header", `GET / HTTP/1.1\r\n${HOST}\rX-A: 1\r\n\r\n`],
  ["LF as the end of a header", `GET / HTTP/1.1\r\n${HOST}\r\n\n`],
  ["NUL in a value", `GET / HTTP/1.1\r\n${HOST}\r\nX-A: a\0b\r\n\r\n`],
  ["a blank in a name", `GET / HTTP/1.1\r\n${HOST}\r\nX A: a\r\n\r\n`],
  ["a field without a name", `GET / HTTP/1.1\r\n${HOST}\r\n: a\r\n\r\n`],
  ["a field without a colon", `GET / HTTP/1.1\r\n${HOST}\r\nXA\r\n\r\n`],
  ["a blank before the first field", `GET / HTTP/1.1\r\n X-A: 1\r\n${HOST}\r\n\r\n`],
  ["a Host on a folded line", `GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n`],
  ["a Host that is a list", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"],
  ["a tab in the first line", `GET\t/ HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ["a blank behind the version", `GET / HTTP/1.1 \r\n${HOST}\r\n\r\n`],
  ["a version of two digits", `GET / HTTP/1.10\r\n${HOST}\r\n\r\n`],
  ["a version that is none", `GET / HTTP/1.2\r\n${HOST}\r\n\r\n`],
  ["NUL in the target", `GET /\0 HTTP/1.1\r\n${HOST}\r\n\r\n`],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  [
    "an upgrade to HTTP/2 in plain",
    `GET / HTTP/1.1\r\n${HOST}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  ],
  [
    "an upgrade with a body",
    post("Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 5", "hello"),
  ],
  ["CONNECT", `CONNECT a:80 HTTP/1.1\r\n${HOST}\r\n\r\n`],
];

/** Odd, and one request for everybody: with this body. */
const READ: readonly (readonly [name: string, request: string, body: string])[] = [
  ["a length with zeros", post("Content-Length: 05", "hello"), "hello"],
  ["a length with blanks around it", post("Content-Length:  5 ", "hello"), "hello"],
  ["a coding in capitals", post("Transfer-Encoding: CHUNKED", CHUNKS), "hello"],
  ["a name that only looks like a coding", post("Transfer_Encoding: chunked\r\nContent-Length: 5", "hello"), "hello"],
  ["an extension of a chunk", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), "hello"],
  ["zeros before sizes", chunked("0000000005\r\nhello\r\n000\r\n\r\n"), "hello"],
  ["a Host among the trailers", chunked("5\r\nhello\r\n0\r\nHost: b.example\r\n\r\n"), "hello"],
  ["GET with a body", `GET / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\n\r\nhello`, "hello"],
  ["HEAD with a body", `HEAD / HTTP/1.1\r\n${HOST}\r\nContent-Length: 5\r\n\r\nhello`, "hello"],
  [
    "a length that the connection names",
    post("Connection: content-length, host\r\nContent-Length: 5", "hello"),
    "hello",
  ],
  ["empty lines before it", `\r\n\r\nGET / HTTP/1.1\r\n${HOST}\r\n\r\n`, ""],
  ["an upgrade that the connection does not name", `GET / HTTP/1.1\r\n${HOST}\r\nUpgrade: h2c\r\n\r\n`, ""],
];

test("no request hides in another one", async (t) => {
  /** What guests were served, with the bodies that were whole. */
  const served: string[] = [];
  const harness = await startHarness(async (exchange) => {
    const body = await readBody(exchange).catch(() => undefined);
    if (body !== undefined) served.push(`${exchange.head.pathWithQuery} ${Buffer.from(body).toString("latin1")}`);
    answer(exchange, 200, "served");
  });
  for (const [name, request] of REFUSED) {
    await t.test(`refused: ${name}`, async () => {
      served.length = 0;
      const received = await new RawClient(harness.port).send(request + NEXT).untilClosed();
      assert.ok([400, 501].includes(statusOf(received)), received);
      assert.equal(received.split("HTTP/1.1 ").length, 2, "one answer");
      assert.deepEqual(served, []);
    });
  }
  for (const [name, request, body] of READ) {
    await t.test(`read: ${name}`, async () => {
      served.length = 0;
      const received = await new RawClient(harness.port).send(request + NEXT).untilClosed();
      assert.deepEqual(served, [`/ ${body}`, "/next "], received);
    });
  }
  await harness.idle();
  await harness.close();
});
