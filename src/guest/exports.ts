/** What the module of a guest exports as its default, in the types that editors know. */
import type { Env } from "./env.ts";

/** What a handler gets besides the request and the environment. */
export interface HandlerContext {
  /** Keeps the instance until `promise` settles, also after the answer is out. */
  waitUntil(promise: Promise<unknown>): void;
  /** For programs written for other hosts; an error is answered with 500 here anyway. */
  passThroughOnException(): void;
}

/**
 * A handler of HTTP requests: the component of a route. A Hono application is one.
 *
 * @example
 * export default { fetch: (request, env) => new Response(`${env["GREETING"] ?? "Hello"}, ${request.url}`) } satisfies Handler;
 */
export interface Handler {
  /** An error is a log line and the answer 500. */
  fetch(request: Request, env: Env, context: HandlerContext): Response | Promise<Response>;
}

/**
 * A long-running program: the service of a workload.
 *
 * @example
 * export default {
 *   async run() {
 *     for await (const connection of listen({ port: 7777 })) void connection.readable.pipeTo(connection.writable);
 *   },
 * } satisfies Service;
 */
export interface Service {
  /** The service has completed when it ends, and failed when it throws. */
  run(env: Env): void | Promise<void>;
}
