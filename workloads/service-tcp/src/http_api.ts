/**
 * The component: a page, and `POST /task` with `{"payload": "text"}`, which the service answers.
 *
 * The payload is sent to the service as a line. One that holds newlines is that many lines; each is answered, and the
 * answer is all of them. The answer is plain text: the service's bytes without the newline that ends the last line.
 */
import { concat } from "../../lib/bytes.ts";
import { type Answer, HttpError, httpHandler, type Request } from "../../lib/http.ts";
import { type Job, runJob, TimedOut } from "../../lib/job.ts";
import { StreamLost } from "../../lib/streams.ts";
import { connect, SocketError } from "../../lib/tcp.ts";
import { encodeUtf8 } from "../../lib/utf8.ts";
import { PAGE } from "./page.ts";

const SERVICE_PORT = 7777;
const SERVICE_TIMEOUT_MS = 5_000;
/** Also keeps every line under the service's limit. */
const BODY_BYTES_MAX = 65_536;
const NEWLINE = 0x0a;
const TEXT = { "content-type": "text/plain; charset=utf-8" };

export const incomingHandler = httpHandler((request) => {
  switch (request.path) {
    case "/":
      allow(request, "GET", "HEAD");
      return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: PAGE };
    case "/task":
      allow(request, "POST");
      return answerTask(request);
    default:
      throw new HttpError(404, "Not found");
  }
});

function allow(request: Request, ...methods: readonly string[]): void {
  if (!methods.includes(request.method)) throw new HttpError(405, "Method not allowed", { allow: methods.join(", ") });
}

function answerTask(request: Request): Answer {
  const line = encodeUtf8(`${payloadOf(request.text(BODY_BYTES_MAX))}\n`);
  try {
    return { status: 200, headers: TEXT, body: runJob(askService(line), { timeoutMs: SERVICE_TIMEOUT_MS }) };
  } catch (error) {
    if (error instanceof TimedOut) throw new HttpError(504, "The service did not answer in time");
    if (error instanceof SocketError) throw new HttpError(502, "The service cannot be reached");
    if (error instanceof StreamLost) throw new HttpError(502, "The service broke off");
    throw error;
  }
}

function payloadOf(json: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new HttpError(400, "The body is not JSON");
  }
  if (typeof value === "object" && value !== null && "payload" in value && typeof value.payload === "string") {
    return value.payload;
  }
  throw new HttpError(400, 'The body has no text "payload", expected {"payload": "text"}');
}

/** Sends whole lines and collects as many as were sent; gives them without the last newline. */
function* askService(lines: Uint8Array): Job<Uint8Array> {
  using service = yield* connect(SERVICE_PORT);
  yield* service.writer.write(lines);
  const parts: Uint8Array[] = [];
  for (let missing = newlinesIn(lines); missing > 0;) {
    const part = yield* service.reader.read();
    if (part === null) throw new StreamLost("The service ended the connection before it had answered");
    parts.push(part);
    missing -= newlinesIn(part);
  }
  return concat(parts).slice(0, -1);
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
