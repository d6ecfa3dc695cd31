import assert from "node:assert/strict";
import { test } from "node:test";
import { bareName, camelCase, parseFunctionName, pascalCase, versionLine } from "./js_names.ts";

const NAMES = [
  ["a", "a", "A"],
  ["input-stream", "inputStream", "InputStream"],
  ["get-HTTP-status", "getHttpStatus", "GetHttpStatus"],
  ["HTTP", "http", "Http"],
  ["http2-a1-b", "http2A1B", "Http2A1B"],
  ["constructor", "constructor", "Constructor"],
] as const;
for (const [label, camel, pascal] of NAMES) {
  test(`names: ${label}`, () => assert.deepEqual([camelCase(label), pascalCase(label)], [camel, pascal]));
}

test("parseFunctionName: plain functions and members", () => {
  assert.deepEqual(parseFunctionName("poll"), { kind: "plain", name: "poll" });
  assert.deepEqual(parseFunctionName("[constructor]fields"), { kind: "constructor", resource: "fields" });
  assert.deepEqual(parseFunctionName("[method]pollable.block"), {
    kind: "method",
    resource: "pollable",
    name: "block",
  });
  assert.deepEqual(parseFunctionName("[static]fields.from-list"), {
    kind: "static",
    resource: "fields",
    name: "from-list",
  });
});

const VERSIONS = [
  ["wasi:io/poll@0.2.9", "wasi:io/poll", "0.2"],
  ["wasi:io/poll@0.2.0", "wasi:io/poll", "0.2"],
  ["wasi:io/poll@0.3.0", "wasi:io/poll", "0.3"],
  ["a:b/c@1.4.0", "a:b/c", "1"],
  ["wasi:io/poll@0.2.0-rc-2023-11-10", "wasi:io/poll", null],
  ["wasi:io/poll", "wasi:io/poll", null],
] as const;
for (const [name, bare, line] of VERSIONS) {
  test(`versions: ${name}`, () => assert.deepEqual([bareName(name), versionLine(name)], [bare, line]));
}
