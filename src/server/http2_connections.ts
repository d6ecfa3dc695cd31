/** The connections of a listener that speak HTTP/2. */
import type { Socket } from "node:net";
import process from "node:process";
import { Http2Connection, type Http2Tools } from "./http2_connection.ts";
import { http2Options } from "./http2_options.ts";
import { StreamResets } from "./stream_resets.ts";
import type { StreamResetCount } from "../telemetry/gateway_metrics.ts";

/** What they need. */
export interface Http2ConnectionsOptions
  extends Pick<Http2Tools, "limits" | "serve" | "onRefused" | "onStreamsFull" | "isClosing" | "begin" | "turns"> {
  /** One has ended. */
  readonly onEnd: () => void;
}

/** Owned by the listener. */
export class Http2Connections {
  readonly #tools: Http2Tools;
  readonly #onEnd: () => void;
  readonly #open = new Set<Http2Connection>();

  constructor({ onEnd, ...shared }: Http2ConnectionsOptions) {
    this.#onEnd = onEnd;
    // Loaded where it is asked for: that takes 10 ms of a start.
    const { performServerHandshake } = process.getBuiltinModule("node:http2");
    this.#tools = {
      ...shared,
      streams: { count: 0 },
      resets: new StreamResets(),
      openSession: performServerHandshake,
      options: http2Options(shared.limits),
      methods: new Set(process.getBuiltinModule("node:http").METHODS),
    };
  }

  /** Those that are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Open streams of all of them. */
  get streamCount(): number {
    return this.#tools.streams.count;
  }

  /** Streams of all of them that ended early, since the start. */
  get resets(): readonly StreamResetCount[] {
    return this.#tools.resets.snapshot();
  }

  /** A client has chosen HTTP/2 in its handshake, which is done. */
  open(secure: Socket): void {
    const connection = new Http2Connection(secure, this.#tools);
    this.#open.add(connection);
    secure.on("close", () => {
      this.#open.delete(connection);
      this.#onEnd();
    });
  }

  /** `elapsedMs` have passed in which clients could be heard. */
  check(elapsedMs: number): void {
    for (const connection of this.#open) connection.check(elapsedMs);
  }

  /** The listener is being closed. */
  drain(): void {
    for (const connection of this.#open) connection.drain();
  }

  /** The time for draining is over. */
  expire(): void {
    for (const connection of this.#open) connection.expire();
  }
}

/** Whether a client has chosen it. */
export function isHttp2(secure: Socket): boolean {
  return "alpnProtocol" in secure && secure.alpnProtocol === "h2";
}
