/**
 * The component: a page, and `POST /task` with `{"payload": "text"}`, which the service answers.
 *
 * The payload is sent to the service as a line. One that holds newlines is that many lines; each is answered, and the
 * answer is all of them. The answer is plain text: the service's bytes without the newline that ends the last line.
 */
import { connect, ConnectionLost, type Handler, SocketError } from "loopgate/guest";
import { PAGE } from "./page.ts";

const SERVICE_PORT = 7777;
/** Enough for a thousand requests at once on a slow machine. */
const SERVICE_TIMEOUT_MS = 20_000;
/** Also keeps every line under the service's limit. */
const BODY_BYTES_MAX = 65_536;

/** Ends a request with a status and one sentence for the client. */
class HttpError extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export default {
  async fetch(request) {
    try {
      return await answer(request);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return new Response(error.message, { status: error.status, headers: error.headers });
    }
  },
} satisfies Handler;

async function answer(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/":
      allow(request, "GET", "HEAD");
      return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
    case "/task":
      allow(request, "POST");
      return new Response(await askService(payloadOf(await readText(request))), {
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    default:
      throw new HttpError(404, "Not found");
  }
}

function allow(request: Request, ...methods: readonly string[]): void {
  if (!methods.includes(request.method)) throw new HttpError(405, "Method not allowed", { allow: methods.join(", ") });
}

/** The body, which may not be longer than BODY_BYTES_MAX and has to be UTF-8. */
async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (part?: Uint8Array): string => {
    try {
      return decoder.decode(part, { stream: part !== undefined });
    } catch {
      throw new HttpError(400, "The body is not UTF-8");
    }
  };
  let text = "";
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > BODY_BYTES_MAX) throw new HttpError(413, `The body is larger than ${BODY_BYTES_MAX} bytes`);
    text += decode(part);
  }
  return text + decode();
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

/** Sends lines and collects as many as were sent; gives them without the last newline. */
async function askService(lines: string): Promise<string> {
  const signal = AbortSignal.timeout(SERVICE_TIMEOUT_MS);
  try {
    using service = await connect({ port: SERVICE_PORT, signal });
    await service.write(new TextEncoder().encode(`${lines}\n`));
    return await readLines(service.readable, lines.split("\n").length);
  } catch (error) {
    if (signal.aborted) throw new HttpError(504, "The service did not answer in time");
    if (error instanceof SocketError) throw new HttpError(502, "The service cannot be reached");
    if (error instanceof ConnectionLost) throw new HttpError(502, "The service broke off");
    throw error;
  }
}

async function readLines(stream: ReadableStream<Uint8Array>, count: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true });
    if (text.endsWith("\n") && text.split("\n").length > count) return text.slice(0, -1);
  }
  throw new HttpError(502, "The service broke off");
}
