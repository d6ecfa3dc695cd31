/** A handler that does what the path says: what a good guest does, and what a broken or hostile one may. */
import { getArguments, getEnvironment } from "wasi:cli/environment@0.2.10";
import { exit } from "wasi:cli/exit@0.2.10";
import { getStdout } from "wasi:cli/stdout@0.2.10";
import { Fields, type IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam } from "wasi:http/types@0.2.10";
import { createTcpSocket } from "wasi:sockets/tcp-create-socket@0.2.10";
import { createUdpSocket } from "wasi:sockets/udp-create-socket@0.2.10";
import { type Job, runJob, sleep } from "../../lib/job.ts";
import { Reader, Writer } from "../../lib/streams.ts";
import { connect, listen, SocketError } from "../../lib/tcp.ts";
import { decodeUtf8, encodeUtf8 } from "../../lib/utf8.ts";
import { witError } from "../../lib/wit_error.ts";

const FOREVER_MS = 3_600_000;

/** A new instance starts at 0. */
let requests = 0;
/** Of the build. */
const firstRandom = Math.random();
const leaked: Uint8Array[] = [];

export const incomingHandler = {
  handle(request: IncomingRequest, out: ResponseOutparam): void {
    requests++;
    const path = request.pathWithQuery() ?? "";
    switch (path) {
      case "/random":
        respondText(out, JSON.stringify([firstRandom, Math.random(), Math.random()]));
        return;
      case "/no-answer":
        return;
      case "/trap":
        throw new Error("before the head");
      case "/exit":
        exit({ tag: "err" });
        return;
      case "/spin":
        for (;;) requests++;
      case "/spin-after-end":
        respondText(out, "whole");
        for (;;) requests++;
      case "/leak":
        // For an instance that lives on.
        leaked.push(new Uint8Array(4_194_304).fill(1));
        respondText(out, String(leaked.length));
        return;
      case "/hang":
        runJob(sleep(FOREVER_MS));
        return;
      case "/error-code":
        ResponseOutparam.set(out, { tag: "err", val: { tag: "internal-error", val: "inner secret" } });
        return;
      case "/trap-after-head":
        respond(out, writePart);
        throw new Error("after the head");
      case "/trap-after-end":
        respondText(out, "whole");
        throw new Error("after the end");
      case "/unfinished":
        respond(out, writePart);
        return;
      case "/hang-after-head":
        respond(out, function* (body) {
          yield* writePart(body);
          yield* sleep(FOREVER_MS);
        });
        return;
      case "/hang-after-end":
        respondText(out, "whole");
        runJob(sleep(FOREVER_MS));
        return;
      case "/tick":
        finish(respond(out, tick));
        return;
      case "/flood":
        respond(out, flood);
        return;
      case "/echo":
        finish(respond(out, (body) => echo(request, body)));
        return;
      case "/sink":
        respondText(out, attemptAny(() => `${runJob(sink(request))} bytes`));
        return;
      case "/sulk":
        // Reads what it can, and then neither answers nor ends.
        attemptAny(() => runJob(sink(request)));
        runJob(sleep(FOREVER_MS));
        return;
      case "/fields":
        finish(respond(out, function* () {}, [["x-large", "x".repeat(6_000)]]));
        return;
      case "/announce":
        finish(respond(out, function* () {}, [["content-length", "5000000000"]]));
        return;
      case "/sockets":
        respondText(out, hoard());
        return;
      case "/print": {
        using stdout = new Writer(getStdout());
        runJob(stdout.write(encodeUtf8("one\ntwo")));
        respondText(out, "printed");
        return;
      }
      case "/chatter": {
        // More lines than anybody may log in a second, and nearly no bytes.
        using stdout = new Writer(getStdout());
        for (let written = 0; written < 2_000_000; written += 50_000) runJob(stdout.write(new Uint8Array(50_000).fill(10)));
        respondText(out, "said");
        return;
      }
      case "/environment":
        respondText(out, JSON.stringify({ env: getEnvironment(), args: getArguments(), requests }));
        return;
      case "/bind":
        respondText(out, attempt(() => runJob(listen(7777))));
        return;
      case "/connect":
        respondText(out, attempt(() => runJob(greeting())));
        return;
      default:
        respondText(out, path);
    }
  },
};

function respond(
  out: ResponseOutparam,
  write: (body: OutgoingBody) => Job<void>,
  fields: readonly (readonly [name: string, value: string])[] = [],
): OutgoingBody {
  const response = new OutgoingResponse(Fields.fromList(fields.map(([name, value]) => [name, encodeUtf8(value)])));
  const body = response.body();
  ResponseOutparam.set(out, { tag: "ok", val: response });
  runJob(write(body));
  return body;
}

function finish(body: OutgoingBody): void {
  OutgoingBody.finish(body, null);
}

function respondText(out: ResponseOutparam, text: string): void {
  finish(respond(out, function* (body) {
    using writer = new Writer(body.write());
    yield* writer.write(encodeUtf8(text));
  }));
}

function* writePart(body: OutgoingBody): Job<void> {
  using writer = new Writer(body.write());
  yield* writer.write(encodeUtf8("a part"));
}

function* tick(body: OutgoingBody): Job<void> {
  using writer = new Writer(body.write());
  for (let count = 1; count <= 3; count++) {
    yield* writer.write(encodeUtf8(`tick ${count}\n`));
    yield* sleep(50);
  }
}

function* flood(body: OutgoingBody): Job<void> {
  using writer = new Writer(body.write());
  const piece = new Uint8Array(65_536);
  for (;;) yield* writer.write(piece);
}

function* echo(request: IncomingRequest, body: OutgoingBody): Job<void> {
  using incoming = request.consume();
  using reader = new Reader(incoming.stream());
  using writer = new Writer(body.write());
  for (let part = yield* reader.read(); part !== null; part = yield* reader.read()) yield* writer.write(part);
}

/** Reads the whole request before there is an answer. */
function* sink(request: IncomingRequest): Job<number> {
  using incoming = request.consume();
  using reader = new Reader(incoming.stream());
  let bytes = 0;
  for (let part = yield* reader.read(); part !== null; part = yield* reader.read()) bytes += part.length;
  return bytes;
}

/** Opens TCP and UDP sockets by turns until there are no more: how many, and why. */
function hoard(): string {
  using owned = new DisposableStack();
  for (let count = 0;; count++) {
    try {
      if (count % 2 === 0) owned.use(createTcpSocket("ipv4"));
      else owned.use(createUdpSocket("ipv4"));
    } catch (error) {
      return `${count} ${String(witError(error))}`;
    }
  }
}

function attemptAny(call: () => unknown): string {
  try {
    return String(call());
  } catch (error) {
    return `failed: ${String(error)}`;
  }
}

function* greeting(): Job<string> {
  using service = yield* connect(7777);
  let text = "";
  for (let part = yield* service.reader.read(); part !== null; part = yield* service.reader.read()) {
    text += decodeUtf8(part) ?? "";
  }
  return text;
}

function attempt(call: () => unknown): string {
  try {
    return String(call());
  } catch (error) {
    if (error instanceof SocketError) return error.code;
    throw error;
  }
}
