/** Stubs of interfaces that no toolchain made: resources, handles in every place, random numbers, what cannot be met. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { componentWit } from "@bytecodealliance/jco";
import { compileComponent } from "../../src/component/engine.ts";
import type { ExportedFunction } from "../../src/component/exported.ts";
import { virtualize, type VirtualizeOptions } from "../../src/virtualize/virtualize.ts";
import { VirtualizeError } from "../../src/virtualize/virtualize_error.ts";
import { LIBC, OPTIONS, wat } from "../engine/wat.ts";

async function instantiate(
  text: string,
  options: VirtualizeOptions,
  imports: object = {},
): Promise<Record<string, unknown>> {
  const { bytes } = virtualize(await wat(text), options);
  await componentWit(bytes);
  const component = await compileComponent(bytes, { suspending: new Set() });
  const { exports } = await component.instantiate(imports as never);
  return exports;
}

const call = async (exports: Record<string, unknown>, name: string, ...args: unknown[]): Promise<unknown> =>
  await (exports[name] as ExportedFunction)(...args);

/** Passes its calls on to the import. */
const RANDOM = `
  (import "wasi:random/random@0.2.9" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))
    (export "get-random-u64" (func (result u64)))))
  (import "wasi:random/insecure-seed@0.2.0" (instance $seed (export "insecure-seed" (func (result (tuple u64 u64))))))
  ${LIBC}
  (core func $bytes (canon lower (func $random "get-random-bytes") ${OPTIONS}))
  (core func $u64 (canon lower (func $random "get-random-u64")))
  (core func $pair (canon lower (func $seed "insecure-seed") ${OPTIONS}))
  (core module $M
    (import "i" "bytes" (func $bytes (param i64 i32)))
    (import "i" "u64" (func $u64 (result i64)))
    (import "i" "pair" (func $pair (param i32)))
    (func (export "bytes") (param i64) (result i32) (call $bytes (local.get 0) (i32.const 64)) (i32.const 64))
    (func (export "u64") (result i64) (call $u64))
    (func (export "pair") (result i32) (call $pair (i32.const 64)) (i32.const 64)))
  (core instance $m (instantiate $M (with "i" (instance
    (export "bytes" (func $bytes)) (export "u64" (func $u64)) (export "pair" (func $pair))))))
  (func (export "bytes") (param "len" u64) (result (list u8)) (canon lift (core func $m "bytes") ${OPTIONS}))
  (func (export "number") (result u64) (canon lift (core func $m "u64")))
  (func (export "pair") (result (tuple u64 u64)) (canon lift (core func $m "pair") ${OPTIONS}))`;

/** splitmix64, written a second time. */
function splitmix(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
}

test("virtualize: a seed gives the numbers of its generator, in every form", async () => {
  for (const randomSeed of [0n, 7n, 0xffff_ffff_ffff_ffffn]) {
    const exports = await instantiate(RANDOM, { deny: [], randomSeed });
    const next = splitmix(randomSeed);
    assert.equal(await call(exports, "number"), next());
    const bytes = await call(exports, "bytes", 70_000n) as Uint8Array;
    assert.deepEqual(bytes, Uint8Array.from({ length: 70_000 }, () => Number(next() >> 56n)));
    assert.equal(await call(exports, "number"), next());
    assert.deepEqual(await call(exports, "bytes", 0n), new Uint8Array());
    const other = splitmix(randomSeed);
    assert.deepEqual(await call(exports, "pair"), [other(), other()]);
  }
});

test("virtualize: more random bytes than a memory has are a trap, and so is every denied one", async () => {
  for (const length of [0x8000_0000n, 0xffff_ffffn, 0xffff_ffff_ffff_ffffn]) {
    const exports = await instantiate(RANDOM, { deny: [], randomSeed: 1n });
    await assert.rejects(call(exports, "bytes", length), WebAssembly.RuntimeError);
  }
  const denied = await instantiate(RANDOM, { deny: ["random"] });
  await assert.rejects(call(denied, "number"), WebAssembly.RuntimeError);
});

/** An interface whose functions take handles of another one in every place where the core values show them. */
const HANDLES = `
  (import "a:b/keys" (instance $keys (export "key" (type (sub resource))) (export "[constructor]key" (func (result (own 0))))))
  (alias export $keys "key" (type $key))
  (import "a:b/locks" (instance $locks
    (alias outer 1 $key (type $k))
    (export "key" (type $key2 (eq $k)))
    (export "lock" (type $lock (sub resource)))
    (type $pick' (variant (case "none") (case "key" (own $key2)) (case "number" u64)))
    (export "pick" (type $pick (eq $pick')))
    (export "[constructor]lock" (func (result (own $lock))))
    (export "[method]lock.open" (func (param "self" (borrow $lock)) (param "key" (borrow $key2)) (result (result (error string)))))
    (export "take" (func (param "key" (own $key2)) (param "maybe" (option (own $key2))) (param "pick" $pick) (result bool)))))
  (core func $new-key (canon lower (func $keys "[constructor]key")))
  (core func $new-lock (canon lower (func $locks "[constructor]lock")))
  ${LIBC}
  (core func $open (canon lower (func $locks "[method]lock.open") ${OPTIONS}))
  (core func $take (canon lower (func $locks "take")))
  (core func $drop-key (canon resource.drop $key))
  (alias export $locks "lock" (type $lock))
  (core func $drop-lock (canon resource.drop $lock))
  (core module $M
    (import "i" "new-key" (func $new-key (result i32)))
    (import "i" "new-lock" (func $new-lock (result i32)))
    (import "i" "open" (func $open (param i32 i32 i32)))
    (import "i" "take" (func $take (param i32 i32 i32 i32 i64) (result i32)))
    (import "i" "drop-key" (func $drop-key (param i32)))
    (import "i" "drop-lock" (func $drop-lock (param i32)))
    (import "i" "memory" (memory 1))
    (func (export "open") (result i32) (local $lock i32) (local $key i32)
      (local.set $lock (call $new-lock)) (local.set $key (call $new-key))
      (call $open (local.get $lock) (local.get $key) (i32.const 64))
      (call $drop-lock (local.get $lock))
      (call $drop-key (local.get $key))
      (i32.load8_u (i32.const 64)))
    (func (export "take") (param $some i32) (param $case i32) (result i32)
      (call $take (call $new-key) (local.get $some)
        (if (result i32) (local.get $some) (then (call $new-key)) (else (i32.const 0)))
        (local.get $case)
        (if (result i64) (i32.eq (local.get $case) (i32.const 1))
          (then (i64.extend_i32_u (call $new-key))) (else (i64.const -1))))))
  (core instance $m (instantiate $M (with "i" (instance
    (export "new-key" (func $new-key)) (export "new-lock" (func $new-lock)) (export "open" (func $open)) (export "take" (func $take))
    (export "drop-key" (func $drop-key)) (export "drop-lock" (func $drop-lock)) (export "memory" (memory $memory))))))
  (func (export "open") (result u32) (canon lift (core func $m "open")))
  (func (export "take") (param "some" u32) (param "case" u32) (result bool) (canon lift (core func $m "take")))`;

test("virtualize: a stub lets go of every handle that it is given, owned or borrowed", async () => {
  let [made, disposed] = [0, 0];
  class Key {
    constructor() {
      made++;
    }
    [Symbol.dispose](): void {
      disposed++;
    }
  }
  const exports = await instantiate(HANDLES, { deny: ["a:b/locks"] }, { "a:b/keys": { Key } });
  assert.equal(await call(exports, "open"), 1, "it is an error");
  for (const [some, which] of [[0, 0], [1, 0], [0, 1], [1, 1], [1, 2]] as const) {
    assert.equal(await call(exports, "take", some, which), false);
  }
  assert.deepEqual([made, disposed], [1 + 1 + 2 + 2 + 3 + 2, made]);
});

test("virtualize: both interfaces are met, and the stub of one uses the resource of the other's stub", async () => {
  const exports = await instantiate(HANDLES, { deny: ["a:b/keys", "a:b/locks"] });
  assert.equal(await call(exports, "open"), 1);
  assert.equal(await call(exports, "take", 1, 1), false);
});

/** As much of wasi:http as a command needs to send a request. */
const HTTP = `
  (import "wasi:http/types@0.2.3" (instance $types
    (export "fields" (type $fields (sub resource)))
    (export "outgoing-request" (type $request (sub resource)))
    (export "outgoing-body" (type $body (sub resource)))
    (export "request-options" (type $options (sub resource)))
    (export "future-incoming-response" (type $future (sub resource)))
    (type $header-error' (variant (case "invalid-syntax") (case "forbidden")))
    (export "header-error" (type $header-error (eq $header-error')))
    (type $error-code' (variant (case "DNS-timeout") (case "connection-refused") (case "HTTP-request-denied") (case "internal-error" (option string))))
    (export "error-code" (type (eq $error-code')))
    (export "[static]fields.from-list" (func (param "entries" (list (tuple string (list u8)))) (result (result (own $fields) (error $header-error)))))
    (export "[constructor]outgoing-request" (func (param "headers" (own $fields)) (result (own $request))))
    (export "[method]outgoing-request.set-authority" (func (param "self" (borrow $request)) (param "authority" (option string)) (result (result))))
    (export "[method]outgoing-request.body" (func (param "self" (borrow $request)) (result (result (own $body)))))))
  (alias export $types "outgoing-request" (type $request))
  (alias export $types "outgoing-body" (type $body))
  (alias export $types "request-options" (type $options))
  (alias export $types "future-incoming-response" (type $future))
  (alias export $types "error-code" (type $error-code))
  (import "wasi:http/outgoing-handler@0.2.3" (instance $handler
    (alias outer 1 $request (type $r)) (export "outgoing-request" (type $request' (eq $r)))
    (alias outer 1 $options (type $o)) (export "request-options" (type $options' (eq $o)))
    (alias outer 1 $future (type $f)) (export "future-incoming-response" (type $future' (eq $f)))
    (alias outer 1 $error-code (type $e)) (export "error-code" (type $error-code' (eq $e)))
    (export "handle" (func (param "request" (own $request')) (param "options" (option (own $options')))
      (result (result (own $future') (error $error-code')))))))
  ${LIBC}
  (core func $from-list (canon lower (func $types "[static]fields.from-list") ${OPTIONS}))
  (core func $new (canon lower (func $types "[constructor]outgoing-request")))
  (core func $set (canon lower (func $types "[method]outgoing-request.set-authority") ${OPTIONS}))
  (core func $body (canon lower (func $types "[method]outgoing-request.body") ${OPTIONS}))
  (core func $handle (canon lower (func $handler "handle") ${OPTIONS}))
  (core func $drop-body (canon resource.drop $body))
  (core module $M
    (import "i" "from-list" (func $from-list (param i32 i32 i32)))
    (import "i" "new" (func $new (param i32) (result i32)))
    (import "i" "set" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "i" "body" (func $body (param i32 i32)))
    (import "i" "handle" (func $handle (param i32 i32 i32 i32)))
    (import "i" "drop-body" (func $drop-body (param i32)))
    (import "i" "memory" (memory 1))
    (func (export "send") (result i32) (local $request i32)
      (call $from-list (i32.const 0) (i32.const 0) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 100))))
      (local.set $request (call $new (i32.load (i32.const 68))))
      (if (call $set (local.get $request) (i32.const 1) (i32.const 64) (i32.const 4)) (then (return (i32.const 101))))
      (call $body (local.get $request) (i32.const 80))
      (if (i32.load8_u (i32.const 80)) (then (return (i32.const 102))))
      (call $drop-body (i32.load (i32.const 84)))
      (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 96))
      (if (i32.eqz (i32.load8_u (i32.const 96))) (then (return (i32.const 103))))
      (i32.load8_u (i32.const 100))))
  (core instance $m (instantiate $M (with "i" (instance
    (export "from-list" (func $from-list)) (export "new" (func $new)) (export "set" (func $set)) (export "body" (func $body))
    (export "handle" (func $handle)) (export "drop-body" (func $drop-body)) (export "memory" (memory $memory))))))
  (func (export "send") (result u32) (canon lift (core func $m "send")))`;

test("virtualize: a command puts a request together, and is denied when it sends it", async () => {
  const exports = await instantiate(HTTP, { deny: ["http"] });
  // The third case of the error code: more often than there is room for handles that stay.
  for (let request = 0; request < 1000; request++) assert.equal(await call(exports, "send"), 2);
});

const REFUSED: readonly {
  readonly name: string;
  readonly text: string;
  readonly deny: readonly string[];
  readonly message: RegExp;
}[] = [
  {
    name: "an import that stays uses a resource of what is denied",
    text: HANDLES,
    deny: ["a:b/keys"],
    message: /Cannot deny a:b\/keys: the import a:b\/locks, which stays, uses its types; deny a:b\/locks as well/,
  },
  {
    name: "nothing of it is imported",
    text: HANDLES,
    deny: ["http"],
    message: /imports nothing of it.*a:b\/keys, a:b\/locks/,
  },
  { name: "no such word", text: HANDLES, deny: ["socket"], message: /did you mean "sockets"\?/ },
  {
    name: "an interface with its version",
    text: HANDLES,
    deny: ["wasi:cli/exit@0.2.0"],
    message: /without its version/,
  },
  { name: "what every host has", text: HANDLES, deny: ["wasi:io/poll"], message: /every host offers it/ },
  {
    name: "an export uses its types",
    text: `
      (import "a:b/keys" (instance $keys (export "key" (type (sub resource)))))
      (alias export $keys "key" (type $key))
      (core func $drop (canon resource.drop $key))
      (func (export "take") (param "key" (own $key)) (canon lift (core func $drop)))`,
    deny: ["a:b/keys"],
    message: /an export of the component uses its types/,
  },
];

for (const { name, text, deny, message } of REFUSED) {
  test(`virtualize: refused: ${name}`, async () => {
    const bytes = await wat(text);
    assert.throws(() => virtualize(bytes, { deny }), (error: unknown) => {
      assert.ok(error instanceof VirtualizeError);
      assert.match(error.message, message);
      return true;
    });
  });
}
