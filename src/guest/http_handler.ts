/** A `wasi:http/incoming-handler` from an object with `fetch`. */
import { AbortController } from "./abort.ts";
import { type BodyContent, cancelContent, NO_BODY, takeContent } from "./body.ts";
import { ConnectionLost } from "./byte_streams.ts";
import { toExport } from "./engine/quickjs.ts";
import type { ExportedCall } from "./engine/types.ts";
import { type Env, readEnv } from "./env.ts";
import type { HandlerContext } from "./exports.ts";
import { fromFields, toFields } from "./http_fields.ts";
import { incomingBody, type MessageSource } from "./incoming_body.ts";
import { turn } from "./loop.ts";
import { sendBody } from "./outgoing_body.ts";
import { reportError, reportUnsettled } from "./report_error.ts";
import { PlainRequest } from "./plain_request.ts";
import { Response } from "./response.ts";
import { type IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam } from "./wasi/http_types.ts";

/** What a program exports. */
export interface FetchHandler {
  fetch(request: PlainRequest, env: Env, context: HandlerContext): Response | Promise<Response>;
}

/** What the component exports. */
export interface IncomingHandler {
  handle(incoming: IncomingRequest, out: ResponseOutparam): unknown;
}

/** The WIT export for `handler`. @throws TypeError while the program is built, when it is none */
export function incomingHandler(handler: FetchHandler): IncomingHandler {
  if (typeof (handler as Partial<FetchHandler> | undefined)?.fetch !== "function") {
    throw new TypeError(
      'The default export has no "fetch", expected { fetch(request) } for a handler or { run() } for a service',
    );
  }
  prepareRoutes(handler);
  return { handle: toExport((incoming, out) => new Exchange(handler, incoming, out), turn) };
}

/**
 * A Hono application makes the matcher of its routes at its first request, a quarter of what that costs, and takes no more routes
 * from then on. Each instance would do it again; made here, it is in the memory that is saved.
 */
function prepareRoutes(handler: object): void {
  if (!("router" in handler && "routes" in handler && Array.isArray(handler.routes))) return;
  const { router } = handler as { readonly router?: { match?: (method: string, path: string) => unknown } };
  if (typeof router?.match === "function") router.match("GET", "/");
}

/** One request and its answer. */
class Exchange implements ExportedCall<void> {
  readonly #incoming: IncomingRequest;
  readonly #body: MessageSource;
  /** Made when the program asks for it, as most never do. */
  #client: AbortController | undefined;
  readonly #isHead: boolean;
  /** Null once the answer's head is out. */
  #out: ResponseOutparam | null;
  #left = 0;

  constructor(handler: FetchHandler, incoming: IncomingRequest, out: ResponseOutparam) {
    this.#incoming = incoming;
    this.#body = incomingBody(incoming);
    this.#out = out;
    const method = methodOf(incoming);
    this.#isHead = method === "HEAD";
    this.#keepFor(this.#serve(handler, this.#request(method)));
  }

  isDone(): boolean {
    return this.#left === 0;
  }

  finish(): void {
    this.#body.close();
  }

  giveUp(): void {
    this.#left = 0;
    reportUnsettled();
    // No body could be sent any more: without an answer the host gives its own.
    this.#out?.[Symbol.dispose]();
    this.#out = null;
  }

  async #serve(handler: FetchHandler, request: PlainRequest): Promise<void> {
    const answer = await this.#answer(handler, request);
    const body = this.#open(answer.head);
    if (answer.content.tag === "none") {
      OutgoingBody.finish(body, undefined);
      return;
    }
    let cut: unknown;
    // A client that went away in the middle is nothing to report: nobody is left to tell.
    const beforeCut = (error: unknown): void => {
      cut = error;
      if (!(error instanceof ConnectionLost)) reportError(error);
    };
    try {
      await sendBody(body, answer.content, { beforeCut });
    } catch (error) {
      (this.#client ??= new AbortController()).abort(error);
      if (error !== cut) throw error;
    }
  }

  async #answer(handler: FetchHandler, request: PlainRequest): Promise<Answer> {
    try {
      const response: unknown = await handler.fetch(request, readEnv(), this.#context());
      if (!(response instanceof Response)) {
        throw new TypeError(`The handler's answer is ${String(response)}, expected a Response`);
      }
      return this.#prepare(response);
    } catch (error) {
      reportError(error);
      return this.#prepare(internalError());
    }
  }

  /** Everything that can fail while the answer can still be another one. */
  #prepare(response: Response): Answer {
    const content = takeContent(response);
    const isSized = content.tag === "bytes" && !this.#isHead && !response.headers.has("content-length");
    const length = isSized ? [["content-length", String(content.bytes.length)] as const] : [];
    const head = new OutgoingResponse(toFields(response.headers, length));
    head.setStatusCode(response.status);
    if (!this.#isHead) return { head, content };
    cancelContent(content);
    return { head, content: NO_BODY };
  }

  #open(head: OutgoingResponse): OutgoingBody {
    const body = head.body();
    const out = this.#out;
    this.#out = null;
    if (out !== null) ResponseOutparam.set(out, { tag: "ok", val: head });
    return body;
  }

  #request(method: string): PlainRequest {
    const incoming = this.#incoming;
    const isBodyless = method === "GET" || method === "HEAD";
    return new PlainRequest({
      method,
      content: isBodyless ? { tag: "none" } : { tag: "source", source: this.#body },
      redirect: "follow",
      url: () => urlOf(incoming),
      headers: () => {
        using fields = incoming.headers();
        return fromFields(fields);
      },
      signal: () => (this.#client ??= new AbortController()).signal,
    });
  }

  #context(): HandlerContext {
    return { waitUntil: (promise) => this.#keepFor(promise), passThroughOnException: () => {} };
  }

  #keepFor(promise: Promise<unknown>): void {
    this.#left += 1;
    void promise.catch(reportError).then(() => {
      this.#left -= 1;
    });
  }
}

/** An answer of which only the sending is left. */
interface Answer {
  readonly head: OutgoingResponse;
  readonly content: BodyContent;
}

function internalError(): Response {
  return new Response("Internal Server Error\n", { status: 500 });
}

function methodOf(incoming: IncomingRequest): string {
  const method = incoming.method();
  return method.tag === "other" ? (method.val ?? "") : method.tag.toUpperCase();
}

function urlOf(incoming: IncomingRequest): string {
  const scheme = incoming.scheme()?.tag === "HTTPS" ? "https" : "http";
  return `${scheme}://${incoming.authority() ?? "localhost"}${incoming.pathWithQuery() ?? "/"}`;
}
