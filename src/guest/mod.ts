/**
 * What a guest imports as "loopgate/guest": sockets, the environment, and the types of what it exports.
 * Everything else is global as elsewhere on the web (`Response`, `fetch`, `URL`, `setTimeout`, `console` and so on).
 *
 * @example
 * export default {
 *   fetch: (request) => new Response(`You asked for ${new URL(request.url).pathname}`),
 * } satisfies Handler;
 */
export { ConnectionLost } from "./byte_streams.ts";
export { connect, type ConnectOptions } from "./connect.ts";
export type { Connection } from "./connection.ts";
export { type Env, readEnv } from "./env.ts";
export type { Handler, HandlerContext, Service } from "./exports.ts";
export { listen, type Listener, type ListenOptions } from "./listen.ts";
export type { SocketAddress } from "./socket_address.ts";
export { SocketError } from "./socket_error.ts";
