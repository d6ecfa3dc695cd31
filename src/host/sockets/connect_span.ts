/** The span of a guest's TCP connect, from its start to what the guest hears of it. */
import { formatIpAddress, isLoopback, type SocketAddress } from "../../base/ip_address.ts";
import type { SpanParent, TraceSpan } from "../../telemetry/trace.ts";

/** Begins it. */
export function startConnectSpan(trace: SpanParent, { address, port }: SocketAddress): TraceSpan {
  return trace.child("connect", {
    kind: "client",
    facts: {
      "network.transport": "tcp",
      "network.peer.address": formatIpAddress(address),
      "network.peer.port": port,
      "loopgate.is_private": isLoopback(address),
    },
  });
}

/** Ends it with a code of `wasi:sockets`, or well. */
export function endConnectSpan(span: TraceSpan, code?: string): void {
  if (code !== undefined) span.set({ "error.type": code });
  span.end(code);
}
