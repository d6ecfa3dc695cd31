/** A guest that declares imports with types of its own never runs: host functions trust their arguments. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopgateError } from "../../src/base/errors.ts";
import { runCommand } from "../../src/gateway/run_command.ts";
import { wat } from "../engine/wat.ts";
import { memoryFiles, startTestGateway } from "../support/gateway_harness.ts";

/** Were it run, its socket would compare an address of strings with no range, and connect to it. */
const LIAR = `
  (import "wasi:sockets/network@0.2.0" (instance $n (export "network" (type (sub resource)))))
  (alias export $n "network" (type $network))
  (import "wasi:sockets/tcp@0.2.0" (instance (alias outer 1 $network (type $n0)) (export "network" (type $n (eq $n0)))
    (export "tcp-socket" (type $s (sub resource)))
    (type $v4 (record (field "port" string) (field "address" (tuple string string string string))))
    (export "lie" (type $lie (eq $v4))) (type $either (variant (case "ipv4" $lie))) (export "either" (type $e (eq $either)))
    (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $s)) (param "network" (borrow $n))
      (param "remote-address" $e) (result (result (error string)))))))`;

const HANDLER = `${LIAR}
  (import "wasi:http/types@0.2.0" (instance $http (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $http "incoming-request" (type $request)) (alias export $http "response-outparam" (type $out))
  (core module $M (func (export "handle") (param i32 i32)))
  (core instance $m (instantiate $M))
  (func $handle (param "request" (own $request)) (param "response-out" (own $out)) (canon lift (core func $m "handle")))
  (component $Shape (import "request" (type $r (sub resource))) (import "out" (type $o (sub resource)))
    (import "handle" (func $h (param "request" (own $r)) (param "response-out" (own $o)))) (export "handle" (func $h)))
  (instance $shape (instantiate $Shape (with "request" (type $request)) (with "out" (type $out)) (with "handle" (func $handle))))
  (export "wasi:http/incoming-handler@0.2.0" (instance $shape))`;

const COMMAND = `${LIAR}
  (core module $M (func (export "run") (result i32) (i32.const 0)))
  (core instance $m (instantiate $M))
  (func $run (result (result)) (canon lift (core func $m "run")))
  (component $Shape (import "run" (func $r (result (result)))) (export "run" (func $r)))
  (instance $shape (instantiate $Shape (with "run" (func $run))))
  (export "wasi:cli/run@0.2.0" (instance $shape))`;

const FAULT =
  /it imports "wasi:sockets\/tcp@0\.2\.0#\[method\]tcp-socket\.start-connect" as .*tuple<string, .*, expected .*tuple<u8, /;

test("a gateway does not start with a handler that declares other types", async () => {
  const started = startTestGateway({
    "shop/all.route.jsonc": { match: { path: "/*" }, component: "guest.wasm" },
    "shop/guest.wasm": await wat(HANDLER),
  });
  await assert.rejects(started, (error) => {
    assert.ok(error instanceof LoopgateError && error.code === "ERR_CONFIG");
    assert.deepEqual(error.diagnostics.map(({ file, message }) => [file, FAULT.test(message)]), [
      ["w/shop/all.route.jsonc", true],
    ]);
    return true;
  });
});

test("a command that declares other types is not run", async () => {
  const files = memoryFiles({ "guest.wasm": await wat(COMMAND) });
  const refused = runCommand({ component: "w/guest.wasm", env: [], args: [], stdout() {}, stderr() {}, files });
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof LoopgateError && error.code === "ERR_COMPONENT");
    assert.match(error.message, FAULT);
    return true;
  });
});
