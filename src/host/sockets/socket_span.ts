/** Spans of what a guest asks by sockets: each from its start to what the guest hears of it. */
import { formatIpAddress, isLoopback, type SocketAddress } from "../../base/ip_address.ts";
import type { SpanParent, TraceSpan } from "../../telemetry/trace.ts";
import type { NameLookup } from "../egress/name_lookup.ts";

/** A TCP connect. */
export function startConnectSpan(trace: SpanParent, remote: SocketAddress): TraceSpan {
  return trace.child("connect", { kind: "client", facts: peerFacts("tcp", remote) });
}

/** Datagrams to a peer, and its answer. */
export function startExchangeSpan(trace: SpanParent, remote: SocketAddress): TraceSpan {
  return trace.child("exchange", { kind: "client", facts: peerFacts("udp", remote) });
}

/** A name lookup. */
export function startLookupSpan(trace: SpanParent, name: string): TraceSpan {
  return trace.child("resolve", { kind: "client", facts: { "dns.question.name": name } });
}

/** Ends one with a code of `wasi:sockets`, or well. */
export function endSocketSpan(span: TraceSpan, code?: string): void {
  if (code !== undefined) span.set({ "error.type": code });
  span.end(code);
}

/** Ends that of a lookup with its answers, or with why there are none; a guest that lets go of it ends it too. */
export function endAtAnswers(span: TraceSpan, lookup: NameLookup): void {
  const outcome = lookup.outcome();
  if (outcome === undefined) return void lookup.onReady(() => endAtAnswers(span, lookup));
  if (typeof outcome === "string") return endSocketSpan(span, outcome);
  span.set({ "loopgate.answers": outcome.length });
  span.end();
}

function peerFacts(transport: "tcp" | "udp", { address, port }: SocketAddress) {
  return {
    "network.transport": transport,
    "network.peer.address": formatIpAddress(address),
    "network.peer.port": port,
    "loopgate.is_private": isLoopback(address),
  };
}
