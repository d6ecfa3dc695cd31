/** A `wasi:http` handler from a function that takes a request and gives the answer. */
import {
  Fields,
  type IncomingBody,
  type IncomingRequest,
  OutgoingBody,
  OutgoingResponse,
  ResponseOutparam,
} from "wasi:http/types@0.2.10";
import { concat } from "./bytes.ts";
import { type Job, runJob } from "./job.ts";
import { Reader, StreamLost, Writer } from "./streams.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** An answer, held in memory. */
export interface Answer {
  readonly status: number;
  /** `content-length` is added. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Ends a request with a status and one sentence for the client. */
export class HttpError extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A request as it came in. */
export class Request implements Disposable {
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly #incoming: IncomingRequest;

  constructor(incoming: IncomingRequest) {
    const method = incoming.method();
    this.method = method.tag === "other" ? method.val : method.tag.toUpperCase();
    this.path = (incoming.pathWithQuery() ?? "/").split("?", 1)[0] ?? "/";
    this.#incoming = incoming;
  }

  /**
   * The body as text; once only.
   * @throws {HttpError} 413 past `bytesMax`, 400 when it is not UTF-8
   */
  text(bytesMax: number): string {
    using body = this.#incoming.consume();
    const text = decodeUtf8(runJob(readBody(body, bytesMax)));
    if (text === null) throw new HttpError(400, "The body is not UTF-8");
    return text;
  }

  [Symbol.dispose](): void {
    this.#incoming[Symbol.dispose]();
  }
}

/**
 * What a module exports as `incomingHandler`.
 *
 * @example
 * export const incomingHandler = httpHandler((request) => ({ status: 200, body: `You asked for ${request.path}` }));
 */
export function httpHandler(
  answer: (request: Request) => Answer,
): { handle(incoming: IncomingRequest, out: ResponseOutparam): void } {
  return {
    handle(incoming, out) {
      using request = new Request(incoming);
      send(out, answerOrError(answer, request), request.method === "HEAD");
    },
  };
}

function answerOrError(answer: (request: Request) => Answer, request: Request): Answer {
  try {
    return answer(request);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const headers = { "content-type": "text/plain; charset=utf-8", ...error.headers };
    return { status: error.status, headers, body: error.message };
  }
}

function* readBody(body: IncomingBody, bytesMax: number): Job<Uint8Array> {
  using reader = new Reader(body.stream());
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = yield* reader.read();
    if (part === null) return concat(parts);
    length += part.length;
    if (length > bytesMax) throw new HttpError(413, `The body is larger than ${bytesMax} bytes`);
    parts.push(part);
  }
}

function send(out: ResponseOutparam, answer: Answer, isHead: boolean): void {
  const bytes = typeof answer.body === "string" ? encodeUtf8(answer.body) : (answer.body ?? new Uint8Array(0));
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => [name, encodeUtf8(value)] as const);
  // The answer to HEAD has no body, and WASI holds a body to its content-length.
  if (!isHead) headers.push(["content-length", encodeUtf8(String(bytes.length))]);
  const response = new OutgoingResponse(Fields.fromList(headers));
  response.setStatusCode(answer.status);
  const body = response.body();
  ResponseOutparam.set(out, { tag: "ok", val: response });
  try {
    if (!isHead) runJob(writeBody(body, bytes));
  } catch (error) {
    // The client went away in the middle of the answer: nobody is left to tell.
    if (!(error instanceof StreamLost)) throw error;
    body[Symbol.dispose]();
    return;
  }
  OutgoingBody.finish(body, null);
}

function* writeBody(body: OutgoingBody, bytes: Uint8Array): Job<void> {
  using writer = new Writer(body.write());
  yield* writer.write(bytes);
}
