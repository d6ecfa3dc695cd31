import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamResets } from "./stream_resets.ts";

test("StreamResets: counts by the RFC's words, whatever number a client makes up", () => {
  const resets = new StreamResets();
  for (const code of [0, 1, 8, 8, 13, 14, 0xffff_ffff, -1]) resets.add(code);
  assert.deepEqual(resets.snapshot(), [
    { reason: "protocol_error", total: 1 },
    { reason: "cancel", total: 2 },
    { reason: "http_1_1_required", total: 1 },
    { reason: "other", total: 3 },
  ]);
});
