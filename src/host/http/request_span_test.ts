import assert from "node:assert/strict";
import { test } from "node:test";
import type { TraceSpan, TraceTarget } from "../../telemetry/trace.ts";
import { startSendSpan } from "./request_span.ts";

const TARGETS: readonly (readonly [authority: string, target: TraceTarget])[] = [
  ["192.0.2.7", { host: "192.0.2.7", isPrivate: false }],
  ["192.0.2.7:4318", { host: "192.0.2.7", isPrivate: false }],
  ["[2001:DB8::9]", { host: "[2001:db8::9]", isPrivate: false }],
  ["[2001:db8::9]:4318", { host: "[2001:db8::9]", isPrivate: false }],
  ["API.example.:4318", { host: "api.example", isPrivate: false }],
  ["127.0.0.1:7777", { host: "127.0.0.1", isPrivate: true }],
  ["localhost:7777", { host: "localhost", isPrivate: true }],
];

for (const [authority, target] of TARGETS) {
  test(`startSendSpan: who is asked at ${authority}, whatever the port`, () => {
    const asked: TraceTarget[] = [];
    const span: TraceSpan = {
      recordedTraceId: undefined,
      fields: [],
      fieldsFor: (target) => void asked.push(target),
      child: () => span,
      set: () => {},
      end: () => {},
    };
    startSendSpan(span, { method: "GET", scheme: "http", authority, path: "/", headers: [] });
    assert.deepEqual(asked, [target]);
  });
}
