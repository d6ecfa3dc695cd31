import assert from "node:assert/strict";
import { test } from "node:test";
import { INVALID_SPAN_CONTEXT, trace, type Tracer } from "@opentelemetry/api";
import { OtelTracer } from "./otel_tracer.ts";

test("OtelTracer.openService: a service that asks without end has so many spans in a second, and others have theirs", () => {
  const names: string[] = [];
  const startSpan: Tracer["startSpan"] = (name) => {
    names.push(name);
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  };
  let nowMs = 5_000;
  const clock = { monotonicMs: () => nowMs, wallMs: () => 0 };
  const tracer = { startSpan } as Tracer;
  const spans = new OtelTracer({ tracer, clock, ratio: 1, mayTell: () => true });
  const [greedy, other] = [spans.openService("greedy"), spans.openService("other")];
  const ask = (name: string): void => greedy.child(name).end();
  for (let call = 0; call < 1_000; call++) ask("connect");
  assert.equal(names.length, 32);
  const unseen = greedy.child("GET");
  assert.deepEqual([unseen.fields, unseen.fieldsFor({ host: "a", isPrivate: true }), unseen.recordedTraceId], [
    [],
    undefined,
    undefined,
  ]);
  assert.equal(unseen.child("connect"), unseen);
  other.child("resolve");
  assert.deepEqual(names.slice(32), ["resolve"]);
  nowMs += 999;
  ask("GET");
  assert.equal(names.length, 33);
  nowMs += 1;
  ask("GET");
  assert.deepEqual(names.slice(33), ["GET"]);
});
