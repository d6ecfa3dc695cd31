/**
 * What the gateway needs of a request and of its answer, whatever carries them. Those of `node:http` are so by themselves, with
 * nothing between, for each layer costs; what else carries requests translates itself to this.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** A request, from its head to its trailers. */
export interface ClientRequest
  extends Pick<IncomingMessage, "method" | "url" | "httpVersion" | "rawHeaders" | "rawTrailers"> {
  /** How its body is framed: with neither length nor coding there is none. */
  readonly headers: Pick<IncomingHttpHeaders, "expect" | "content-length" | "transfer-encoding">;
  /** What carries it alone. */
  readonly socket: Pick<Socket, "remoteAddress"> & { destroy(): unknown };
  /** With 0: nothing is taken, but the body begins to flow. */
  read(bytes: number): unknown;
  /** Bytes of the body begin to come with the first listener. */
  on(event: "data", listener: (bytes: Uint8Array) => void): unknown;
  /** The whole body and its trailers have come; never after a body that was broken off. */
  on(event: "end", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** Its answer. */
export interface ClientResponse extends
  Pick<
    ServerResponse,
    | "headersSent"
    | "statusCode"
    | "writableEnded"
    | "writableFinished"
    | "destroyed"
    | "shouldKeepAlive"
    | "chunkedEncoding"
    | "flushHeaders"
  > {
  readonly req: ClientRequest;
  /** Of a connection that ends with an answer that has neither length nor chunks. */
  readonly socket: Socket | null;
  /** Names and values in turn. */
  writeHead(status: number, rawFields: string[]): { end(): unknown };
  writeContinue(): void;
  /** A string is one of latin1. False: the client has to read first, after which `drain` comes. */
  write(piece: string | Uint8Array, coding: "latin1"): boolean;
  end(): unknown;
  end(piece: string | Uint8Array, coding: "latin1" | "utf8"): unknown;
  addTrailers(fields: [string, string][]): void;
  /** Breaks it off, so that the client sees that it is not whole. */
  destroy(): unknown;
  /** `finish`: all of it was handed on; `close`: it is over, whole or not. */
  on(event: "finish" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "drain", listener: () => void): unknown;
}
